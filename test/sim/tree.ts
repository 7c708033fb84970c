import { type FileKind, type FileSystem, type FsPath, writeAll } from '../../src/base/index.ts';

/** Owner, mode, time and attributes; what is not given stays as the file system makes it. */
export interface Attributes {
  readonly mode?: number;
  readonly owner?: readonly [uid: number, gid: number];
  readonly mtimeNs?: bigint;
  readonly xattrs?: Readonly<Record<string, string | Buffer>>;
}

export type SourceContent =
  | { readonly bytes: string | Uint8Array }
  | { readonly directory: true }
  | { readonly symlink: FsPath }
  /** Another name of an earlier source; its attributes are those of the other. */
  | { readonly hardLink: FsPath }
  | { readonly node: FileKind; readonly deviceNumber?: bigint };

/** One entry of a tree to build. Paths are relative, raw where they are buffers; parents need no entry. */
export type Source = { readonly path: FsPath } & Attributes & SourceContent;

/** `root/path`, raw where `path` is. */
export function joined(root: string, path: FsPath): FsPath {
  return typeof path === 'string' ? `${root}/${path}` : Buffer.concat([Buffer.from(`${root}/`), path]);
}

/** The directory a path is in, or undefined for a path without a slash. */
function parentOf(path: FsPath): FsPath | undefined {
  const end = path.lastIndexOf('/');
  if (end <= 0) return undefined;
  return typeof path === 'string' ? path.slice(0, end) : path.subarray(0, end);
}

const isThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';
const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

function makeWithParents(fs: FileSystem, path: FsPath): void {
  try {
    fs.makeDirectory(path, 0o755);
  } catch (error) {
    if (isThere(error)) return;
    const parent = parentOf(path);
    if (!isMissing(error) || parent === undefined) throw error;
    makeWithParents(fs, parent);
    fs.makeDirectory(path, 0o755);
  }
}

/** Writes a file, new or replaced. */
export function writeFile(fs: FileSystem, path: FsPath, bytes: string | Uint8Array): void {
  const fd = fs.open(path, 'truncate', 0o644);
  try {
    writeAll(fs, fd, Buffer.from(bytes), 0);
  } finally {
    fs.close(fd);
  }
}

function create(fs: FileSystem, root: string, source: Source): void {
  const path = joined(root, source.path);
  makeWithParents(fs, parentOf(path) ?? root);
  if ('bytes' in source) writeFile(fs, path, source.bytes);
  else if ('directory' in source) makeWithParents(fs, path);
  else if ('symlink' in source) fs.symlink(Buffer.from(source.symlink), path);
  else if ('hardLink' in source) fs.link(joined(root, source.hardLink), path);
  else fs.makeNode(path, { kind: source.node, mode: 0o644, deviceNumber: source.deviceNumber ?? 0n });
}

function dress(fs: FileSystem, path: FsPath, source: Source): void {
  for (const [name, value] of Object.entries(source.xattrs ?? {})) {
    fs.setXattr(path, { name: Buffer.from(name), value: Buffer.from(value) });
  }
  // Owner before mode: a change of owner takes set-id bits away.
  if (source.owner !== undefined) fs.lchown(path, ...source.owner);
  if (source.mode !== undefined && !('symlink' in source)) fs.chmod(path, source.mode);
}

/** Builds a tree below `root`, which is made if missing. */
export function buildTree(fs: FileSystem, root: string, sources: readonly Source[]): void {
  makeWithParents(fs, root);
  for (const source of sources) {
    create(fs, root, source);
    dress(fs, joined(root, source.path), source);
  }
  // Times last: making entries changes those of directories.
  for (const source of sources) {
    if (source.mtimeNs !== undefined) fs.setMtime(joined(root, source.path), source.mtimeNs);
  }
}

/** Removes what is below `root`, and `root`. */
export function removeTree(fs: FileSystem, root: FsPath): void {
  for (const name of fs.readDirectory(root)) {
    const path = Buffer.concat([Buffer.from(root), Buffer.from('/'), name]);
    if (fs.lstat(path).kind === 'directory') removeTree(fs, path);
    else fs.unlink(path);
  }
  fs.removeDirectory(root);
}
