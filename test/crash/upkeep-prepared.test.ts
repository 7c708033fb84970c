// The matrix is worth what its runs go through: these say that they go through everything, and in which order.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type DeltaRecord, RECORD_TYPES } from '../../src/blocks/pack/index.ts';
import { opened, UPKEEP, type Upkeep } from './upkeep.ts';
import { callsOf } from './upkeep-matrix.ts';
import { REPOSITORY } from './world.ts';

const prepared = new Map<string, Upkeep>();
for (const prepare of UPKEEP) {
  const upkeep = await prepare();
  prepared.set(upkeep.name, upkeep);
}

const get = (name: string): Upkeep => prepared.get(name) ?? assert.fail(`no ${name}`);

/** Calls that make something durable or take it away, without names; a kind that repeats once. */
async function steps(name: string): Promise<string[]> {
  const calls = (await callsOf(get(name)))
    .filter((call) => /^(fsync|fsyncdir|rename|unlink|link) /.test(call) && !call.includes('/locks/'))
    .map((call) => call.replaceAll(REPOSITORY, 'R').replaceAll(/[0-9a-f]{64}/g, '*'))
    .map((call) => call.replaceAll(/[0-9a-f]{16}-/g, '').replace(PACK_CALL, PACK));
  return calls.filter((call, i) => call !== calls[i - 1]);
}

const PACK = 'a pack: fsync, rename';
const PACK_CALL = /^(fsync R.tmp.\d+|rename R.tmp.\d+ -> R.store.*)$/;
const DOOM = [
  // What was forgotten must not come back.
  'fsyncdir R/snapshots',
  'fsyncdir R/store',
  'fsync R/tmp/doomed',
  'rename R/tmp/doomed -> R/doomed',
  'fsyncdir R',
];
const DELETE = ['unlink R/store/*.pack', 'fsyncdir R/store', 'unlink R/doomed', 'fsyncdir R'];

test('new packs are durable before the old are doomed, and the list is before one is deleted', async () => {
  assert.deepEqual(await steps('prune that rewrites'), [PACK, ...DOOM, ...DELETE]);
  assert.deepEqual(await steps('optimize'), [PACK, ...DOOM, ...DELETE]);
  assert.deepEqual(await steps('prune with a grace time'), [PACK, ...DOOM]);
  assert.deepEqual(await steps('second phase of prune'), DELETE);
  assert.deepEqual(await steps('prune of dead packs'), [...DOOM, ...DELETE]);
});

test('what is saved is durable before damaged packs are set aside', async () => {
  const aside = 'rename R/store/*.pack -> R/damaged/*.pack';
  const all = await steps('repair');
  assert.ok(all.includes(aside));
  assert.deepEqual(all.slice(0, all.indexOf(aside)), [PACK, 'fsyncdir R/store']);
});

test('there are deltas on blocks of other packs, needed and not', async () => {
  for (const { name, world } of prepared.values()) {
    const across = await world.process((ports) =>
      opened(ports, 'read', ({ packs }) =>
        packs.inOrder().flatMap((pack) => {
          const { types } = packs.table(pack);
          return [...types.keys()]
            .filter((record) => types[record] === RECORD_TYPES.delta)
            .map((record) => packs.record(pack, record) as DeltaRecord)
            .filter(({ base }) => base.kind === 'id');
        }),
      ),
    );
    // The second phase begins with what was written anew, in one go.
    assert.ok(across.length >= (name === 'second phase of prune' ? 0 : 1), `${name}: ${across.length}`);
    const count = await world.process((ports) =>
      opened(ports, 'read', ({ packs }) => packs.packNames().length),
    );
    assert.ok(count >= 2, `${name}: ${count} packs`);
  }
});
