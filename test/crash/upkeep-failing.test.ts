import assert from 'node:assert/strict';
import test from 'node:test';
import { assertSurvived, retry, UPKEEP } from './upkeep.ts';
import { crashed, States, strikeEveryCall } from './upkeep-matrix.ts';

/** Between two of these it makes no difference when the device filled up. */
const takesSpace = (call: string): boolean =>
  /^(write|fsync|fsyncdir|rename|link|mkdir) |^open .*\/(tmp|locks)\//.test(call);

for (const prepare of UPKEEP) {
  const upkeep = await prepare();

  test(`${upkeep.name}: any call fails`, async (t) => {
    const [states, dark] = [new States(), new States()];
    const calls = await strikeEveryCall(upkeep, { fault: 'EIO' }, async ({ world, error }) => {
      // What it says it has done does not hang on the call that failed.
      const lost = crashed(world, dark, { mode: 'lost', seed: 1 });
      await lost?.process((ports) => assertSurvived(ports, upkeep));
      if (error === undefined) await lost?.process((ports) => upkeep.done(ports));
      const next = crashed(world, states, { mode: 'process', seed: 1 });
      if (next === undefined) return;
      await next.process((ports) => assertSurvived(ports, upkeep));
      await retry(next, upkeep);
    });
    t.diagnostic(`${calls} calls`);
  });

  test(`${upkeep.name}: the device is full from any call on`, async (t) => {
    const states = new States();
    const calls = await strikeEveryCall(
      upkeep,
      { fault: 'ENOSPC', concerns: takesSpace },
      async ({ world, fs, error }) => {
        if (error !== undefined) assert.equal((error as { code?: string }).code, 'NO_SPACE');
        const next = crashed(world, states, { mode: 'process', seed: 1 });
        if (next === undefined) return;
        await world.process((ports) => assertSurvived(ports, upkeep), fs);
        await retry(next, upkeep);
      },
    );
    t.diagnostic(`${calls} calls`);
  });
}
