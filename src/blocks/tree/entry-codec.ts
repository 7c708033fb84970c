import { CID } from 'multiformats/cid';
import {
  badNode,
  decodeNode,
  ENTRY_TYPES,
  type EntryMeta,
  encodeNode,
  type Owner,
  type TreeEntry,
  type XattrPair,
} from './node.ts';

type Tuple = unknown[];

/** Canonical bytes of a directory node; `entries` are in name order. */
export function encodeDirectory(entries: readonly TreeEntry[]): Uint8Array {
  const owners: Owner[] = [];
  const known = new Map<string, number>();
  const tuples = entries.map((entry) => {
    const key = entry.owner.join('\0');
    let owner = known.get(key);
    if (owner === undefined) {
      owner = owners.push(entry.owner) - 1;
      known.set(key, owner);
    }
    return encodeEntry(entry, owner);
  });
  return encodeNode({ t: 'dir', o: owners, e: tuples });
}

function encodeEntry(entry: TreeEntry, owner: number): Tuple {
  const [type, value] = typeAndValue(entry);
  const tuple: Tuple = [entry.name, type, entry.mode, owner, entry.mtimeNs, value];
  const extra: Record<string, unknown> = {};
  if (entry.hardLink !== undefined) extra.h = entry.hardLink;
  if (entry.xattrs.length > 0) extra.x = entry.xattrs;
  if (Object.keys(extra).length > 0) tuple.push(extra);
  return tuple;
}

function typeAndValue(entry: TreeEntry): [number, unknown] {
  switch (entry.type) {
    case 'file':
      return [ENTRY_TYPES.file, [entry.size, entry.content]];
    case 'directory':
      return [ENTRY_TYPES.directory, entry.node];
    case 'symlink':
      return [ENTRY_TYPES.symlink, entry.target];
    case 'fifo':
      return [ENTRY_TYPES.fifo, null];
    case 'character-device':
      return [ENTRY_TYPES.characterDevice, entry.deviceNumber];
    case 'block-device':
      return [ENTRY_TYPES.blockDevice, entry.deviceNumber];
  }
}

/** A directory node read back: its entries, or its parts. Throws DAMAGED. */
export type DirectoryNode = { readonly entries: TreeEntry[] } | { readonly parts: CID[] };

export function decodeDirectory(bytes: Uint8Array): DirectoryNode {
  const node = decodeNode(bytes);
  if (node.t === 'parts') return { parts: list(node.p).map((part) => link(list(part)[1])) };
  if (node.t !== 'dir') throw badNode('not a directory');
  const owners = list(node.o).map(parseOwner);
  return { entries: list(node.e).map((tuple) => parseEntry(list(tuple), owners)) };
}

function parseEntry(tuple: Tuple, owners: readonly Owner[]): TreeEntry {
  const [name, type, mode, ownerIndex, mtimeNs, value, extra] = tuple;
  const owner = owners[count(ownerIndex)];
  if (owner === undefined) throw badNode('an owner is missing');
  const { h, x } = (extra ?? {}) as { h?: unknown; x?: unknown };
  const meta: EntryMeta = {
    name: safeName(name),
    mode: count(mode) & 0o7777,
    owner,
    mtimeNs: integer(mtimeNs),
    xattrs: x === undefined ? [] : list(x).map(parseXattr),
    hardLink: h === undefined ? undefined : binary(h),
  };
  return { ...meta, ...parseValue(count(type), value) } as TreeEntry;
}

function parseValue(type: number, value: unknown): object {
  switch (type) {
    case ENTRY_TYPES.file: {
      const [size, content] = list(value);
      return { type: 'file', size: count(size), content: content === null ? null : link(content) };
    }
    case ENTRY_TYPES.directory:
      return { type: 'directory', node: link(value) };
    case ENTRY_TYPES.symlink:
      return { type: 'symlink', target: linkTarget(value) };
    case ENTRY_TYPES.fifo:
      return { type: 'fifo' };
    case ENTRY_TYPES.characterDevice:
      return { type: 'character-device', deviceNumber: integer(value) };
    case ENTRY_TYPES.blockDevice:
      return { type: 'block-device', deviceNumber: integer(value) };
    default:
      throw badNode(`entry type ${type} is unknown`);
  }
}

const MAX_NAME_BYTES = 255;
const MAX_TARGET_BYTES = 4096;

/** A name that can only mean an entry of its own directory: the parser is what keeps a restore in its target. */
function safeName(value: unknown): Uint8Array {
  const name = binary(value);
  const dots = (name.length === 1 || name.length === 2) && name.every((byte) => byte === 0x2e);
  if (name.length === 0 || name.length > MAX_NAME_BYTES || dots || name.includes(0x2f) || name.includes(0)) {
    throw badNode('a name that is no file name');
  }
  return name;
}

function linkTarget(value: unknown): Uint8Array {
  const target = binary(value);
  if (target.length === 0 || target.length > MAX_TARGET_BYTES || target.includes(0))
    throw badNode('a link target');
  return target;
}

function parseOwner(value: unknown): Owner {
  const [uid, gid, user, group] = list(value);
  if (typeof user !== 'string' || typeof group !== 'string') throw badNode('an owner without names');
  return [count(uid), count(gid), user, group];
}

function parseXattr(value: unknown): XattrPair {
  const [name, content] = list(value);
  return [binary(name), binary(content)];
}

export function list(value: unknown): Tuple {
  if (!Array.isArray(value)) throw badNode('a list is missing');
  return value;
}

export function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw badNode('a count is missing');
  return value;
}

function integer(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw badNode('a whole number is missing');
}

function binary(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw badNode('bytes are missing');
  return value;
}

export function link(value: unknown): CID {
  const cid = CID.asCID(value);
  if (cid === null) throw badNode('a link is missing');
  return cid;
}
