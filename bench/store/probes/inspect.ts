// node inspect.ts REPOSITORY: figures about the set behind a repository that holds it. What its small files take beside
// zstd -3 one by one, and how much of it is left after exact dedup alone.
import { constants, zstdCompressSync } from 'node:zlib';
import { listSnapshot, Repository } from '../../../src/blocks/index.ts';
import { fileBlocks, type TreeEntry } from '../../../src/blocks/tree/index.ts';
import { ports, repositoryOptions } from './ports.ts';

/** Bytes of some distinct blocks by different means. */
export interface Sums {
  blocks: number;
  rawBytes: number;
  /** Each block by itself with zstd -3, raw where that is smaller. */
  zstdBytes: number;
  /** In this repository: record by record, a group's bytes shared out by the lengths of its members. */
  storedBytes: number;
}

/** What the program prints. */
export interface Inspection {
  readonly rawBytes: number;
  /** Distinct blocks of all files. */
  readonly all: Sums;
  /** Distinct files of at most 16 KiB, each of which is one block. */
  readonly small: Sums;
}

const smallBytes = 16 * 1024;
const params = { [constants.ZSTD_c_compressionLevel]: 3 };

const noSums = (): Sums => ({ blocks: 0, rawBytes: 0, zstdBytes: 0, storedBytes: 0 });

/** Bytes of the packs a block takes. */
function stored({ packs }: Repository, id: string): number {
  const place = packs.locate(id);
  if (place === undefined) throw new Error(`block ${id} is in no pack`);
  const { block, table } = place;
  const record = table.recordOf[block] ?? 0;
  const disk = (table.offsets[record + 1] ?? 0) - (table.offsets[record] ?? 0);
  const members = table.rawLengths.subarray(table.firstBlock[record], table.firstBlock[record + 1]);
  return (disk * (table.rawLengths[block] ?? 0)) / members.reduce((sum, length) => sum + length, 0);
}

function add(sums: Sums, repository: Repository, id: string): void {
  const raw = repository.reader.read(id);
  sums.blocks += 1;
  sums.rawBytes += raw.length;
  sums.zstdBytes += Math.min(
    raw.length,
    zstdCompressSync(raw, { params, pledgedSrcSize: raw.length }).length,
  );
  sums.storedBytes += stored(repository, id);
}

class Inspector {
  readonly #repository: Repository;
  readonly #seen = new Set<string>();
  readonly #all = noSums();
  readonly #small = noSums();
  #rawBytes = 0;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  run(): Inspection {
    for (const { entry } of listSnapshot(this.#repository, 'latest')) {
      if (entry.type === 'file') this.#file(entry);
    }
    return { rawBytes: this.#rawBytes, all: this.#all, small: this.#small };
  }

  #file(entry: Extract<TreeEntry, { type: 'file' }>): void {
    this.#rawBytes += entry.size;
    for (const { id } of fileBlocks(entry, (node) => this.#repository.reader.read(node))) {
      if (this.#seen.has(id)) continue;
      this.#seen.add(id);
      add(this.#all, this.#repository, id);
      if (entry.size <= smallBytes) add(this.#small, this.#repository, id);
    }
  }
}

const repository = new Repository(repositoryOptions(), ports, 'read');
console.log(JSON.stringify(new Inspector(repository).run()));
repository.close();
