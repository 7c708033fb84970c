// Several real processes in one repository on a real disk.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must } from '../../src/base/index.ts';
import type { TreeState } from '../sim/tree-state.ts';
import { temporaryFolder } from '../support.ts';
import { assertRestoresTo, assertVerifies, openedHere, place, realVersions, Writer } from './real.ts';

const ROUNDS = 12;
const WRITERS = 2;

test('two processes pack at once, many times: nothing is lost', async (t) => {
  const folder = temporaryFolder(t);
  const at = { repository: join(folder, 'repository'), cacheDirectory: join(folder, 'cache') };
  const writers = Array.from({ length: WRITERS }, () => new Writer());
  t.after(() => writers.forEach((writer) => writer.kill()));
  // Equal seeds: the trees have nearly all in common, and the processes store it at the same time.
  const versions = realVersions(1, ROUNDS + WRITERS);
  const committed: { id: string; state: TreeState }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const jobs = writers.map((writer, i) => {
      const source = join(folder, `source-${i}`);
      const state = place(source, must(versions[round + i], 'a version'));
      return { writer, source, state };
    });
    const answers = jobs.map(({ writer, source }) => writer.ask({ ...at, source }));
    // A reader beside them restores what was committed before.
    const reading = round === 0 ? undefined : restoreOne(must(committed[round], 'a snapshot'));
    for (const [i, answer] of (await Promise.all(answers)).entries()) {
      assert.deepEqual([answer?.failure, answer?.errors], [undefined, []]);
      committed.push({ id: must(answer?.snapshot, 'a snapshot'), state: must(jobs[i], 'a job').state });
    }
    await reading;
  }

  async function restoreOne({ id, state }: { id: string; state: TreeState }): Promise<void> {
    await openedHere(at, (repository) =>
      assertRestoresTo(repository, id, { target: join(folder, 'read'), expected: state }),
    );
  }

  await Promise.all(writers.map((writer) => writer.end()));
  await openedHere(at, async (repository) => {
    await assertVerifies(repository);
    assert.equal(repository.snapshots.list((error) => assert.fail(error)).length, committed.length);
    for (const { id, state } of committed) {
      await assertRestoresTo(repository, id, { target: join(folder, 'restored'), expected: state });
    }
  });
  assert.deepEqual(readdirSync(join(at.repository, 'tmp')), []);
  assert.deepEqual(readdirSync(join(at.repository, 'locks')), []);
});

test('files of a process that lives stay, those of one that was killed go', async (t) => {
  const folder = temporaryFolder(t);
  const at = { repository: join(folder, 'repository'), cacheDirectory: join(folder, 'cache') };
  const [holder, packer] = [new Writer(), new Writer()];
  t.after(() => [holder, packer].forEach((writer) => writer.kill()));
  const source = join(folder, 'source');
  place(source, must(realVersions(2, 1)[0], 'a version'));
  const inRoom = (room: string): string[] => readdirSync(join(at.repository, room));
  const pack = async (): Promise<void> => assert.equal((await packer.ask({ ...at, source }))?.failure, undefined);

  await pack();
  await holder.ask({ ...at, source, hold: true });
  const [lock] = inRoom('locks');
  const writerId = must(lock?.split('.').at(-1), 'the lock names its writer');
  mkdirSync(join(at.repository, 'tmp'), { recursive: true });
  place(join(at.repository, 'tmp', `${writerId}-0`), []);
  await pack();
  assert.deepEqual([inRoom('locks'), inRoom('tmp')], [[lock], [`${writerId}-0`]]);

  holder.kill();
  await holder.ended;
  // A directory cannot be unlinked: a file, as a writer would have left it.
  await packer.end();
});
