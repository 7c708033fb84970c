import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Dated, type RetentionRules, snapshotsToKeep } from './retention.ts';

const RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

interface Named extends Dated {
  readonly name: string;
}

/** Snapshots at these times (UTC), named by their time; after a `#` their tags. */
const snapshots = (...times: string[]): Named[] =>
  times.map((text) => {
    const [name = '', ...tags] = text.split('#');
    return { name, timeMs: Date.parse(name.includes('T') ? `${name}Z` : name), tags };
  });
const keeps = (rules: RetentionRules, ...times: string[]): string[] =>
  [...snapshotsToKeep(snapshots(...times), rules)].map(({ name }) => name).sort();

const TABLE: Record<string, { rules: RetentionRules; all: string[]; kept: string[] }> = {
  'no rule keeps nothing': { rules: {}, all: ['2026-01-01'], kept: [] },
  'no rule of 0 keeps anything': {
    rules: { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, tags: [] },
    all: ['2026-01-01'],
    kept: [],
  },
  'the newest two': {
    rules: { last: 2 },
    all: ['2026-01-01', '2026-01-03', '2026-01-02'],
    kept: ['2026-01-02', '2026-01-03'],
  },
  'the newest of each hour': {
    rules: { hourly: 2 },
    all: ['2026-01-01T09:10', '2026-01-01T10:00', '2026-01-01T10:59', '2026-01-01T11:00'],
    kept: ['2026-01-01T10:59', '2026-01-01T11:00'],
  },
  'hours without any do not count': {
    rules: { hourly: 2 },
    all: ['2025-01-01T09:10', '2026-01-01T10:00'],
    kept: ['2025-01-01T09:10', '2026-01-01T10:00'],
  },
  'a day ends at midnight UTC': {
    rules: { daily: 2 },
    all: ['2026-02-28T23:59:59.999', '2026-03-01T00:00', '2026-03-01T23:59:59.999'],
    kept: ['2026-02-28T23:59:59.999', '2026-03-01T23:59:59.999'],
  },
  'a week begins on Monday': {
    // 2026-11-22 is a Sunday.
    rules: { weekly: 2 },
    all: ['2026-11-16', '2026-11-22T23:59:59.999', '2026-11-23', '2026-11-29'],
    kept: ['2026-11-22T23:59:59.999', '2026-11-29'],
  },
  'a week may span two years': {
    // 2026-12-28 is a Monday, 2027-01-03 the Sunday of the same week.
    rules: { weekly: 2 },
    all: ['2026-12-27', '2026-12-28', '2027-01-03'],
    kept: ['2026-12-27', '2027-01-03'],
  },
  'weeks before 1970': {
    rules: { weekly: 2 },
    all: ['1969-12-28', '1969-12-29', '1970-01-01'],
    kept: ['1969-12-28', '1970-01-01'],
  },
  'a month of a leap year': {
    rules: { monthly: 2 },
    all: ['2028-01-31', '2028-02-29T23:59:59', '2028-03-01', '2028-02-28'],
    kept: ['2028-02-29T23:59:59', '2028-03-01'],
  },
  'the same month of another year is another': {
    rules: { monthly: 3 },
    all: ['2025-01-05', '2026-01-05'],
    kept: ['2025-01-05', '2026-01-05'],
  },
  'the newest of each year': {
    rules: { yearly: 2 },
    all: ['2024-12-31', '2025-12-31', '2026-01-01', '2026-11-20'],
    kept: ['2025-12-31', '2026-11-20'],
  },
  'rules add up': {
    rules: { last: 1, daily: 2, yearly: 2 },
    all: ['2025-06-01', '2026-11-18', '2026-11-19T01:00', '2026-11-19T02:00', '2026-11-20'],
    kept: ['2025-06-01', '2026-11-19T02:00', '2026-11-20'],
  },
  'any of the tags': {
    rules: { tags: ['release', 'gold'] },
    all: ['2026-01-01#release', '2026-01-02#nightly', '2026-01-03#nightly#gold', '2026-01-04'],
    kept: ['2026-01-01', '2026-01-03'],
  },
  'tagged ones use up no number': {
    rules: { last: 1, tags: ['gold'] },
    all: ['2026-01-01', '2026-01-02#gold', '2026-01-03'],
    kept: ['2026-01-02', '2026-01-03'],
  },
  'more than there are': { rules: { last: 99, yearly: 99 }, all: ['2026-01-01'], kept: ['2026-01-01'] },
};

