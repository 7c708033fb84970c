import assert from 'node:assert/strict';
import test from 'node:test';
import { expectedAfter, forEveryCall, packUnder, surviveAndRetry, surviveCrash } from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';

const isWrite = (call: string): boolean => call.startsWith('write');
const isTransfer = (call: string): boolean => isWrite(call) || call.startsWith('read');

for (const prepared of [firstPack(), await secondPack()]) {
  test(`${prepared.name}, killed with any write half done`, async () => {
    const cell = async (outcome: Parameters<typeof surviveCrash>[0]) => {
      await surviveCrash(outcome, prepared, { mode: 'process', seed: 1 });
    };
    await forEveryCall(prepared, 'torn', cell, isWrite);
  });

  test(`${prepared.name}, any transfer short`, async () => {
    const cell = async (outcome: Parameters<typeof surviveCrash>[0]) => {
      assert.deepEqual([outcome.error, outcome.result?.errors], [undefined, []]);
      await surviveAndRetry(outcome.world, expectedAfter(prepared, outcome), prepared.neighbours);
    };
    await forEveryCall(prepared, 'short', cell, isTransfer);
  });

  test(`${prepared.name}, all transfers short, also of the source`, async () => {
    const outcome = await packUnder(prepared, { at: 1, fault: 'all-short', below: '/' });
    assert.deepEqual([outcome.error, outcome.result?.errors], [undefined, []]);
    await surviveAndRetry(outcome.world, expectedAfter(prepared, outcome), prepared.neighbours);
  });
}
