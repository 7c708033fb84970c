import test from 'node:test';
import { forEveryCall, surviveCrash } from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';

const SEEDS = 3;

for (const prepared of [firstPack(), await secondPack()]) {
  test(`${prepared.name}, all unsynced lost after any call`, async () => {
    await forEveryCall(prepared, 'kill-after', async (outcome) => {
      await surviveCrash(outcome, prepared, { mode: 'lost', seed: 1 });
    });
  });

  test(`${prepared.name}, unsynced kept, lost, reordered, torn or garbled after any call`, async () => {
    await forEveryCall(prepared, 'kill-after', async (outcome, at) => {
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        await surviveCrash(outcome, prepared, { mode: 'power', seed: 1000 * at + seed });
      }
    });
  });
}
