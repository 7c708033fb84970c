// Repositories no Pilotfish would write: for tests of what reading must survive.
import * as dagCbor from '@ipld/dag-cbor';
import type { CID } from 'multiformats/cid';
import { sha256Hex } from '../../src/base/index.ts';
import { PackWriter, RECORD_TYPES } from '../../src/blocks/pack/index.ts';
import { nodeCid, rawCid } from '../../src/blocks/tree/index.ts';
import type { Workbench } from './workbench.ts';

/** Stores blocks and nodes of any content. */
export interface Forger {
  data(bytes: Uint8Array | string): CID;
  node(value: unknown): CID;
  /** A directory node; each entry is `[name, type, value]` and, where given, what else an entry holds. */
  directory(...entries: readonly ForgedEntry[]): CID;
}

export type ForgedEntry = readonly [name: string | Uint8Array, type: number, value: unknown, extra?: object];

export const FILE = 0;
export const DIRECTORY = 1;
export const SYMLINK = 2;

const bytesOf = (text: string | Uint8Array): Uint8Array => new Uint8Array(Buffer.from(text));

/** Commits a snapshot whose root is what `build` returns; returns its id. */
export function forgeSnapshot(bench: Workbench, build: (forger: Forger) => CID): Promise<string> {
  bench.clock.advance(60_000);
  return bench.open((repository) => {
    const { layout, sealer, lock, ports } = repository;
    const writer = new PackWriter(ports.fs, layout.temporary(lock.writerId, 'forged'), sealer);
    const known = new Set<string>();
    const put = (raw: Uint8Array): string => {
      const id = sha256Hex(raw);
      if (known.has(id)) return id;
      known.add(id);
      const record = {
        type: RECORD_TYPES.block,
        codec: 'none',
        rawLength: raw.length,
        payload: raw,
      } as const;
      writer.append(record, { depth: 0, blocks: [{ id, rawLength: raw.length }] });
      return id;
    };
    const node = (value: unknown): CID => nodeCid(put(dagCbor.encode(value)));
    const entryOf = ([name, type, value, extra]: ForgedEntry): unknown[] => {
      const tuple = [bytesOf(name), type, 0o755, 0, 0, value];
      return extra === undefined ? tuple : [...tuple, extra];
    };
    const root = build({
      data: (bytes) => rawCid(put(bytesOf(bytes))),
      node,
      directory: (...entries) => node({ t: 'dir', o: [[0, 0, '', '']], e: entries.map(entryOf) }),
    });
    const pack = writer.finish();
    ports.fs.rename(pack.path, layout.pack(pack.name));
    const facts = {
      timeMs: ports.clock.nowMs(),
      host: 'forger',
      tags: [],
      paths: [],
      files: 0,
      bytes: 0,
      errors: 0,
    };
    return repository.snapshots.add({ version: 1, root, ...facts }, lock.writerId).id;
  }, 'write');
}
