import assert from 'node:assert/strict';
import { hasCode, KIB, must, Rng } from '../../src/base/index.ts';
import { forget, prune, type RepositoryPorts, repositoryExists, verify } from '../../src/blocks/index.ts';
import type { CrashMode } from '../sim/disk/crash.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { FaultyFileSystem } from '../sim/faults.ts';
import type { Fault } from '../sim/injector.ts';
import { pick } from '../sim/noise.ts';
import { treeVersions } from '../sim/sources.ts';
import { buildTree, type Source } from '../sim/tree.ts';
import type { TreeState } from '../sim/tree-state.ts';
import { assertRestores, sourceState } from './checks.ts';
import { moveOn, syncTree } from './versions.ts';
import { opened, packSource, REPOSITORY, SOURCE, STATE, World } from './world.ts';

/** What a round went through. */
export interface SoakCounts {
  packs: number;
  prunes: number;
  failed: number;
  crashes: number;
  snapshots: number;
}

const FAULTS = [
  'kill-before',
  'kill-after',
  'EIO',
  'ENOSPC',
  'torn',
  'short',
  'all-short',
  'none',
] as const satisfies readonly (Fault | 'none')[];
const CRASHES = ['none', 'process', 'lost', 'power', 'power'] as const satisfies readonly (
  | CrashMode
  | 'none'
)[];
const VERSIONS = 6;

/** One machine through several packs of a changing tree, each with a fault and perhaps a crash. One seed, one run. */
class Round {
  readonly counts: SoakCounts = { packs: 0, prunes: 0, failed: 0, crashes: 0, snapshots: 0 };
  readonly #rng: Rng;
  readonly #sizes: RepositoryPorts['sizes'];
  /** Trees of all snapshots there ever were, by id. */
  readonly #trees = new Map<string, TreeState>();
  /** Those that are there for good: reported, or there when a later one was reported. */
  readonly #committed = new Set<string>();
  /** Those that were there at the last look. */
  #found: readonly string[] = [];
  #world: World;

  constructor(seed: number) {
    this.#rng = new Rng(seed);
    this.#world = new World(new SimFileSystem());
    this.#sizes = { packBytes: pick(this.#rng, [16, 64, 1024]) * KIB };
  }

  async run(): Promise<void> {
    const rng = this.#rng;
    const options = { files: 6 + rng.below(30), maxFileBytes: pick(rng, [2000, 20_000, 200_000]) };
    const versions = treeVersions(rng.split(), VERSIONS, options);
    this.#world.disk.makeDirectory(STATE);
    this.#place(undefined, must(versions[0], 'a version'));
    this.#world.disk.sync();
    for (const [i, version] of versions.entries()) {
      if (i > 0) this.#place(versions[i - 1], version);
      for (let again = 1 + rng.below(3); again > 0; again -= 1) await this.#step();
    }
    // In the end everything works.
    await this.#pack(this.#ports(this.#world.start()));
    await this.#check();
  }

  #place(before: Source[] | undefined, after: Source[]): void {
    const { disk } = this.#world;
    if (before === undefined) buildTree(disk, SOURCE, after);
    else moveOn(disk, SOURCE, [before, after]);
    syncTree(disk, SOURCE);
  }

  #ports(pid: number, fs?: FaultyFileSystem): RepositoryPorts {
    const ports = this.#world.ports(pid, fs);
    return { ...ports, sizes: { ...ports.sizes, ...this.#sizes } };
  }

  async #step(): Promise<void> {
    const rng = this.#rng;
    const fault = pick(rng, FAULTS);
    const at = fault === 'none' ? 0 : 1 + rng.below(rng.below(2) === 0 ? 40 : 160);
    const plan = {
      at,
      fault: fault === 'none' ? 'short' : fault,
      below: STATE,
      seed: rng.below(2 ** 31),
    } as const;
    const fs = new FaultyFileSystem(this.#world.disk, plan);
    const pid = this.#world.start();
    try {
      if (this.#found.length > 1 && rng.below(4) === 0) await this.#prune(this.#ports(pid, fs));
      else await this.#pack(this.#ports(pid, fs));
    } catch (error) {
      if (!fs.killed && !hasCode(error)) throw error;
      this.counts.failed += 1;
    }
    this.#world.end(pid);
    const crash = pick(rng, CRASHES);
    if (crash !== 'none') {
      this.#world = this.#world.fork(rng.split(), crash);
      this.counts.crashes += 1;
    }
    await this.#check();
  }

  async #pack(ports: RepositoryPorts): Promise<void> {
    this.counts.packs += 1;
    this.#world.clock.advance(60_000);
    const { errors, snapshot } = await packSource(ports, { readAll: this.#rng.below(4) === 0 });
    assert.deepEqual(errors, []);
    const id = must(snapshot, 'a snapshot');
    this.#trees.set(id, sourceState(this.#world.disk));
    // A commit makes the names of all snapshots durable, also of one whose own run did not get so far.
    for (const durable of [id, ...this.#found]) this.#committed.add(durable);
  }

  /** Forgets one snapshot, or none, and prunes: from here on that one may be there or not, the others are. */
  async #prune(ports: RepositoryPorts): Promise<void> {
    this.counts.prunes += 1;
    this.#world.clock.advance(60_000);
    const gone = must(this.#found[this.#rng.below(this.#found.length)], 'there is a snapshot');
    const forgets = this.#rng.below(3) > 0;
    if (forgets) this.#committed.delete(gone);
    const maxUnusedShare = pick(this.#rng, [0, 0.3]);
    const graceMs = pick(this.#rng, [0, 0, 3_600_000]);
    await opened(ports, 'exclusive', async (repository) => {
      if (forgets) forget(repository, { snapshots: [gone] });
      await prune(repository, { maxUnusedShare, graceMs });
    });
  }

  /** Every snapshot that is there for good is there, nothing is damaged, and one drawn by chance restores beside the newest. */
  async #check(): Promise<void> {
    const world = this.#world;
    const ports = this.#ports(world.start());
    if (!repositoryExists(REPOSITORY, ports)) {
      assert.equal(this.#committed.size, 0, 'the repository is gone');
      return;
    }
    await opened(ports, 'read', async (repository) => {
      const found = repository.snapshots.list((error) => assert.fail(error)).map(({ id }) => id);
      for (const id of this.#committed) assert.ok(found.includes(id), `snapshot ${id} is gone`);
      this.#found = found;
      const added = found.filter((id) => !this.#trees.has(id));
      assert.ok(added.length <= 1, 'at most the snapshot of the run that ended');
      for (const id of added) this.#trees.set(id, sourceState(world.disk));
      assert.deepEqual((await verify(repository, { data: true })).damage, []);
      this.counts.snapshots = found.length;
      const drawn = found[this.#rng.below(found.length)];
      for (const id of new Set([drawn, found.at(-1)])) {
        if (id !== undefined) await assertRestores(repository, id, must(this.#trees.get(id), 'its tree'));
      }
    });
  }
}

/** Runs one round; throws what went wrong. */
export async function soakRound(seed: number): Promise<SoakCounts> {
  const round = new Round(seed);
  await round.run();
  return round.counts;
}
