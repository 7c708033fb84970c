import { createHash } from 'node:crypto';
import {
  asRepositoryError,
  closeReader,
  type ErrorCode,
  hasCode,
  PilotfishError,
  Rng,
  readAt,
} from '../../base/index.ts';
import { blockIdAt } from '../pack/index.ts';
import { leftovers, temporaryWriter } from '../repo/index.ts';
import type { Repository } from '../session/index.ts';
import { type Problem, Problems } from '../session/index.ts';
import { TreeVerifier } from './verify-tree.ts';

export interface VerifyOptions {
  /** Read and check every stored byte. */
  readonly data?: boolean;
  /** Read and check this share of the packs, 0 to 1, chosen by chance. */
  readonly sampleShare?: number;
  readonly onProgress?: (done: { packs: number; totalPacks: number; blocks: number }) => void;
  readonly onProblem?: (problem: Problem) => void;
  readonly signal?: AbortSignal;
}

export interface VerifyResult {
  readonly snapshots: number;
  readonly packs: number;
  readonly blocks: number;
  /** Blocks whose bytes were read and checked. */
  readonly checkedBlocks: number;
  /** Temporary files of writers that are gone: not damage, the next `pack` removes them. */
  readonly leftovers: number;
  /** Packs no snapshot refers to: what a writer left that was stopped before its commit, or is not done yet. */
  readonly unusedPacks: number;
  /** What is wrong, the first 10 000 of it. */
  readonly damage: readonly Problem[];
  readonly damageCount: number;
}

const FATAL: ReadonlySet<ErrorCode> = new Set(['INTERNAL', 'INTERRUPTED']);
const READ_BYTES = 1024 * 1024;

/**
 * Checks a repository: every snapshot and directory is read, every block they need is in a pack whose table is sound;
 * with `data` or a sample, packs are read whole and their blocks decoded and hashed. Tells DAMAGED, MISSING and
 * TRUNCATED apart and names the files concerned.
 */
export async function verify(repository: Repository, options: VerifyOptions = {}): Promise<VerifyResult> {
  const run = new VerifyRun(repository, options);
  await run.checkPacks();
  await run.checkSnapshots();
  return run.result();
}

class VerifyRun {
  readonly #repository: Repository;
  readonly #options: VerifyOptions;
  readonly #damage: Problems;
  readonly #badBlocks = new Set<string>();
  readonly #usedPacks = new Set<string>();
  #snapshots = 0;
  #packs: string[] = [];
  #blocks = 0;
  #checkedBlocks = 0;

  constructor(repository: Repository, options: VerifyOptions) {
    this.#repository = repository;
    this.#options = options;
    this.#damage = new Problems(options.onProblem);
  }

  async checkPacks(): Promise<void> {
    const { packs, ports } = this.#repository;
    this.#packs = packs.packNames();
    const rng = new Rng(ports.random(8).readBigUInt64LE(0));
    const share = this.#options.data === true ? 1 : (this.#options.sampleShare ?? 0);
    let done = 0;
    // A sample of nothing would say nothing: one pack is always in it.
    const always = this.#packs[rng.below(this.#packs.length)];
    for (const name of this.#packs) {
      this.#checkTable(name);
      if (share > 0 && (share >= 1 || name === always || rng.next() < share)) this.#checkBytes(name);
      done += 1;
      this.#options.onProgress?.({
        packs: done,
        totalPacks: this.#packs.length,
        blocks: this.#checkedBlocks,
      });
      await this.#turn();
    }
  }

  async checkSnapshots(): Promise<void> {
    const { snapshots } = this.#repository;
    const all = snapshots.list((error) =>
      this.#damage.add(error.path ?? 'snapshots', error.code, error.message),
    );
    this.#snapshots = all.length;
    let label = '';
    const tree = new TreeVerifier({
      read: (id) => {
        this.#use(id);
        return this.#repository.reader.read(id);
      },
      use: (id, length) => this.#use(id, length),
      note: (path, error) => this.#note(`${label}:${path.toString()}`, error),
      turn: () => this.#turn(),
    });
    for (const snapshot of all) {
      label = snapshot.id.slice(0, 12);
      await this.#turn();
      await tree.directory(snapshot.root, Buffer.alloc(0), 0);
    }
  }

  result(): VerifyResult {
    return {
      snapshots: this.#snapshots,
      packs: this.#packs.length,
      blocks: this.#blocks,
      checkedBlocks: this.#checkedBlocks,
      leftovers: countLeftovers(this.#repository),
      unusedPacks: this.#packs.filter((name) => !this.#usedPacks.has(name)).length,
      damage: this.#damage.list,
      damageCount: this.#damage.count,
    };
  }

  #checkTable(name: string): void {
    const { packs, layout } = this.#repository;
    try {
      this.#blocks += packs.table(name).blockCount;
    } catch (error) {
      this.#note(layout.pack(name), error);
    }
  }

  #checkBytes(name: string): void {
    const { packs, reader, layout } = this.#repository;
    this.#checkName(name);
    try {
      const table = packs.table(name);
      for (let block = 0; block < table.blockCount; block++) {
        const id = blockIdAt(table, block);
        try {
          reader.readPlace({ pack: name, block, table });
          this.#checkedBlocks += 1;
        } catch (error) {
          this.#badBlocks.add(id);
          this.#note(layout.pack(name), error);
        }
      }
    } catch (error) {
      this.#note(layout.pack(name), error);
    }
  }

  #checkName(name: string): void {
    const path = this.#repository.layout.pack(name);
    try {
      if (this.#hashFile(path) === name) return;
      this.#damage.add(path, 'DAMAGED', 'its bytes do not hash to its name: some were changed');
    } catch (error) {
      // The device may give the rest of it all the same: which blocks are lost, reading each of them says.
      this.#note(path, error);
    }
  }

  #hashFile(path: string): string {
    const { fs } = this.#repository.ports;
    let fd: number | undefined;
    try {
      const hash = createHash('sha256');
      fd = fs.open(path, 'read');
      for (let position = 0; ; ) {
        const bytes = readAt(fs, fd, position, READ_BYTES);
        hash.update(bytes);
        position += bytes.length;
        if (bytes.length < READ_BYTES) return hash.digest('hex');
      }
    } catch (error) {
      throw asRepositoryError(error, path);
    } finally {
      if (fd !== undefined) closeReader(fs, fd);
    }
  }

  /** Throws when the block is not there, known to be bad, or of another length than its file says. */
  #use(id: string, length?: number): void {
    const place = this.#repository.packs.locateOrRebuild(id);
    if (place === undefined) throw new PilotfishError('MISSING', `block ${id} is in no readable pack`);
    const stored = place.table.rawLengths[place.block];
    if (length !== undefined && length !== stored) {
      throw new PilotfishError('DAMAGED', `block ${id} has ${stored} bytes, its file says ${length}`);
    }
    this.#usedPacks.add(place.pack);
    // A damaged block may have been stored again elsewhere: if not, reading it says what is wrong.
    if (this.#badBlocks.has(id)) this.#repository.reader.read(id);
  }

  #note(path: string, error: unknown): void {
    if (!hasCode(error) || FATAL.has(error.code)) throw error;
    this.#damage.add(path, error.code, error.message);
  }

  async #turn(): Promise<void> {
    await this.#repository.ports.clock.turn();
    if (this.#options.signal?.aborted)
      throw new PilotfishError('INTERRUPTED', 'interrupted: run the command again');
  }
}

function countLeftovers(repository: Repository): number {
  const { ports, layout } = repository;
  return leftovers({ ...ports, layout }, layout.tmp, temporaryWriter).length;
}
