import test from 'node:test';
import { assertSurvived, retry, UPKEEP } from './upkeep.ts';
import { forEveryStop, stopEverywhere } from './upkeep-matrix.ts';

for (const prepare of UPKEEP) {
  const upkeep = await prepare();

  test(`${upkeep.name}: unsynced lost, or kept in part, reordered, torn or garbled, after any call`, async (t) => {
    const { stops, calls } = await stopEverywhere(upkeep, ['lost', 'power']);
    await forEveryStop(upkeep, stops, async (world) => {
      await world.process((ports) => assertSurvived(ports, upkeep));
      await retry(world, upkeep);
    });
    t.diagnostic(`${calls} calls, ${stops.length} states`);
  });
}
