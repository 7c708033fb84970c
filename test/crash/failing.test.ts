import assert from 'node:assert/strict';
import test from 'node:test';
import { Rng } from '../../src/base/index.ts';
import { assertSound, workFiles } from './checks.ts';
import {
  callsOf,
  expectedAfter,
  forEveryCall,
  surviveAndRetry,
  surviveCrash,
  survivePowerCutAfter,
} from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';

for (const prepared of [firstPack(), await secondPack()]) {
  test(`${prepared.name}, EIO at any call`, async () => {
    const calls = await callsOf(prepared);
    await forEveryCall(prepared, 'EIO', async (outcome, at) => {
      // A failed sync has dropped what it was to store: no commit may follow it.
      if (/^fsync/.test(calls[at - 1] ?? '')) assert.equal(outcome.result, undefined);
      // What the run says is committed does not hang on the call that failed.
      const lost = outcome.world.fork(new Rng(1), 'lost');
      await lost.process((ports) => assertSound(ports, expectedAfter(prepared, outcome)));
      const world = await surviveCrash(outcome, prepared, { mode: 'process', seed: 1 });
      await survivePowerCutAfter(world, prepared);
    });
  });

  test(`${prepared.name}, device full from any call on`, async () => {
    await forEveryCall(prepared, 'ENOSPC', async (outcome) => {
      const { world, fs, error } = outcome;
      if (error !== undefined) assert.equal((error as { code?: string }).code, 'NO_SPACE');
      // A run that fails takes its files away: on a full device they would keep the space.
      const before = workFiles(prepared.world.disk);
      assert.deepEqual(
        workFiles(world.disk).filter((name) => !before.includes(name)),
        [],
      );
      const expected = expectedAfter(prepared, outcome);
      await world.process((ports) => assertSound(ports, expected), fs);
      fs.freeSpace();
      await surviveAndRetry(world, expected, prepared.neighbours);
    });
  });
}
