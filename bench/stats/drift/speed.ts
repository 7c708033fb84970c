// What it costs to record a row.
import { FastRng, ManualClock } from '../../../src/base/index.ts';
import { DriftDetector, SqliteState } from '../../../src/lifecycle/index.ts';

const FEATURES = 18;
const BASELINE = 10_000;
const ROWS = 40_000;
const ROUNDS = 7;

/** Microseconds a row, whole windows and their comparisons included; the median of some rounds. */
export async function rowCostUs(): Promise<number> {
  const rng = new FastRng(1);
  const names = Array.from({ length: FEATURES }, (_, i) => `feature ${i}`);
  const state = new SqliteState({ path: ':memory:' });
  const detector = new DriftDetector(state, 0.05, 1000, { clock: new ManualClock() });
  const values = (): Float64Array => Float64Array.from({ length: BASELINE }, () => rng.normal());
  await detector.setBaseline(Object.fromEntries(names.map((name) => [name, values()])));
  const take = detector.rowRecorder(names);
  const rows = Array.from({ length: 997 }, () => Float64Array.from({ length: FEATURES }, () => rng.normal()));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    for (let i = 0; i < ROWS; i += 1) take(rows[i % rows.length] as Float64Array);
    return ((performance.now() - start) * 1000) / ROWS;
  });
  await state.close();
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] as number;
}
