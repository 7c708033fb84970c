// What it costs to say which arm a unit is in.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ABTestManager, openRegistry } from '../../../src/lifecycle/index.ts';

const UNITS = 1 << 16;
const ROUNDS = 8;

/** Seconds of this thread's processor time an assignment, in the fastest round: the machine does other things too. */
export async function secondsPerAssignment(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pilotfish-assignments-'));
  const directory = openRegistry(join(folder, 'data'));
  try {
    const manager = new ABTestManager(directory.state);
    const models = [
      { modelId: 'rule', isControl: true, trafficPct: 90 },
      { modelId: 'model', isControl: false, trafficPct: 10 },
    ];
    await manager.createExperiment({
      id: 'speed',
      name: 'speed',
      targetMetric: { name: 'cost', direction: 'lower' },
      models,
    });
    await manager.startExperiment('speed');
    const assigner = await manager.assigner('speed');
    const units = Array.from({ length: UNITS }, (_, i) => `user-${1_000_000 + i}`);
    let best = Infinity;
    let treated = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const from = process.threadCpuUsage();
      for (const unit of units) treated += assigner.armOf(unit);
      const { user, system } = process.threadCpuUsage(from);
      best = Math.min(best, user + system);
    }
    // The answers are used, so that none of them can be left out.
    return treated > 0 ? best / 1e6 / UNITS : Number.NaN;
  } finally {
    await directory.close();
    rmSync(folder, { recursive: true });
  }
}
