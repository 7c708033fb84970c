import test from 'node:test';
import { Rng } from '../../src/base/index.ts';
import { assertSurvived, retry, UPKEEP } from './upkeep.ts';
import { crashed, States, strikeEveryCall } from './upkeep-matrix.ts';

for (const prepare of UPKEEP) {
  const upkeep = await prepare();

  test(`${upkeep.name}: killed before or after any call, or with a write half done`, async (t) => {
    const states = new States();
    let calls = 0;
    for (const fault of ['kill-before', 'kill-after', 'torn'] as const) {
      calls = await strikeEveryCall(upkeep, fault, async (struck) => {
        const world = crashed(struck.world, states, { mode: 'process', seed: 1 });
        if (world === undefined) return;
        await world.process((ports) => assertSurvived(ports, upkeep));
        await retry(world, upkeep);
        // Nothing of it hangs on what the first run left unsynced.
        const dark = world.fork(new Rng(1), 'lost');
        await dark.process((ports) => assertSurvived(ports, upkeep));
      });
    }
    t.diagnostic(`${calls} calls, ${states.count} states`);
  });
}
