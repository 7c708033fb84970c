import assert from 'node:assert/strict';
import test from 'node:test';
import { Rng } from '../../src/base/index.ts';
import { assertSound } from './checks.ts';
import { expectedAfter, forEveryCall, surviveAndRetry, surviveCrash } from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';

for (const prepared of [firstPack(), await secondPack()]) {
  test(`${prepared.name}, EIO at any call`, async () => {
    await forEveryCall(prepared, 'EIO', async (outcome) => {
      // What the run says is committed does not hang on the call that failed.
      const lost = outcome.world.fork(new Rng(1), 'lost');
      await lost.process((ports) => assertSound(ports, expectedAfter(prepared, outcome)));
      await surviveCrash(outcome, prepared, { mode: 'process', seed: 1 });
    });
  });

  test(`${prepared.name}, device full from any call on`, async () => {
    await forEveryCall(prepared, 'ENOSPC', async (outcome) => {
      const { world, fs, error } = outcome;
      if (error !== undefined) assert.equal((error as { code?: string }).code, 'NO_SPACE');
      const expected = expectedAfter(prepared, outcome);
      await world.process((ports) => assertSound(ports, expected), fs);
      fs.freeSpace();
      await surviveAndRetry(world, expected, prepared.neighbours);
    });
  });
}
