import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { ManualClock, seededBytes } from '../../../base/index.ts';
import { ModelRegistry, SqliteState } from '../../registry/index.ts';
import type { Experiment } from '../definition/types.ts';
import { ABTestManager, type ABTestOptions } from '../manager.ts';

/** Experiments in memory, with an audit log and a clock that stands still. */
export function laboratory(options: ABTestOptions = {}) {
  const clock = new ManualClock();
  const random = seededBytes(7);
  const state = new SqliteState({ path: ':memory:', clock });
  const { audit } = new ModelRegistry('/models', state, { fs: new SimFileSystem(), clock, random });
  const manager = new ABTestManager(state, { audit, clock, random, ...options });
  return { clock, state, audit, manager };
}

/** Two arms of one half each, of which the second is tried. */
export const draft = (more: Partial<Experiment> = {}): Experiment => ({
  ...{ id: 'threats', targetMetric: 'accuracy' },
  models: [
    { modelId: 'v1', isControl: true, trafficPct: 50 },
    { modelId: 'v2', isControl: false, trafficPct: 50 },
  ],
  ...more,
});

/** Creates it and starts it. */
export async function running(manager: ABTestManager, more: Partial<Experiment> = {}): Promise<string> {
  const { id } = await manager.createExperiment(draft(more));
  await manager.startExperiment(id);
  return id;
}

/** Units of an arm. */
export async function unitsIn(
  manager: ABTestManager,
  id: string,
  modelId: string,
  count: number,
): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; found.length < count; i += 1)
    if ((await manager.getModelAssignment(id, `user-${i}`)) === modelId) found.push(`user-${i}`);
  return found;
}
