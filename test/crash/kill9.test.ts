// kill -9 of a real process at random moments.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { must, Rng } from '../../src/base/index.ts';
import type { TreeState } from '../sim/tree-state.ts';
import { temporaryFolder } from '../support.ts';
import { realPorts } from './child.ts';
import { assertRestoresTo, assertVerifies, openedHere, place, realVersions, Writer } from './real.ts';
import { packSource } from './world.ts';

const AT_CALL_ROUNDS = 10;
const BY_GROWTH_ROUNDS = 6;
/** Longer than a process takes to do all its work. */
const PATIENCE_MS = 20_000;

/** One repository that outlives one killed writer after the other. */
class Victim {
  readonly #folder: string;
  readonly #at: { repository: string; cacheDirectory: string };
  readonly #source: string;
  readonly #committed = new Map<string, TreeState>();
  #current: TreeState = new Map();

  constructor(folder: string) {
    this.#folder = folder;
    this.#at = { repository: join(folder, 'repository'), cacheDirectory: join(folder, 'cache') };
    this.#source = join(folder, 'source');
  }

  get job() {
    return { ...this.#at, source: this.#source };
  }

  changeTo(version: Parameters<typeof place>[1]): void {
    this.#current = place(this.#source, version);
  }

  /** Bytes in packs, finished and begun. */
  storedBytes(): number {
    return ['store', 'tmp'].reduce((sum, room) => sum + roomBytes(join(this.#at.repository, room)), 0);
  }

  /** Opens, checks and restores what is committed; then the same command again succeeds and leaves nothing behind. */
  async surviveAndRetry(): Promise<void> {
    if (readdirSync(this.#folder).includes('repository')) await this.#survive();
    const { snapshot, errors } = await packSource(
      realPorts(this.#at.cacheDirectory),
      { paths: [Buffer.from(this.#source)] },
      this.#at.repository,
    );
    assert.deepEqual(errors, []);
    this.#committed.set(must(snapshot, 'a snapshot'), this.#current);
    await openedHere(this.#at, async (repository) => {
      await assertVerifies(repository);
      await this.#assertRestores(repository, must(snapshot, 'a snapshot'));
    });
    for (const room of ['locks', 'tmp']) assert.deepEqual(readdirSync(join(this.#at.repository, room)), []);
    const caches = readdirSync(this.#at.cacheDirectory);
    assert.equal(caches.length, 1, caches.join(' '));
  }

  async #survive(): Promise<void> {
    if (!readdirSync(this.#at.repository).includes('config')) return;
    await openedHere(this.#at, async (repository) => {
      await assertVerifies(repository);
      const found = repository.snapshots.list((error) => assert.fail(error)).map(({ id }) => id);
      const added = found.filter((id) => !this.#committed.has(id));
      assert.ok(added.length <= 1);
      for (const id of added) this.#committed.set(id, this.#current);
      for (const id of this.#committed.keys()) assert.ok(found.includes(id), 'a committed snapshot is there');
      await this.#assertRestores(
        repository,
        must(found.at(-1) ?? [...this.#committed.keys()].at(-1) ?? '', 'one'),
      );
    });
  }

  async #assertRestores(repository: Parameters<typeof assertRestoresTo>[0], id: string): Promise<void> {
    if (id === '') return;
    const expected = must(this.#committed.get(id), 'the tree of the snapshot');
    await assertRestoresTo(repository, id, { target: join(this.#folder, 'restored'), expected });
  }
}

function roomBytes(path: string): number {
  try {
    return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
  } catch {
    // Not there yet, or renamed between listing and looking.
    return 0;
  }
}

test('killed before a call drawn by chance', async (t) => {
  const victim = new Victim(temporaryFolder(t));
  const rng = new Rng(1);
  const versions = realVersions(3, AT_CALL_ROUNDS);
  let killed = 0;
  for (let round = 0; round < AT_CALL_ROUNDS; round += 1) {
    victim.changeTo(must(versions[round], 'a version'));
    const writer = new Writer();
    t.after(() => writer.kill());
    // About 90 calls while the repository is created, 60 afterwards.
    const answer = await writer.ask({ ...victim.job, killAt: 1 + rng.below(round === 0 ? 90 : 60) });
    assert.equal(answer?.failure, undefined);
    if (answer === undefined) killed += 1;
    await writer.end();
    await victim.surviveAndRetry();
  }
  assert.ok(killed >= AT_CALL_ROUNDS / 2, `${killed} of ${AT_CALL_ROUNDS} were killed at work`);
});

test('killed from outside when the repository has grown by a length drawn by chance', async (t) => {
  const victim = new Victim(temporaryFolder(t));
  const rng = new Rng(2);
  let killed = 0;
  for (let round = 0; round < BY_GROWTH_ROUNDS; round += 1) {
    // New content each time, so that there is something to write.
    victim.changeTo(must(realVersions(100 + round, 1, 600_000)[0], 'a version'));
    const writer = new Writer();
    t.after(() => writer.kill());
    const goal = victim.storedBytes() + rng.below(500_000);
    const answer = writer.ask(victim.job);
    const deadline = Date.now() + PATIENCE_MS;
    let isOver = false;
    void answer.then(() => {
      isOver = true;
    });
    while (!isOver && victim.storedBytes() <= goal && Date.now() < deadline) await sleep(1);
    writer.kill();
    if ((await answer) === undefined) killed += 1;
    await writer.ended;
    await victim.surviveAndRetry();
  }
  t.diagnostic(`${killed} of ${BY_GROWTH_ROUNDS} were killed at work`);
});
