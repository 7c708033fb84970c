// Commands that only read, over a device that fails: they report and go on or say why with a code, they never
// change what is stored, and the next one works.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type FileSystem, hasCode, Rng } from '../../src/base/index.ts';
import { type RepositoryPorts, restore, stats, verify } from '../../src/blocks/index.ts';
import { FaultyFileSystem } from '../sim/faults.ts';
import type { Fault } from '../sim/injector.ts';
import { readTree, treeDifferences } from '../sim/tree-state.ts';
import { assertSound, assertTidy } from './checks.ts';
import { firstPack } from './prepared.ts';
import { opened, packSource, REPOSITORY, STATE, type World } from './world.ts';

const { world: empty, current } = firstPack();
await empty.process((ports) => packSource(ports));
const expected = { before: [], current, added: [1, 1] as const };

type Command = (ports: RepositoryPorts) => Promise<boolean>;

/** Each says whether it noticed anything. */
const commands: Record<string, Command> = {
  verify: (ports) =>
    opened(ports, 'read', async (repository) => (await verify(repository, { data: true })).damage.length > 0),
  stats: (ports) => opened(ports, 'read', (repository) => stats(repository).unreadablePacks > 0),
  async restore(ports) {
    const { errors } = await opened(ports, 'read', (repository) =>
      restore(repository, { snapshot: 'latest', target: '/restored', owners: true }),
    );
    const lines = treeDifferences(current, readTree(ports.fs, '/restored'));
    // What is not as it was is reported, and what is reported is not there.
    assert.equal(lines.length > 0, errors.length > 0, lines.join('\n'));
    return errors.length > 0;
  },
};

/** Runs a command with a fault at one call on the repository; says whether that call was made. */
async function runUnder(
  command: Command,
  fault: Fault,
  at: number,
): Promise<{ world: World; reached: boolean }> {
  const world = empty.fork(new Rng(1));
  const fs = new FaultyFileSystem(world.disk, { at, fault, below: STATE });
  try {
    await world.process(command, fs as FileSystem);
  } catch (error) {
    if (!fs.killed && !hasCode(error)) throw error;
  }
  return { world, reached: fs.reached };
}

for (const [name, command] of Object.entries(commands)) {
  for (const fault of ['EIO', 'ENOSPC', 'kill-after', 'short'] as const) {
    test(`${name}, ${fault} at any call`, async () => {
      for (let at = 1, reached = true; reached; at += 1) {
        const run = await runUnder(command, fault, at);
        reached = run.reached;
        await run.world.process((ports) => assertSound(ports, expected));
        // A lock left behind goes with the next command.
        assertTidy(run.world.disk);
        assert.equal(run.world.disk.readDirectory(`${REPOSITORY}/snapshots`).length, 1);
      }
    });
  }
}

test('on a full device all of them do their work', async () => {
  for (const command of Object.values(commands)) {
    const world = empty.fork(new Rng(1));
    const fs = new FaultyFileSystem(world.disk, { at: 1, fault: 'ENOSPC', below: STATE });
    assert.equal(await world.process(command, fs), false);
  }
});
