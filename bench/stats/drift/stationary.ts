// Streams on which nothing drifts: how often are alarms raised all the same?
import { FastRng, ManualClock, seededBytes } from '../../../src/base/index.ts';
import { ksDistance, ksPValue } from '../../../src/learn/index.ts';
import { DriftDetector, SqliteState } from '../../../src/lifecycle/index.ts';

export interface Stationary {
  readonly streams: number;
  /** Rows of each stream, after its baseline. */
  readonly samples: number;
  readonly features: number;
  readonly baseline: number;
  readonly windowSize: number;
  readonly alarmsPerMillion: number;
}

/** What came of so many streams. */
export interface FalseAlarms {
  /** With threshold 0. */
  readonly alarms: number;
  /** Those there would have been with threshold 0.05. */
  readonly floored: number;
  readonly expected: number;
  /** Standard error of `alarms`: streams are independent, what happens within one is not. */
  readonly error: number;
  readonly critical: number;
}

const FLOOR = 0.05;

/** Half of every value is the same for all features of a row: correlation 0.5. */
function rowMaker(seed: number, features: number): (row: Float64Array) => void {
  const rng = new FastRng(seed);
  return (row) => {
    const shared = rng.nextU32();
    for (let i = 0; i < features; i += 1) row[i] = shared + rng.nextU32();
  };
}

/** Baselines of their own for every stream, as in life: a sample is a sample. */
async function detectorOf(make: (row: Float64Array) => void, names: readonly string[], it: Stationary) {
  const state = new SqliteState({ path: ':memory:' });
  const { windowSize, alarmsPerMillion } = it;
  const options = { clock: new ManualClock(), random: seededBytes(1), budget: { alarmsPerMillion } };
  const detector = new DriftDetector(state, 0, windowSize, options);
  const columns = names.map(() => new Float64Array(it.baseline));
  const row = new Float64Array(names.length);
  for (let i = 0; i < it.baseline; i += 1) {
    make(row);
    for (const [at, column] of columns.entries()) column[i] = row[at] as number;
  }
  await detector.setBaseline(
    Object.fromEntries(names.map((name, at) => [name, columns[at] as Float64Array])),
  );
  return { state, detector, row };
}

/** All comparisons of a stream of this length are remembered. */
async function alarmsAt(detector: DriftDetector, name: string, wanted: number): Promise<number> {
  const { thresholds } = await detector.explain(name);
  return thresholds.find(({ threshold }) => threshold === wanted)?.alarms ?? Number.NaN;
}

export async function falseAlarms(it: Stationary): Promise<FalseAlarms> {
  const names = Array.from({ length: it.features }, (_, i) => `feature ${i}`);
  let [alarms, floored, squares, critical] = [0, 0, 0, 0];
  for (let stream = 0; stream < it.streams; stream += 1) {
    const make = rowMaker(stream + 1, it.features);
    const { state, detector, row } = await detectorOf(make, names, it);
    const take = detector.rowRecorder(names);
    for (let i = 0; i < it.samples; i += 1) {
      make(row);
      take(row);
    }
    const found = await detector.check();
    alarms += found.length;
    squares += found.length ** 2;
    critical += found.filter(({ severity }) => severity === 'critical').length;
    for (const name of names) floored += await alarmsAt(detector, name, FLOOR);
    await state.close();
  }
  const expected = (it.alarmsPerMillion * it.streams * it.samples) / 1e6;
  return { alarms, floored, expected, error: Math.sqrt(squares), critical };
}

/** The rule of document 003 as it can be read, on windows that follow each other: alarms of a million observations. */
export function namedRules({ streams, samples, features, baseline, windowSize }: Stationary) {
  let [distance, pValue] = [0, 0];
  const row = new Float64Array(features);
  for (let stream = 0; stream < streams; stream += 1) {
    const make = rowMaker(stream + 1, features);
    const sample = (count: number): Float64Array[] => {
      const columns = Array.from({ length: features }, () => new Float64Array(count));
      for (let i = 0; i < count; i += 1) {
        make(row);
        for (const [at, column] of columns.entries()) column[i] = row[at] as number;
      }
      return columns.map((column) => column.sort());
    };
    const before = sample(baseline);
    for (let at = 0; at + windowSize <= samples; at += windowSize) {
      for (const [i, window] of sample(windowSize).entries()) {
        const found = ksDistance(window, before[i] as Float64Array);
        if (found > 0.05) distance += 1;
        if (ksPValue(found, [windowSize, baseline], 'asymptotic') < 0.05) pValue += 1;
      }
    }
  }
  const perMillion = (count: number): number => (count * 1e6) / (streams * samples);
  return { distance: perMillion(distance), pValue: perMillion(pValue) };
}

/** Alarms when what comes is the baseline itself, again and again. */
export async function identicalAlarms(times: number): Promise<number> {
  const names = ['a'];
  const it = {
    streams: 1,
    samples: 0,
    features: 1,
    baseline: 1000,
    windowSize: 1000,
    alarmsPerMillion: 1e4,
  };
  const values: number[] = [];
  const make = rowMaker(1, 1);
  const keep = (row: Float64Array): void => {
    make(row);
    values.push(row[0] as number);
  };
  const { state, detector } = await detectorOf(keep, names, it);
  for (let i = 0; i < times; i += 1) for (const value of values) detector.recordFeature('a', value);
  const { length } = await detector.check();
  await state.close();
  return length;
}
