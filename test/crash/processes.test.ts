// Several real processes in one repository on a real disk.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must } from '../../src/base/index.ts';
import type { TreeState } from '../sim/tree-state.ts';
import { temporaryFolder } from '../support.ts';
import { assertRestoresTo, assertVerifies, openedHere, place, realVersions, Writer } from './real.ts';

const ROUNDS = 12;
const WRITERS = 2;

function killAll(writers: readonly Writer[]): void {
  for (const writer of writers) writer.kill();
}

test('two processes pack at once, many times: nothing is lost', async (t) => {
  const folder = temporaryFolder(t);
  const at = { repository: join(folder, 'repository'), cacheDirectory: join(folder, 'cache') };
  const writers = Array.from({ length: WRITERS }, () => new Writer());
  t.after(() => killAll(writers));
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
  t.after(() => killAll([holder, packer]));
  const source = join(folder, 'source');
  place(source, must(realVersions(2, 1)[0], 'a version'));
  const inRoom = (room: string): string[] => readdirSync(join(at.repository, room));
  const pack = async (): Promise<void> =>
    assert.equal((await packer.ask({ ...at, source }))?.failure, undefined);

  await pack();
  await holder.ask({ ...at, source, hold: true });
  const [lock] = inRoom('locks');
  const temporary = `${must(lock?.split('.').at(-1), 'the lock names its writer')}-0`;
  writeFileSync(join(at.repository, 'tmp', temporary), 'half a pack');
  await pack();
  assert.deepEqual([inRoom('locks'), inRoom('tmp')], [[lock], [temporary]]);

  holder.kill();
  await holder.ended;
  await pack();
  assert.deepEqual([inRoom('locks'), inRoom('tmp')], [[], []]);
  await packer.end();
});

test('a copy made while a process writes opens and restores what was committed before', async (t) => {
  const folder = temporaryFolder(t);
  const at = { repository: join(folder, 'repository'), cacheDirectory: join(folder, 'cache') };
  const writer = new Writer();
  t.after(() => writer.kill());
  const source = join(folder, 'source');
  const states = new Map<string, TreeState>();
  let copies = 0;
  for (const [round, version] of realVersions(4, 6, 300_000).entries()) {
    const state = place(source, version);
    const before = [...states.keys()];
    let isOver = false;
    const answer = writer.ask({ ...at, source }).then((answer) => {
      isOver = true;
      return answer;
    });
    for (let i = 0; !isOver && round > 0; i += 1) {
      const copy = join(folder, `copy-${round}-${i}`);
      copyInNameOrder(at.repository, copy);
      copies += 1;
      await openedHere({ ...at, repository: copy }, async (repository) => {
        await assertVerifies(repository);
        const found = repository.snapshots.list((error) => assert.fail(error)).map(({ id }) => id);
        for (const id of before) assert.ok(found.includes(id));
        const last = must(before.at(-1), 'a snapshot before');
        const expected = must(states.get(last), 'its tree');
        await assertRestoresTo(repository, last, { target: join(folder, 'restored'), expected });
      });
      // Lets the answer in.
      await new Promise((resolve) => setImmediate(resolve));
    }
    states.set(must((await answer)?.snapshot, 'a snapshot'), state);
  }
  await writer.end();
  assert.ok(copies >= 5, `${copies} copies`);
});

/** File by file, as any tool does; what vanishes between listing and reading is left out. */
function copyInNameOrder(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyInNameOrder(source, target);
    else copyIfThere(source, target);
  }
}

function copyIfThere(source: string, target: string): void {
  try {
    copyFileSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
