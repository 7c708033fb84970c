import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import type { Snapshot } from '../../contract/index.ts';
import { heapChange } from '../../kernels/testing/heap-change.ts';
import { Adwin } from './adwin.ts';
import { Ddm } from './ddm.ts';
import type { ChangeDetector } from './detector.ts';
import { Eddm } from './eddm.ts';
import { HddmA } from './hddm-a.ts';
import { HddmW } from './hddm-w.ts';
import { Kswin } from './kswin.ts';
import { PageHinkley } from './page-hinkley.ts';

const classes = {
  adwin: Adwin,
  'page-hinkley': PageHinkley,
  kswin: Kswin,
  ddm: Ddm,
  eddm: Eddm,
  'hddm-a': HddmA,
  'hddm-w': HddmW,
} as const;
type Name = keyof typeof classes;
const names = Object.keys(classes) as readonly Name[];
const make = (name: Name, options: object = {}): ChangeDetector => new classes[name](options);
const restore = (name: Name, snapshot: Snapshot): ChangeDetector => classes[name].restore(snapshot);
const isSuspicious = (detector: ChangeDetector): boolean => 'isWarning' in detector && !!detector.isWarning;

type Case = {
  readonly detector: Name;
  readonly options: object;
  readonly stream: string;
  readonly changes: readonly number[];
  readonly warnings: readonly [number, number];
  readonly window?: readonly [number, number];
};

const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/detectors.json', import.meta.url), 'utf8'),
) as { streams: Record<string, number[]>; cases: Case[] };

const changesOf = (detector: ChangeDetector, values: readonly number[]): number[] =>
  values.flatMap((value, i) => (detector.update(value) ? [i] : []));

describe("River's detections, to the value", () => {
  for (const name of names) {
    const cases = recorded.cases.filter(({ detector }) => detector === name);
    test(`${name}: ${cases.length} streams and settings`, () => {
      assert.ok(cases.length >= 4);
      for (const { options, stream, changes, warnings, window } of cases) {
        const detector = make(name, options);
        const found: number[] = [];
        let [count, sum] = [0, 0];
        (recorded.streams[stream] as number[]).forEach((value, i) => {
          if (detector.update(value)) found.push(i);
          else if (isSuspicious(detector)) [count, sum] = [count + 1, sum + i];
        });
        const what = `${name} ${JSON.stringify(options)} on ${stream}`;
        assert.deepEqual(found, changes, what);
        assert.deepEqual([count, sum], warnings, `warnings of ${what}`);
        if (window === undefined || !(detector instanceof Adwin)) continue;
        assert.equal(detector.width, window[0], what);
        assert.ok(Math.abs(detector.mean - window[1]) < 1e-12, what);
      }
    });
  }

  test('the lists its documentation and tests have published', () => {
    const { integers, errors, abrupt } = recorded.streams as Record<string, number[]>;
    assert.equal(
      integers?.reduce((sum, value) => sum + value, 0),
      3985,
    );
    const published: [ChangeDetector, number[] | undefined, number[]][] = [
      [new Adwin(), integers, [1023]],
      [new Kswin({ alpha: 1e-4, windowSize: 200, statSize: 100 }), integers, [1042]],
      [new PageHinkley(), integers, [1020, 1397, 1548, 1988]],
      [new Ddm(), errors, [1049]],
      [new Eddm({ alpha: 0.9, beta: 0.8 }), errors, [1059]],
      [new HddmA(), errors, [1047]],
      [new HddmA({ isTwoSided: true }), abrupt, [531, 1015, 1545]],
      [new HddmW(), errors, [1018]],
      [new HddmW({ isTwoSided: true }), abrupt, [507, 1032, 1508]],
    ];
    for (const [detector, stream, changes] of published)
      assert.deepEqual(changesOf(detector, stream ?? []), changes, detector.kind);
  });
});

/** Errors at a rate that jumps: for all detectors. */
const jumping = (seed: number): number[] => {
  const rng = new FastRng(seed);
  return Array.from({ length: 3000 }, (_, i) => (rng.next() < (i < 1500 ? 0.1 : 0.6) ? 1 : 0));
};

