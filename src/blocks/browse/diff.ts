import type { CID } from 'multiformats/cid';
import type { Repository } from '../session/index.ts';
import { type ReadBlock, readDirectory, type TreeEntry } from '../tree/index.ts';
import { checkDepth, childPath } from './tree-walk.ts';

/** How a path differs between two snapshots. `changed`: content or type; `attributes`: only what is around it. */
export type Change = 'added' | 'removed' | 'changed' | 'attributes';

/** A path that was compared; `change` is undefined where it is the same in both. */
export interface Comparison {
  readonly path: Buffer;
  readonly change: Change | undefined;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

export interface Difference extends Comparison {
  readonly change: Change;
}

/** What changed from one snapshot to another, in path order. Directories with one node are never opened. */
export function* diffSnapshots(
  repository: Repository,
  before: string,
  after: string,
): Generator<Difference, void> {
  for (const { change, ...compared } of comparePaths(repository, before, after)) {
    if (change !== undefined) yield { ...compared, change };
  }
}

/**
 * As `diffSnapshots`, with the paths that are the same in directories that are not: a caller that has other things to
 * do in between is not kept waiting by a million of them.
 */
export function* comparePaths(
  repository: Repository,
  before: string,
  after: string,
): Generator<Comparison, void> {
  const read: ReadBlock = (id) => repository.reader.read(id);
  const [a, b] = [before, after].map((name) => repository.snapshots.resolve(name).root) as [CID, CID];
  yield* diffDirectories(a, b, { read, path: Buffer.alloc(0), depth: 0 });
}

interface At {
  readonly read: ReadBlock;
  readonly path: Buffer;
  readonly depth: number;
}

function* diffDirectories(a: CID | undefined, b: CID | undefined, at: At): Generator<Comparison, void> {
  checkDepth(at.depth);
  if (a !== undefined && b !== undefined && a.equals(b)) return;
  const [left, right] = [a, b].map((node) =>
    node === undefined ? [][Symbol.iterator]() : readDirectory(node, at.read),
  );
  let one = next(left);
  let two = next(right);
  while (one !== undefined || two !== undefined) {
    const order = one === undefined ? 1 : two === undefined ? -1 : Buffer.compare(one.name, two.name);
    const before = order <= 0 ? one : undefined;
    const afterEntry = order >= 0 ? two : undefined;
    yield* diffEntries(before, afterEntry, at);
    if (order <= 0) one = next(left);
    if (order >= 0) two = next(right);
  }
}

function* diffEntries(
  before: TreeEntry | undefined,
  after: TreeEntry | undefined,
  at: At,
): Generator<Comparison, void> {
  const path = childPath(at.path, (before ?? after)?.name ?? new Uint8Array(0));
  yield { path, change: changeOf(before, after), before, after };
  const a = before?.type === 'directory' ? before.node : undefined;
  const b = after?.type === 'directory' ? after.node : undefined;
  if (a !== undefined || b !== undefined)
    yield* diffDirectories(a, b, { read: at.read, path, depth: at.depth + 1 });
}

function changeOf(before: TreeEntry | undefined, after: TreeEntry | undefined): Change | undefined {
  if (before === undefined) return 'added';
  if (after === undefined) return 'removed';
  if (before.type !== after.type || contentOf(before) !== contentOf(after)) return 'changed';
  return attributesOf(before) === attributesOf(after) ? undefined : 'attributes';
}

/** What an entry is, but for a directory, whose content speaks for itself. */
function contentOf(entry: TreeEntry): string {
  switch (entry.type) {
    case 'file':
      return `${entry.size} ${entry.content?.toString() ?? ''}`;
    case 'symlink':
      return Buffer.from(entry.target).toString('latin1');
    case 'character-device':
    case 'block-device':
      return entry.deviceNumber.toString();
    default:
      return '';
  }
}

function attributesOf(entry: TreeEntry): string {
  const xattrs = entry.xattrs.map((pair) => pair.map((part) => Buffer.from(part).toString('hex')).join('='));
  const link = entry.hardLink === undefined ? '' : Buffer.from(entry.hardLink).toString('hex');
  return [entry.mode, entry.mtimeNs, link, ...entry.owner, ...xattrs].join('\0');
}

function next(entries: Iterator<TreeEntry> | undefined): TreeEntry | undefined {
  const result = entries?.next();
  return result === undefined || result.done === true ? undefined : result.value;
}
