import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng, ManualClock } from '../../base/index.ts';
import { heapChange } from '../../learn/kernels/testing/heap-change.ts';
import { house } from '../registry/testing/house.ts';
import { DriftDetector } from './detector.ts';

test('a value allocates nothing, windows and their comparisons included', async () => {
  const { state } = house();
  const rng = new FastRng(1);
  const detector = new DriftDetector(state, 0.05, 1000, { clock: new ManualClock(0) });
  const values = (): number[] => Array.from({ length: 1000 }, () => rng.below(500));
  await detector.setBaseline({ size: values() });
  // Whole numbers: others may be put on the heap on their way in.
  const given = values();
  let at = 0;
  const call = (): void => {
    detector.recordFeature('size', given[at] as number);
    at = at === 999 ? 0 : at + 1;
  };
  const change = heapChange(call, () => process.memoryUsage().heapUsed);
  assert.ok(change <= 1, `${change} bytes a value`);
});
