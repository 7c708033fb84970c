import type { FileKind, FileStat } from '../../../src/base/index.ts';
import { Content } from './content.ts';

/** Owner, mode, times and attributes; replaced as a whole, so that the durable state can share it. */
export interface Meta {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** By latin1 name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

interface Common {
  readonly id: bigint;
  device: bigint;
  meta: Meta;
  /** As a power cut would leave it for certain. */
  durableMeta: Meta;
  links: number;
  /** Opening or listing it fails with EACCES. */
  unreadable: boolean;
}

/** A change of a file's bytes since its last fsync. */
export type PendingWrite =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly sizeBytes: number };

export interface FileInode extends Common {
  readonly kind: 'file';
  content: Content;
  durable: Content;
  pending: PendingWrite[];
  /** A failed fsync dropped writes: `content` shows them, no later fsync will store them. */
  lossy: boolean;
}

export interface DirectoryInode extends Common {
  readonly kind: 'directory';
  /** By latin1 name. */
  entries: Map<string, Inode>;
  durable: Map<string, Inode>;
  pending: EntryChange[];
}

export interface LinkInode extends Common {
  readonly kind: 'symlink';
  readonly target: Buffer;
}

export interface SpecialInode extends Common {
  readonly kind: 'fifo' | 'character-device' | 'block-device' | 'socket';
  readonly deviceNumber: bigint;
}

export type Inode = FileInode | DirectoryInode | LinkInode | SpecialInode;

export interface Slot {
  readonly directory: DirectoryInode;
  readonly name: string;
}

/**
 * A change of directory entries that is not yet durable: a name is added (create, mkdir, link), removed
 * (unlink, rmdir) or both at once (rename). A half that has become durable is undefined.
 */
export interface EntryChange {
  readonly sequence: number;
  readonly inode: Inode;
  removes: Slot | undefined;
  adds: Slot | undefined;
}

export function newMeta(mode: number, nowNs: bigint): Meta {
  return { mode, uid: 0, gid: 0, mtimeNs: nowNs, ctimeNs: nowNs, xattrs: new Map() };
}

function common(id: bigint, device: bigint, meta: Meta): Common {
  return { id, device, meta, durableMeta: meta, links: 0, unreadable: false };
}

export function newFile(id: bigint, device: bigint, meta: Meta): FileInode {
  const file = { content: new Content(), durable: new Content(), pending: [], lossy: false };
  return { ...common(id, device, meta), kind: 'file', ...file };
}

export function newDirectory(id: bigint, device: bigint, meta: Meta): DirectoryInode {
  return {
    ...common(id, device, meta),
    kind: 'directory',
    entries: new Map(),
    durable: new Map(),
    pending: [],
  };
}

export function newLink(id: bigint, device: bigint, meta: Meta, target: Buffer): LinkInode {
  return { ...common(id, device, meta), kind: 'symlink', target: Buffer.from(target) };
}

export function newSpecial(
  id: bigint,
  device: bigint,
  meta: Meta,
  node: { kind: SpecialInode['kind']; deviceNumber: bigint },
): SpecialInode {
  return { ...common(id, device, meta), kind: node.kind, deviceNumber: node.deviceNumber };
}

export function isSpecial(kind: FileKind): kind is SpecialInode['kind'] {
  return kind !== 'file' && kind !== 'directory' && kind !== 'symlink';
}

function sizeBytes(inode: Inode): number {
  if (inode.kind === 'file') return inode.content.sizeBytes;
  if (inode.kind === 'directory') return 4096;
  return inode.kind === 'symlink' ? inode.target.length : 0;
}

/** What `lstat` and `stat` answer. */
export function statOf(inode: Inode): FileStat {
  const { mode, uid, gid, mtimeNs, ctimeNs } = inode.meta;
  return {
    kind: inode.kind,
    mode,
    uid,
    gid,
    sizeBytes: sizeBytes(inode),
    mtimeNs,
    ctimeNs,
    inode: inode.id,
    device: inode.device,
    deviceNumber: isSpecial(inode.kind) ? (inode as SpecialInode).deviceNumber : 0n,
    links: inode.kind === 'directory' ? 2 : inode.links,
    allocatedBytes: inode.kind === 'file' ? Math.ceil(inode.content.storedBytes / 512) * 512 : 0,
  };
}
