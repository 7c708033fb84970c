import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { PilotfishError } from '../../base/index.ts';

/**
 * Tree nodes are canonical DAG-CBOR (RFC 8949 with IPLD's rules), so each has a CID and equal directories have equal
 * roots. Numbers that repeat stand in arrays; entries are tuples. A directory or a chunk list with more than
 * FAN_OUT entries is split, in order, under nodes that list the parts.
 *
 *   directory := { t: "dir",   o: [[uid, gid, user, group] …], e: [entry …] }   entries sorted by raw name
 *   parts     := { t: "parts", p: [[first name, CID] …] }                       parts of one directory
 *   entry     := [name bytes, type, mode, owner index, mtime ns, value, (extra)]
 *   file      := { t: "file",  l: [raw length …], c: [CID …] }                  blocks, or file nodes below it
 *
 *   type value                      extra := { h?: path of the first hard link, x?: [[name, value] …] }
 *   0 file     [size, null | CID]   raw CID: one block; dag-cbor CID: file node; null: empty
 *   1 directory CID                 2 symlink target bytes       3 fifo null
 *   4 character device number       5 block device number
 */
export const FAN_OUT = 1024;
/** A node is closed early at this size, so that long names and attributes cannot outgrow a block. */
export const NODE_BYTES = 256 * 1024;

export const ENTRY_TYPES = {
  file: 0,
  directory: 1,
  symlink: 2,
  fifo: 3,
  characterDevice: 4,
  blockDevice: 5,
} as const;

export type Owner = readonly [uid: number, gid: number, user: string, group: string];
export type XattrPair = readonly [name: Uint8Array, value: Uint8Array];

/** What an entry has whatever it is. */
export interface EntryMeta {
  /** Raw bytes; need not be UTF-8. */
  readonly name: Uint8Array;
  readonly mode: number;
  readonly owner: Owner;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly XattrPair[];
  /** Path (from the root of the snapshot, raw bytes) of the first entry of the same file. */
  readonly hardLink: Uint8Array | undefined;
}

export type TreeEntry = EntryMeta &
  (
    | { readonly type: 'file'; readonly size: number; readonly content: CID | null }
    | { readonly type: 'directory'; readonly node: CID }
    | { readonly type: 'symlink'; readonly target: Uint8Array }
    | { readonly type: 'fifo' }
    | { readonly type: 'character-device' | 'block-device'; readonly deviceNumber: bigint }
  );

const SHA2_256 = 0x12;
const RAW = 0x55;
const DAG_CBOR = 0x71;

/** CID of a data block. */
export function rawCid(id: string): CID {
  return CID.createV1(RAW, createDigest(SHA2_256, Buffer.from(id, 'hex')));
}

/** CID of a tree node. */
export function nodeCid(id: string): CID {
  return CID.createV1(DAG_CBOR, createDigest(SHA2_256, Buffer.from(id, 'hex')));
}

/** The block id a CID stands for, and whether it is a node. Throws DAMAGED for foreign CIDs. */
export function blockOf(cid: CID): { id: string; isNode: boolean } {
  const { code, digest } = cid.multihash;
  if (code !== SHA2_256 || digest.length !== 32 || (cid.code !== RAW && cid.code !== DAG_CBOR)) {
    throw badNode('a link is of a kind this store never writes');
  }
  return { id: Buffer.from(digest).toString('hex'), isNode: cid.code === DAG_CBOR };
}

export function badNode(reason: string, cause?: unknown): PilotfishError {
  return new PilotfishError('DAMAGED', `a tree node does not parse (${reason}): run \`pilotfish verify\``, {
    cause,
  });
}

/** Canonical bytes of a node. */
export function encodeNode(node: unknown): Uint8Array {
  return dagCbor.encode(node);
}

/** The value a node holds; its shape is checked by the parsers. */
export function decodeNode(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = dagCbor.decode(bytes);
  } catch (cause) {
    throw badNode('not canonical DAG-CBOR', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badNode('not a map');
  return value as Record<string, unknown>;
}