describe('laws of every detector', () => {
  for (const name of names) {
    test(`${name} finds a jump of the error rate, and starts afresh after it`, () => {
      const values = jumping(3);
      const changes = changesOf(make(name), values);
      assert.ok(
        changes.some((at) => at >= 1500 && at < 1800),
        `${changes}`,
      );
      const detector = make(name);
      const first = changes[0] as number;
      for (const value of values.slice(0, first + 1)) detector.update(value);
      const rest = values.slice(first + 1);
      const afresh = name === 'kswin' ? undefined : changesOf(make(name), rest);
      const after = changesOf(detector, rest);
      if (afresh !== undefined) assert.deepEqual(after, afresh);
      detector.reset();
      assert.equal(changesOf(detector, Array(100).fill(0)).length, 0);
    });

    test(`${name} says nothing about a stream of equal values`, () => {
      for (const value of [0, 1]) assert.deepEqual(changesOf(make(name), Array(2000).fill(value)), []);
    });

    test(`${name} goes on from a snapshot as if nothing had happened`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 2999 }), (at) => {
          const values = jumping(4);
          const whole = make(name);
          const half = make(name);
          const before = changesOf(half, values.slice(0, at));
          const after = changesOf(restore(name, half.snapshot()), values.slice(at));
          assert.deepEqual([...before, ...after.map((i) => i + at)], changesOf(whole, values));
        }),
        { numRuns: 8 },
      );
    });

    test(`${name} refuses what is no value, and no snapshot`, () => {
      const detector = make(name);
      const before = JSON.stringify(detector.snapshot());
      const isShare = !['adwin', 'page-hinkley', 'kswin'].includes(name);
      const code = isShare ? 'USAGE' : 'NOT_FINITE';
      for (const value of [Number.NaN, Infinity, -1e200])
        assert.throws(() => detector.update(value), { code });
      if (isShare) assert.throws(() => detector.update(1.5), { code });
      assert.equal(JSON.stringify(detector.snapshot()), before);
      const snapshot = detector.snapshot();
      assert.throws(() => restore(name, { ...snapshot, kind: 'mlp' }), { code: 'DAMAGED' });
      assert.throws(() => restore(name, { ...snapshot, version: 2 }), { code: 'NEWER_VERSION' });
      assert.throws(() => restore(name, { ...snapshot, config: {} }), { code: 'DAMAGED' });
    });

    test(`${name} allocates nothing`, () => {
      const rng = new FastRng(9);
      // What a change allocates, a new start, is left out.
      const detector = make(name, name === 'kswin' ? { alpha: 1e-12 } : {});
      const values = Array.from({ length: 4096 }, () => (rng.next() < 0.1 ? 1 : 0));
      let at = 0;
      const call = () => {
        detector.update(values[at & 4095] as number);
        at += 1;
      };
      const change = heapChange(call, () => process.memoryUsage().heapUsed);
      assert.ok(change <= 1, `${change} bytes a value`);
    });
  }
});

test('options out of range are refused', () => {
  const wrong: [Name, object][] = [
    ['adwin', { delta: 0 }],
    ['adwin', { clock: 0.5 }],
    ['adwin', { maxBuckets: 1 }],
    ['page-hinkley', { direction: 'left' }],
    ['page-hinkley', { alpha: 2 }],
    ['kswin', { windowSize: 50, statSize: 26 }],
    ['kswin', { alpha: -1 }],
    ['ddm', { warningThreshold: 5 }],
    ['eddm', { alpha: 0.5 }],
    ['hddm-a', { isTwoSided: 1 }],
    ['hddm-w', { lambda: 2 }],
  ];
  for (const [name, options] of wrong)
    assert.throws(() => make(name, options), { code: 'USAGE' }, JSON.stringify(options));
});

test('the window of ADWIN has the mean and variance of the values in it', () => {
  const rng = new FastRng(6);
  const values = Array.from({ length: 1000 }, () => 1e6 + rng.normal());
  const detector = new Adwin();
  assert.deepEqual(changesOf(detector, values), []);
  assert.equal(detector.width, 1000);
  const mean = values.reduce((sum, value) => sum + value, 0) / 1000;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 1000;
  assert.ok(Math.abs(detector.mean - mean) < 1e-6);
  assert.ok(Math.abs(detector.variance / variance - 1) < 1e-6);
});

test('snapshots of ADWIN and KSWIN with impossible windows are damaged', () => {
  const adwin = new Adwin();
  for (const value of jumping(1).slice(0, 100)) adwin.update(value);
  const good = adwin.snapshot();
  const config = { ...good.config, state: { ...(good.config['state'] as object), width: 99 } };
  assert.throws(() => Adwin.restore({ ...good, config }), { code: 'DAMAGED' });
  const counts = { shape: [5], data: Uint8Array.of(9, 1, 1, 1, 1) };
  assert.throws(() => Adwin.restore({ ...good, tensors: { ...good.tensors, counts } }), { code: 'DAMAGED' });
  const kswin = new Kswin({ windowSize: 10, statSize: 5 });
  for (const value of [1, 2, 3]) kswin.update(value);
  const values = { shape: [11], data: new Float64Array(11) };
  const { config: old, tensors, ...head } = kswin.snapshot();
  assert.throws(
    () => Kswin.restore({ ...head, config: { ...old, filled: 11 }, tensors: { ...tensors, values } }),
    { code: 'DAMAGED' },
  );
});

test('the same seed draws the same sample in KSWIN, another seed another', () => {
  const rng = new FastRng(2);
  const values = Array.from({ length: 5000 }, () => rng.normal());
  const run = (seed: number) => changesOf(new Kswin({ seed }), values);
  assert.deepEqual(run(1), run(1));
  assert.notDeepEqual(run(1), run(2));
});
