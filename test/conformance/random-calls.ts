import {
  errnoOf,
  type FileSystem,
  type FsPath,
  type Rng,
  readSmallFile,
  writeAll,
} from '../../src/base/index.ts';

/** One call on a few names in a few directories, so that most calls meet something. */
type RandomCall = (fs: FileSystem, root: string, rng: Rng) => unknown;

const NAMES = [
  'a',
  'b',
  'c',
  'd/a',
  'd/b',
  'd/e',
  'd/e/a',
  'd/e/f',
  'l',
  'l/a',
  'd/l',
  'd/..',
  'd/e/../l',
  'd/',
  'a/',
  '.',
];
const TARGETS = ['a', 'd', 'd/e', '../a', '..', 'l', 'none', '/none', 'e/../e'];

const pickOne = (rng: Rng, from: readonly string[]): string => from[rng.below(from.length)] ?? '';
const anyPath = (root: string, rng: Rng): FsPath => {
  const path = `${root}/${pickOne(rng, NAMES)}`;
  return rng.below(2) === 0 ? path : Buffer.from(path);
};

function onOpen(fs: FileSystem, fd: number, act: (fd: number) => unknown): unknown {
  try {
    return act(fd);
  } finally {
    fs.close(fd);
  }
}

/** Opens in some mode, writes or truncates, and says what is there then. */
const edit: RandomCall = (fs, root, rng) => {
  const path = anyPath(root, rng);
  const mode = (['create', 'truncate', 'update'] as const)[rng.below(3)] ?? 'update';
  const bytes = Buffer.from(pickOne(rng, ['x', 'yy', 'zzz'])).subarray(0, rng.below(4));
  const position = rng.below(6);
  return onOpen(fs, fs.open(path, mode, 0o640), (fd) => {
    if (rng.below(3) === 0) fs.truncate(fd, position);
    else writeAll(fs, fd, bytes, position);
    return fs.stat(fd).sizeBytes;
  });
};

const CALLS: readonly RandomCall[] = [
  edit,
  edit,
  (fs, root, rng) => readSmallFile(fs, anyPath(root, rng), 100).toString('latin1'),
  (fs, root, rng) => fs.makeDirectory(anyPath(root, rng)),
  (fs, root, rng) => fs.makeDirectory(anyPath(root, rng), 0o777),
  (fs, root, rng) => fs.removeDirectory(anyPath(root, rng)),
  (fs, root, rng) => fs.unlink(anyPath(root, rng)),
  (fs, root, rng) => fs.rename(anyPath(root, rng), anyPath(root, rng)),
  (fs, root, rng) => fs.rename(anyPath(root, rng), anyPath(root, rng)),
  (fs, root, rng) => fs.link(anyPath(root, rng), anyPath(root, rng)),
  (fs, root, rng) => fs.symlink(Buffer.from(pickOne(rng, TARGETS)), anyPath(root, rng)),
  (fs, root, rng) => fs.chmod(anyPath(root, rng), rng.below(0o10000) | 0o700),
  (fs, root, rng) => fs.fsyncDirectory(anyPath(root, rng)),
  (fs, root, rng) => fs.readDirectory(anyPath(root, rng)).map(String).sort().join(),
  (fs, root, rng) => fs.readLink(anyPath(root, rng)).toString(),
  (fs, root, rng) => statText(fs, anyPath(root, rng)),
  (fs, root, rng) => fs.makeNode(anyPath(root, rng), { kind: 'fifo', mode: 0o666, deviceNumber: 0n }),
];

/** What two file systems have to agree on. */
function statText(fs: FileSystem, path: FsPath): string {
  const { kind, mode, sizeBytes, links } = fs.lstat(path);
  const counted = kind === 'directory' ? '' : ` ${sizeBytes} bytes, ${links} links`;
  return `${kind} ${mode.toString(8)}${counted}`;
}

/** Makes the call that `rng` names and tells what came of it: a value, or an errno. */
export function randomCall(fs: FileSystem, root: string, rng: Rng): string {
  const index = rng.below(CALLS.length);
  try {
    return `call ${index}: ${String(CALLS[index]?.(fs, root, rng))}`;
  } catch (error) {
    return `call ${index}: ${errnoOf(error) ?? String(error)}`;
  }
}
