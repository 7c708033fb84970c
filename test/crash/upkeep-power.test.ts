import test from 'node:test';
import { assertSurvived, retry, UPKEEP } from './upkeep.ts';
import { crashed, States, strikeEveryCall } from './upkeep-matrix.ts';

for (const prepare of UPKEEP) {
  const upkeep = await prepare();

  test(`${upkeep.name}: unsynced lost, or kept in part, reordered, torn or garbled, after any call`, async (t) => {
    const states = new States();
    const calls = await strikeEveryCall(upkeep, 'kill-after', async ({ world, at }) => {
      for (const crash of [
        { mode: 'lost', seed: 1 },
        { mode: 'power', seed: at },
      ] as const) {
        const next = crashed(world, states, crash);
        if (next === undefined) continue;
        await next.process((ports) => assertSurvived(ports, upkeep));
        await retry(next, upkeep);
      }
    });
    t.diagnostic(`${calls} calls, ${states.count} states`);
  });
}
