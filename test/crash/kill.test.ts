import test from 'node:test';
import { forEveryCall, surviveCrash, survivePowerCutAfter } from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';

for (const prepared of [firstPack(), await secondPack()]) {
  for (const fault of ['kill-before', 'kill-after'] as const) {
    test(`${prepared.name}, ${fault} any call`, async (t) => {
      const cells = await forEveryCall(prepared, fault, async (outcome) => {
        const world = await surviveCrash(outcome, prepared, { mode: 'process', seed: 1 });
        if (fault === 'kill-after') await survivePowerCutAfter(world, prepared);
      });
      t.diagnostic(`${cells} cells`);
    });
  }
}
