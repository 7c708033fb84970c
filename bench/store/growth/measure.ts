// node --expose-gc measure.ts BLOCKS FOLDER: what one block costs in a repository of that many. Prints one JSON object.
import { lstatSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Rng, sha256Hex } from '../../../src/base/index.ts';
import { createRepository, Repository, verify } from '../../../src/blocks/index.ts';
import { prune } from '../../../src/blocks/upkeep/index.ts';
import { storedBytes } from '../folders.ts';
import { ports } from '../probes/ports.ts';
import { blockAt, SyntheticWriter } from './synthetic.ts';

/** Microseconds of processor time per block, or per look-up. */
export interface Costs {
  /** Of the last tenth of the blocks put. */
  readonly ingest: number;
  /** Of a block that is there, chosen at random, and of one that is not. */
  readonly lookupHit: number;
  readonly lookupMiss: number;
  /** Of everything, every stored byte too. */
  readonly verify: number;
  /** Finding out that nothing is to be pruned. */
  readonly prune: number;
}

/** One size of repository. */
export interface Growth {
  readonly blocks: number;
  readonly micros: Costs;
  readonly openMs: number;
  /** Memory of the process while it wrote, beyond what it took before. */
  readonly writerBytes: number;
  /** Peak memory of the process over everything measured. */
  readonly peakBytes: number;
  readonly indexBytes: number;
  /** Bytes of the repository beside those of the blocks themselves. */
  readonly overheadBytes: number;
}

const lookups = 20_000;

/** Processor time since the process began, in microseconds: what waits for the disk or for others is not in it. */
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function residentBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage.rss();
}

class Measurement {
  readonly #blocks: number;
  readonly #path: string;

  constructor(blocks: number, folder: string) {
    this.#blocks = blocks;
    this.#path = `${folder}/repository`;
  }

  async run(): Promise<Growth> {
    const { ingest, writerBytes } = this.#write();
    const started = performance.now();
    new Repository({ path: this.#path }, ports, 'read').close();
    const openMs = performance.now() - started;
    const [lookupHit, lookupMiss] = [this.#lookUp(0), this.#lookUp(this.#blocks)];
    const costs = {
      ingest,
      lookupHit,
      lookupMiss,
      verify: await this.#verify(),
      prune: await this.#prune(),
    };
    return {
      blocks: this.#blocks,
      micros: costs,
      openMs,
      writerBytes,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      indexBytes: lstatSync(`${this.#path}/index.sqlite`).size,
      overheadBytes: storedBytes(this.#path) - this.#blocks * blockAt(0).length,
    };
  }

  #write(): { ingest: number; writerBytes: number } {
    createRepository({ path: this.#path }, ports);
    const before = residentBytes();
    const repository = new Repository({ path: this.#path }, ports, 'write');
    const writer = new SyntheticWriter(repository);
    const last = Math.floor(this.#blocks * 0.9);
    writer.put(0, last, 'fill');
    const started = cpuMicros();
    writer.put(last, this.#blocks, 'measured');
    writer.finish(this.#blocks);
    const ingest = (cpuMicros() - started) / (this.#blocks - last);
    const writerBytes = residentBytes() - before;
    repository.close();
    return { ingest, writerBytes };
  }

  /** Random blocks of those numbered from `first`. */
  #lookUp(first: number): number {
    const rng = new Rng(this.#blocks);
    const ids = Array.from({ length: lookups }, () => sha256Hex(blockAt(first + rng.below(this.#blocks))));
    return this.#open('read', (repository) => {
      const started = cpuMicros();
      const found = ids.filter((id) => repository.packs.holds(id)).length;
      const cost = (cpuMicros() - started) / lookups;
      if (found !== (first === 0 ? lookups : 0)) throw new Error(`${found} of ${lookups} blocks were found`);
      return cost;
    });
  }

  async #verify(): Promise<number> {
    const repository = new Repository({ path: this.#path }, ports, 'read');
    const started = cpuMicros();
    const { damage } = await verify(repository, { data: true });
    const cost = (cpuMicros() - started) / this.#blocks;
    repository.close();
    if (damage.length > 0)
      throw new Error(`the synthetic repository is damaged: ${JSON.stringify(damage[0])}`);
    return cost;
  }

  async #prune(): Promise<number> {
    const repository = new Repository({ path: this.#path }, ports, 'exclusive');
    const started = cpuMicros();
    const { deletedPacks } = await prune(repository);
    const cost = (cpuMicros() - started) / this.#blocks;
    repository.close();
    if (deletedPacks > 0) throw new Error('prune deleted packs that are in use');
    return cost;
  }

  #open<T>(mode: 'read' | 'write', work: (repository: Repository) => T): T {
    const repository = new Repository({ path: this.#path }, ports, mode);
    try {
      return work(repository);
    } finally {
      repository.close();
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , blocks = '', folder = ''] = process.argv;
  console.log(JSON.stringify(await new Measurement(Number(blocks), folder).run()));
}
