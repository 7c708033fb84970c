import { type FileSystem, type FsPath, must, Rng } from '../../src/base/index.ts';
import { edited, text } from '../sim/file-bytes.ts';
import { noise } from '../sim/noise.ts';
import { treeVersions } from '../sim/sources.ts';
import { buildTree, joined, type Source } from '../sim/tree.ts';

const MTIME_NS = 1_650_000_000_000_000_000n;

/** Two versions of one small tree with blocks of every kind: plain, delta, grouped, of a file with several. */
export function twoVersions(seed: number, files = 9): [Source[], Source[]] {
  const rng = new Rng(seed);
  const [first, second] = treeVersions(rng, 2, { files, maxFileBytes: 24_000 });
  const [big, code] = [noise(rng, 120_000), text(rng, 20_000)];
  const firstMore = [
    file('data/several-blocks.gz', big),
    file('data/old.hex', Buffer.from(noise(rng, 1500).toString('hex'))),
    file('src/code-old.ts', edited(rng, code)),
    file('src/code.ts', code),
  ];
  const secondMore = [
    file('data/several-blocks.gz', Buffer.concat([noise(rng, 9000), big])),
    file('src/code.ts', edited(rng, code)),
    file('data/new.gz', noise(rng, 70_000)),
    file('data/new.hex', Buffer.from(noise(rng, 1500).toString('hex'))),
  ];
  return [
    [...must(first, 'a first version'), ...firstMore],
    [...must(second, 'a second version'), ...secondMore],
  ];
}

const file = (path: string, bytes: Buffer): Source => ({ path, bytes, mtimeNs: MTIME_NS });

/** Turns the tree of one version into the next in place: what did not change keeps its inode and its times. */
export function moveOn(fs: FileSystem, root: string, versions: readonly [Source[], Source[]]): void {
  const [before, after] = versions;
  for (const source of before) {
    if (!after.includes(source)) fs.unlink(joined(root, source.path));
  }
  buildTree(
    fs,
    root,
    after.filter((source) => !before.includes(source)),
  );
}

/** Makes a tree durable call by call, and nothing beside it. */
export function syncTree(fs: FileSystem, path: FsPath): void {
  for (const name of fs.readDirectory(path)) {
    const child = Buffer.concat([Buffer.from(path), Buffer.from('/'), name]);
    const { kind } = fs.lstat(child);
    if (kind === 'directory') syncTree(fs, child);
    if (kind !== 'file') continue;
    const fd = fs.open(child, 'read');
    fs.fsync(fd);
    fs.close(fd);
  }
  fs.fsyncDirectory(path);
}
