import test from 'node:test';
import { Rng } from '../../src/base/index.ts';
import { assertSurvived, retry, UPKEEP, type Upkeep } from './upkeep.ts';
import { crashed, forEveryStop, States, stopEverywhere, strikeEveryCall } from './upkeep-matrix.ts';
import type { World } from './world.ts';

async function survive(world: World, upkeep: Upkeep): Promise<void> {
  await world.process((ports) => assertSurvived(ports, upkeep));
  await retry(world, upkeep);
  // Nothing of it hangs on what the first run left unsynced.
  const dark = world.fork(new Rng(1), 'lost');
  await dark.process((ports) => assertSurvived(ports, upkeep));
}

for (const prepare of UPKEEP) {
  const upkeep = await prepare();

  test(`${upkeep.name}: killed before or after any call`, async (t) => {
    const { stops, calls } = await stopEverywhere(upkeep, ['process']);
    await forEveryStop(upkeep, stops, (world) => survive(world, upkeep));
    t.diagnostic(`${calls} calls, ${stops.length} states`);
  });

  test(`${upkeep.name}: killed with any write half done`, async () => {
    const states = new States();
    const concerns = (call: string): boolean => call.startsWith('write');
    await strikeEveryCall(upkeep, { fault: 'torn', concerns }, async (struck) => {
      const world = crashed(struck.world, states, { mode: 'process', seed: 1 });
      if (world !== undefined) await survive(world, upkeep);
    });
  });
}