for (const [what, { rules, all, kept }] of Object.entries(TABLE)) {
  test(what, () => {
    assert.deepEqual(keeps(rules, ...all), kept);
    assert.deepEqual(keeps(rules, ...all.toReversed()), kept, 'in any order');
  });
}

const HOUR_MS = 3_600_000;
const TAGS = ['a', 'b', 'c'];
const anyTime = fc.integer({ min: 0, max: 3 * 366 * 24 }).map((hours) => Date.UTC(2025, 0) + hours * HOUR_MS);
const anySnapshots = fc.array(
  fc.record({ timeMs: anyTime, tags: fc.subarray(TAGS, { maxLength: 1 }), name: fc.constant('') }),
  { maxLength: 40 },
);
const anyCount = fc.integer({ min: 0, max: 6 });
const anyRules = fc.record(
  {
    last: anyCount,
    hourly: anyCount,
    daily: anyCount,
    weekly: anyCount,
    monthly: anyCount,
    yearly: anyCount,
    tags: fc.subarray(TAGS, { maxLength: 1 }),
  },
  { requiredKeys: [] },
);

function law(what: string, holds: (all: Named[], rules: RetentionRules) => void): void {
  test(what, () => {
    fc.assert(fc.property(anySnapshots, anyRules, holds), { seed: 1, numRuns: 300 });
  });
}

law('what several rules keep is what each of them keeps', (all, rules) => {
  const each = RULES.flatMap((rule) => [...snapshotsToKeep(all, { [rule]: rules[rule] ?? 0 })]);
  const tagged = snapshotsToKeep(all, { tags: rules.tags ?? [] });
  assert.deepEqual(snapshotsToKeep(all, rules), new Set([...each, ...tagged]).intersection(new Set(all)));
});

law('what was kept is kept again', (all, rules) => {
  const kept = snapshotsToKeep(all, rules);
  assert.deepEqual(snapshotsToKeep([...kept], rules), kept);
});

law('any rule that counts keeps a newest one', (all, rules) => {
  const counts = RULES.some((rule) => (rules[rule] ?? 0) > 0);
  if (!counts || all.length === 0) return;
  const newest = Math.max(...all.map(({ timeMs }) => timeMs));
  assert.ok([...snapshotsToKeep(all, rules)].some(({ timeMs }) => timeMs === newest));
});

law('the order they come in does not matter', (all, rules) => {
  // Of two of one moment either may stay: compare moments.
  const momentsOf = (list: readonly Named[]): number[] =>
    [...snapshotsToKeep(list, { ...rules, tags: [] })].map(({ timeMs }) => timeMs).sort();
  const byTime = all.toSorted((a, b) => a.timeMs - b.timeMs);
  assert.deepEqual(momentsOf(byTime), momentsOf(all));
  assert.deepEqual(momentsOf(byTime.toReversed()), momentsOf(all));
});

law('a rule keeps no more than its number, and that many where there are enough', (all, rules) => {
  for (const rule of RULES) {
    const kept = snapshotsToKeep(all, { [rule]: rules[rule] ?? 0 }).size;
    const most = snapshotsToKeep(all, { [rule]: 1000 }).size;
    assert.equal(kept, Math.min(rules[rule] ?? 0, most), rule);
  }
});

law('a larger number keeps what a smaller one does', (all, rules) => {
  const more = Object.fromEntries(RULES.map((rule) => [rule, (rules[rule] ?? 0) + 1]));
  assert.ok(snapshotsToKeep(all, { ...rules, ...more }).isSupersetOf(snapshotsToKeep(all, rules)));
});

law('one that is not kept makes way for others only when it is added, not when it is gone', (all, rules) => {
  const kept = snapshotsToKeep(all, rules);
  const gone = all.find((snapshot) => !kept.has(snapshot));
  assert.deepEqual(
    snapshotsToKeep(
      all.filter((snapshot) => snapshot !== gone),
      rules,
    ),
    kept,
  );
});
