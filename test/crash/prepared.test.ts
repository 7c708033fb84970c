// The matrix is worth what its runs go through: these say that they go through everything.
import assert from 'node:assert/strict';
import test from 'node:test';
import { callsOf, packUnder } from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';

const prepared = [firstPack(), await secondPack()];
const packs = (calls: readonly string[]): number =>
  calls.filter((call) => /^rename .*\.pack$/.test(call)).length;

test('both runs write plain, grouped and delta blocks into several packs', async () => {
  for (const world of prepared) {
    const { result, fs } = await packUnder(world, { at: 0, fault: 'short' });
    assert.ok(result);
    assert.deepEqual(result.errors, []);
    assert.ok(result.deltaBlocks > 0 && result.groupedFiles > 0, JSON.stringify(result.codecs));
    assert.ok((result.codecs['none']?.blocks ?? 0) > 0 && (result.codecs['zstd']?.blocks ?? 0) > 0);
    assert.ok(packs(fs.log) >= 2, `${packs(fs.log)} packs`);
    assert.ok(result.files >= 12);
  }
});

test('the second run finds blocks and whole files stored', async () => {
  const [, second] = prepared;
  assert.ok(second);
  const { result } = await packUnder(second, { at: 0, fault: 'short' });
  assert.ok(result && result.unchangedFiles > 0 && result.newBlocks < result.blocks);
});

test('the calls are those the order of durability promises', async () => {
  for (const world of prepared) {
    const calls = (await callsOf(world)).map((call) => call.replaceAll(/[0-9a-f]{16,}/g, '*'));
    const order = calls.filter((call) => /^(fsync|rename|link)/.test(call) && !call.includes('/cache/'));
    const pack = ['fsync R/tmp/*-N', 'rename R/tmp/*-N -> R/store/*.pack'];
    const init = [
      'fsyncdir R',
      'fsyncdir /state/backup',
      'fsyncdir /state',
      'fsync R/tmp/*-config',
      'link R/tmp/*-config -> R/config',
      'fsyncdir R',
    ];
    const commit = [
      'fsyncdir R',
      'fsyncdir R/store',
      'fsync R/tmp/*-snapshot',
      'rename R/tmp/*-snapshot -> R/snapshots/*',
      'fsyncdir R/snapshots',
    ];
    const count = packs(calls);
    assert.deepEqual(
      order.map((call) => call.replaceAll('/state/backup/repository', 'R').replaceAll(/-\d+\b/g, '-N')),
      [
        ...(world.before.length === 0 ? init : []),
        ...Array.from({ length: count }, () => pack).flat(),
        ...commit,
      ],
    );
  }
});
