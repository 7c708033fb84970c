// A repository of any number of blocks whose bytes do not matter: each is 256 bytes, everything around it is what the
// store does for one of 64 KiB. Ids, look-ups, resemblance, records, packs, index and trees are the real ones.
import type { CID } from 'multiformats/cid';
import { sha256Hex } from '../../../src/base/index.ts';
import { ResemblanceIndex } from '../../../src/blocks/bases/index.ts';
import type { Repository } from '../../../src/blocks/index.ts';
import { PackWriter, RECORD_TYPES } from '../../../src/blocks/pack/index.ts';
import { DirectoryWriter, FileListWriter, type Owner } from '../../../src/blocks/tree/index.ts';

/** 32 MiB of blocks that were 64 KiB and take half. */
const packBlocks = 1024;
/** Blocks of one file of 64 MiB. */
const fileBlocks = 1024;
/** As a writer has by default. */
const resemblanceBytes = 48 * 1024 * 1024;
const blockBytes = 256;
const featureCount = 12;
const owner: Owner = [0, 0, '', ''];

/** The bytes of block `number`. */
export function blockAt(number: number): Buffer {
  const bytes = Buffer.alloc(blockBytes);
  bytes.writeDoubleLE(number);
  return bytes;
}

/** Puts blocks the way the store's writer does, without the work on their bytes. */
export class SyntheticWriter {
  readonly #repository: Repository;
  readonly #resemblance = new ResemblanceIndex(resemblanceBytes);
  readonly #files: { name: string; size: number; content: CID | null }[] = [];
  readonly #features = new Uint32Array(featureCount);
  #pack: PackWriter | undefined;
  #open = new Set<string>();
  #packs = 0;
  #fills = false;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /**
   * Puts blocks `from` to `to` as files of the snapshot. Those that only make the repository large are known to be new
   * and are not asked about: `fill` takes half the time.
   */
  put(from: number, to: number, how: 'measured' | 'fill'): void {
    this.#fills = how === 'fill';
    for (let at = from; at < to; at += fileBlocks) this.#file(at, Math.min(to, at + fileBlocks));
  }

  /** Commits everything as one snapshot. */
  finish(blocks: number): void {
    const directory = new DirectoryWriter((bytes) => this.#block(bytes));
    for (const { name, size, content } of this.#files) {
      const meta = {
        name: Buffer.from(name),
        mode: 0o644,
        owner,
        mtimeNs: 0n,
        xattrs: [],
        hardLink: undefined,
      };
      directory.add({ ...meta, type: 'file', size, content });
    }
    const root = directory.finish();
    this.#publish();
    const about = { version: 1 as const, timeMs: 0, host: 'bench', tags: [], paths: [], errors: 0 };
    this.#repository.publishSnapshot({
      ...about,
      root,
      files: this.#files.length,
      bytes: blocks * blockBytes,
    });
  }

  #file(from: number, to: number): void {
    const list = new FileListWriter((bytes) => this.#block(bytes));
    for (let number = from; number < to; number++) list.add(this.#block(blockAt(number)), blockBytes);
    const size = (to - from) * blockBytes;
    this.#files.push({ name: String(from).padStart(12, '0'), size, content: list.finish() });
  }

  #block(raw: Uint8Array): string {
    const id = sha256Hex(raw);
    if (!this.#fills) {
      if (this.#open.has(id) || this.#repository.packs.holds(id)) return id;
      this.#resemble(id, raw.length);
    }
    this.#pack ??= this.#newPack();
    const record = { type: RECORD_TYPES.block, codec: 'none', rawLength: raw.length, payload: raw } as const;
    this.#pack.append(record, { depth: 0, blocks: [{ id, rawLength: raw.length }] });
    this.#open.add(id);
    if (this.#open.size >= packBlocks) this.#publish();
    return id;
  }

  /** Features out of the id: as good as chance, so nothing resembles anything and every bucket fills evenly. */
  #resemble(id: string, rawLength: number): void {
    for (let i = 0; i < featureCount; i++)
      this.#features[i] = Number.parseInt(id.slice(4 * i, 4 * i + 4), 16);
    this.#resemblance.find(this.#features, { count: 1, depthLimit: 4, minShared: 2 });
    this.#resemblance.add(this.#features, { id, depth: 0, rawLength });
  }

  #newPack(): PackWriter {
    const { layout, lock, ports, sealer } = this.#repository;
    const path = layout.temporary(lock.writerId, String(this.#packs++));
    return new PackWriter(ports.fs, path, sealer);
  }

  #publish(): void {
    if (this.#pack === undefined) return;
    const { layout, ports, packs } = this.#repository;
    const finished = this.#pack.finish();
    ports.fs.rename(finished.path, layout.pack(finished.name));
    packs.add(finished.name);
    this.#pack = undefined;
    this.#open = new Set();
  }
}
