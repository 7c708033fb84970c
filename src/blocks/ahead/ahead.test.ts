import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../base/index.ts';
import { AHEAD_SLOTS, AHEAD_STEP_WIDTH, AHEAD_STEPS, type AheadQuestion, MAX_AHEAD } from '../questions.ts';
import { WASTE_SHARE, WasteBudget, WINDOW } from './budget.ts';
import { aheadRule, bestSlots, isAheadAnswer, slotAt, withSlot } from './choice.ts';
import { AheadEngine, type AskAhead, floorAt } from './engine.ts';
import { RunningPrecision } from './precision.ts';
import { SUCCESSORS, Successors } from './successors.ts';

const questionOf = (chances: readonly number[], limit = MAX_AHEAD, floor = 0.2): AheadQuestion => ({
  chances: Float64Array.from({ length: AHEAD_SLOTS }, (_, slot) => chances[slot] ?? 0),
  ...{ limit, floor, steps: new Float64Array(AHEAD_STEPS * AHEAD_STEP_WIDTH) },
});

const slotsOf = (answer: number): number[] =>
  Array.from({ length: MAX_AHEAD }, (_, rank) => slotAt(answer, rank)).filter((slot) => slot !== -1);

test('an answer names slots in order, and only what may be read is legal', () => {
  const question = questionOf([0.3, 0, 0.9, 0.5]);
  assert.deepEqual(slotsOf(aheadRule(question)), [2, 3, 0]);
  assert.deepEqual(slotsOf(aheadRule({ ...question, floor: 0.5 })), [2, 3]);
  assert.deepEqual(slotsOf(aheadRule({ ...question, limit: 1 })), [2]);
  assert.equal(aheadRule({ ...question, limit: 0 }), 0);
  const twice = withSlot(withSlot(0, 0, 2), 1, 2);
  const gap = withSlot(0, 1, 2);
  const empty = withSlot(0, 0, 1);
  for (const wrong of [twice, gap, empty, -1, 0.5, Number.NaN, 1e300, '3', true, null, undefined, []]) {
    assert.equal(isAheadAnswer(wrong, question), false, String(wrong));
  }
  assert.equal(isAheadAnswer(withSlot(withSlot(0, 0, 0), 1, 3), { ...question, limit: 1 }), false);
  assert.equal(bestSlots(new Float64Array(AHEAD_SLOTS).fill(Number.NaN), question), 0);
});

test('whatever the scores, the best slots are a legal answer', () => {
  const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: AHEAD_SLOTS,
    maxLength: AHEAD_SLOTS,
  });
  fc.assert(
    fc.property(values, values, fc.nat(MAX_AHEAD), (chances, scores, limit) => {
      const question = questionOf(chances, limit, 0.1);
      const answer = bestSlots(scores, question);
      assert.ok(isAheadAnswer(answer, question));
      const slots = slotsOf(answer);
      assert.deepEqual(
        slots.map((slot) => scores[slot] as number),
        slots.map((slot) => scores[slot] as number).sort((a, b) => b - a),
      );
    }),
  );
});

test('whatever is issued within the budget, no window and no run wastes more than its share', () => {
  const rng = new FastRng(7);
  const budget = new WasteBudget();
  const wasted: number[] = [];
  let pending = 0;
  for (let at = 1; at <= 4 * WINDOW; at += 1) {
    budget.demand();
    // Quiet half of the time, then everything at once: what was saved up must not be spent in one window.
    const isGreedy = Math.floor(at / WINDOW) % 2 === 1;
    for (let left = budget.left; isGreedy && left > 0; left -= 1) {
      budget.issued();
      pending += 1;
    }
    let lost = 0;
    for (let i = pending; i > 0; i -= 1) {
      const lot = rng.below(50);
      if (lot > 1) continue;
      pending -= 1;
      if (lot === 0) budget.used();
      else {
        budget.waste();
        lost += 1;
      }
    }
    wasted.push((wasted.at(-1) ?? 0) + lost);
    const total = wasted.at(-1) ?? 0;
    assert.ok(total <= Math.max(8, WASTE_SHARE * at), `${total} of ${at}`);
    assert.ok(total - (wasted[at - 1 - WINDOW] ?? 0) <= WASTE_SHARE * WINDOW);
  }
  assert.ok((wasted.at(-1) ?? 0) > 0.02 * wasted.length, 'the budget is there to be used');
});

test('the more of the budget is gone, the surer a block must be', () => {
  assert.equal(floorAt(0, 1e12).toFixed(6), '0.200000');
  assert.equal(floorAt(0.3, 1e12).toFixed(6), '0.200000');
  assert.ok(floorAt(0.5, 1e9) > 0.2 && floorAt(0.9, 1e9) > floorAt(0.5, 1e9));
  assert.ok(Math.abs(floorAt(1, 1e9) - 0.9) < 1e-6);
  assert.ok(floorAt(0, 4) > floorAt(0, 40), 'in a small cache it must be surer');
  assert.ok(floorAt(0, 1) < 1 && floorAt(1, 1) === 1);
});

