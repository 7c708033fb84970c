// Packs that `prune` has replaced but not deleted yet: a `pack` beside them, whatever fails in it, never refers to
// one of them, so that deleting them takes nothing from anyone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Rng } from '../../src/base/index.ts';
import { forget, prune, verify } from '../../src/blocks/index.ts';
import { FaultyFileSystem } from '../sim/faults.ts';
import type { Fault } from '../sim/injector.ts';
import { assertSound } from './checks.ts';
import { assertCoded, callsOf } from './matrix.ts';
import { firstPack, type Prepared, secondPack } from './prepared.ts';
import { opened, packSource, STATE, type World } from './world.ts';

const LONG_MS = 1e12;

const pruneNow = (world: World, graceMs: number) =>
  world.process((ports) => opened(ports, 'exclusive', (repository) => prune(repository, { graceMs })));

/** The only snapshot is forgotten and its packs are doomed; the source is packed again. */
async function prepare(): Promise<Prepared> {
  const { world, current } = firstPack();
  await world.process((ports) => packSource(ports));
  await world.process((ports) =>
    opened(ports, 'write', (repository) => forget(repository, { snapshots: ['latest'] })),
  );
  const { replacedPacks, deletedPacks } = await pruneNow(world, LONG_MS);
  assert.ok(replacedPacks > 0 && deletedPacks === 0);
  return { name: 'doomed', world, before: [], current, neighbours: [], remoteNeighbours: [] };
}

const prepared = await prepare();
const calls = await callsOf(prepared);

for (const fault of ['EIO', 'ENOSPC', 'kill-before'] as const satisfies readonly Fault[]) {
  test(`${fault} at any call of a pack beside doomed packs`, async () => {
    for (let at = 1; at <= calls.length + 1; at += 1) {
      const world = prepared.world.fork(new Rng(1));
      const fs = new FaultyFileSystem(world.disk, { at, fault, below: STATE });
      let result: unknown;
      let error: unknown;
      try {
        result = await world.process((ports) => packSource(ports, { readAll: true }), fs);
      } catch (caught) {
        error = caught;
        assertCoded({ world, fs, result: undefined, error });
      }
      const { deletedPacks } = await pruneNow(world, 0);
      const least = result === undefined ? 0 : 1;
      try {
        const expected = { before: [], current: prepared.current, added: [least, 1] as const };
        await world.process((ports) => assertSound(ports, expected));
      } catch (cause) {
        throw new Error(`call ${at} (${calls[at - 1]}), ${deletedPacks} packs deleted`, { cause });
      }
    }
  });
}

test('a snapshot whose `forget` was killed does not come back after `prune` and a power cut', async () => {
  const { world } = await secondPack();
  await world.process((ports) => packSource(ports));
  world.end(77);
  // So much later, the writers of other machines are dead.
  world.clock.advance(3_600_000);
  for (let at = 1, reached = true; reached; at += 1) {
    const copy = world.fork(new Rng(1));
    const fs = new FaultyFileSystem(copy.disk, { at, fault: 'kill-after', below: STATE });
    await copy
      .process((ports) => opened(ports, 'write', (one) => forget(one, { snapshots: ['latest'] })), fs)
      .catch(() => undefined);
    reached = fs.reached;
    await pruneNow(copy, 0);
    const dark = copy.fork(new Rng(1), 'lost');
    await dark.process((ports) =>
      opened(ports, 'read', async (repository) => {
        assert.deepEqual((await verify(repository, { data: true })).damage, [], `killed after call ${at}`);
      }),
    );
  }
});
