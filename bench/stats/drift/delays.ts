// How soon a rise of the errors is found, beside detectors that promise nothing about their false alarms.
import { ManualClock, seededBytes } from '../../../src/base/index.ts';
import { Adwin, type ChangeDetector, Kswin, PageHinkley } from '../../../src/learn/index.ts';
import { DriftDetector, SqliteState } from '../../../src/lifecycle/index.ts';
import { errorsOf, type Labelled } from './streams.ts';

export interface Watcher {
  readonly name: string;
  /** Positions at which it said that the errors changed, given errors of before. */
  readonly find: (before: Uint8Array, errors: Uint8Array) => Promise<number[]>;
}

const others: readonly (readonly [string, () => ChangeDetector])[] = [
  ['ADWIN, δ = 0.002', () => new Adwin()],
  ['KSWIN, α = 0.005', () => new Kswin()],
  ['Page–Hinkley, threshold 50', () => new PageHinkley({ direction: 'up' })],
];

/** A detector that knows no baseline sees the errors of before as well. */
const foreign = ([name, make]: (typeof others)[number]): Watcher => ({
  name,
  find: async (before, errors) => {
    const detector = make();
    for (const error of before) detector.update(error);
    return Array.from(errors.entries()).flatMap(([at, error]) => (detector.update(error) ? [at] : []));
  },
});

export const ours = (windowSize: number): Watcher => ({
  name: `ours, windows of ${windowSize} to ${8 * windowSize}`,
  find: async (before, errors) => {
    const state = new SqliteState({ path: ':memory:' });
    const detector = new DriftDetector(state, 0.02, windowSize, {
      clock: new ManualClock(),
      random: seededBytes(1),
    });
    await detector.setBaseline({ model: before }, { type: 'concept' });
    const found: number[] = [];
    let alarms = 0;
    for (const [at, error] of errors.entries()) {
      detector.recordError('model', error);
      // Halves of windows end here; nothing is found between.
      if ((at + 1) % (windowSize / 2) !== 0) continue;
      const now = (await detector.explain('model', 'concept')).alarms;
      if (now > alarms) found.push(at);
      alarms = now;
    }
    await state.close();
    return found;
  },
});

export const watchers: readonly Watcher[] = [ours(1000), ours(200), ...others.map(foreign)];

export interface Delays {
  readonly changes: number;
  readonly found: number;
  /** Of those that were found, in values; NaN for none. */
  readonly meanDelay: number;
  /** Before a change. */
  readonly falseAlarms: number;
  readonly before: number;
}

/**
 * Every change by itself: the model learns from the first half of the concept before it, the next part is the baseline,
 * and the rest of the concept must be quiet.
 */
export async function delaysAt(
  stream: Labelled,
  changes: readonly number[],
  watcher: Watcher,
): Promise<Delays> {
  let [found, sum, falseAlarms, before] = [0, 0, 0, 0];
  const length = changes[0] as number;
  for (const change of changes) {
    const [from, to] = [change - length, change + length];
    const errors = errorsOf(
      { rows: stream.rows.slice(from, to), labels: stream.labels.slice(from, to) },
      length / 2,
    );
    const baseline = length / 4;
    const at = length / 2 - baseline;
    const alarms = await watcher.find(errors.subarray(0, baseline), errors.subarray(baseline));
    const first = alarms.find((alarm) => alarm >= at);
    if (first !== undefined) {
      found += 1;
      sum += first - at;
    }
    falseAlarms += alarms.filter((alarm) => alarm < at).length;
    before += at;
  }
  return { changes: changes.length, found, meanDelay: sum / found, falseAlarms, before };
}

/** On a real stream nobody knows the changes: when a model that learnt from its first tenth is first found out of date. */
export async function alarmsOn(stream: Labelled, watcher: Watcher) {
  const tenth = Math.floor(stream.rows.length / 10);
  const errors = errorsOf(stream, tenth);
  const rate = (part: Uint8Array): number => part.reduce((sum, error) => sum + error, 0) / part.length;
  const alarms = await watcher.find(errors.subarray(0, tenth), errors.subarray(tenth));
  return {
    alarms: alarms.length,
    first: alarms[0],
    before: rate(errors.subarray(0, tenth)),
    after: rate(errors.subarray(tenth)),
  };
}