test('successors are the latest distinct ones, most recent first, with how often they came', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(8), { maxLength: 60 }), (keys) => {
      const table = new Successors(2);
      for (const key of keys) table.observe(1, key);
      const latest = [...new Set([...keys].reverse())].slice(0, SUCCESSORS);
      const row = [...table.keys.subarray(SUCCESSORS, 2 * SUCCESSORS)];
      assert.deepEqual(
        row,
        Array.from({ length: SUCCESSORS }, (_, i) => latest[i] ?? -1),
      );
      assert.deepEqual([...table.keys.subarray(0, SUCCESSORS)], [-1, -1, -1, -1, -1]);
      if (latest[0] !== undefined) assert.ok((table.counts[SUCCESSORS] as number) >= 1);
    }),
  );
  const table = new Successors(1);
  for (let i = 0; i < 1000; i += 1) table.observe(0, 3);
  assert.ok(
    (table.visits[0] as number) >= 127 && (table.counts[0] as number) >= 127,
    'counts are halved together',
  );
  table.clear(0);
  assert.deepEqual([table.keys[0], table.counts[0], table.visits[0]], [-1, 0, 0]);
});

/** Runs keys through an engine beside a cache of the latest `cacheBlocks`, and counts what it read in vain. */
function run(keys: readonly number[], ask?: AskAhead): { hits: number; read: number; answers: string } {
  const cacheBlocks = 16;
  const cached = new Map<number, 'asked' | 'ahead'>();
  let engine: AheadEngine | undefined;
  const put = (key: number, how: 'asked' | 'ahead'): void => {
    cached.delete(key);
    cached.set(key, how);
    const [oldest] = cached;
    if (cached.size <= cacheBlocks || oldest === undefined) return;
    cached.delete(oldest[0]);
    if (oldest[1] === 'ahead') engine?.wasted(oldest[0]);
  };
  engine = new AheadEngine({
    ...{ keys: 1000, cacheBlocks, next: (key) => key + 1, has: (key) => cached.has(key) },
    ...(ask === undefined ? {} : { ask }),
  });
  let [hits, read] = [0, 0];
  const answers: number[] = [];
  for (const key of keys) {
    const found = cached.get(key);
    if (found !== undefined) hits += 1;
    if (found === 'ahead') engine.used(key);
    put(key, 'asked');
    engine.accessed(key, []);
    const issued = [...engine.keys.subarray(0, engine.count)];
    answers.push(...issued);
    for (const ahead of issued) put(ahead, 'ahead');
    read += issued.length;
  }
  return { hits: hits / keys.length, read: read / keys.length, answers: answers.join() };
}

const scrambled = (length: number, period: number): number[] =>
  Array.from({ length }, (_, i) => (((i % period) * 37) % 101) * 7);

test('a scan and a loop that no cache holds are read ahead; what is random is left alone', () => {
  const scan = Array.from({ length: 900 }, (_, i) => i);
  assert.ok(run(scan).hits > 0.95);
  const rng = new FastRng(3);
  const among = run(Array.from({ length: 6400 }, (_, i) => (i % 8 === 0 ? i >> 3 : 850 + 2 * rng.below(70))));
  const without = run(Array.from({ length: 6400 }, (_, i) => (i % 8 === 0 ? 0 : 850 + 2 * rng.below(70))));
  assert.ok(among.hits > 0.9 * without.hits, `a scan among others: ${among.hits}`);
  const loop = run(scrambled(3000, 100));
  assert.ok(loop.hits > 0.85, `${loop.hits}`);
  const random = run(Array.from({ length: 3000 }, () => rng.below(900)));
  assert.ok(random.read < 0.02, `${random.read}`);
});

test('an adviser that throws or answers nonsense is as none; one that says nothing reads nothing', () => {
  const keys = scrambled(1500, 100);
  const { answers } = run(keys);
  assert.equal(run(keys).answers, answers, 'same calls, same answers');
  const throwing = (): number => {
    throw new RangeError('ill');
  };
  assert.equal(run(keys, throwing).answers, answers);
  for (const nonsense of [Number.NaN, -1, 1e9, undefined]) {
    assert.equal(run(keys, () => nonsense).answers, answers);
  }
  assert.equal(run(keys, () => 0).read, 0);
});

test('an adviser that changes the question gets no more by it', () => {
  const keys = scrambled(1500, 100);
  const { answers, read } = run(keys);
  const greedy = run(keys, (question) => {
    question.chances.fill(1);
    question.steps.fill(Number.NaN);
    Object.assign(question, { limit: MAX_AHEAD, floor: 0 });
    return withSlot(withSlot(0, 0, 0), 1, AHEAD_SLOTS - 1);
  });
  assert.ok(!greedy.answers.split(',').includes('-1') && greedy.read <= Math.max(1, 2 * read));
  const spoiling: AskAhead[] = [
    (question) => Object.freeze(question).limit + 1e9,
    (question) => (Reflect.set(question, 'chances', null) ? 1e9 : 0),
  ];
  for (const ask of spoiling) assert.equal(run(keys, ask).answers, answers);
});

test('what became of blocks that were read outweighs what would have become of them', () => {
  const latest = new Float64Array(4).fill(-1);
  const followed = (wasAsked: boolean): RunningPrecision => {
    const precision = new RunningPrecision(1, 2, () => 0.1);
    for (let now = 1; now <= 300; now += 1) {
      precision.follow(0, 0, now);
      if (wasAsked) latest[0] = now + 1;
      precision.settle(now, latest);
    }
    return precision;
  };
  const doubted = followed(false);
  assert.ok(doubted.of(0) < 0.2, 'without use the benefit of the doubt ends');
  for (let i = 0; i < 10; i += 1) doubted.became(0, true);
  assert.ok(doubted.of(0) > 0.35, 'the cache keeps blocks longer than they were waited for');
  const trusted = followed(true);
  assert.ok(trusted.of(0) > 0.9);
  for (let i = 0; i < 100; i += 1) trusted.became(0, false);
  assert.ok(trusted.of(0) < 0.25, 'the cache evicts blocks before they are asked for');
});
