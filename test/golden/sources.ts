// The trees behind the golden repositories. Frozen: nothing here may change, or the golden files mean something else.
import { type FileSystem, Rng } from '../../src/base/index.ts';
import type { StoreAdviser } from '../../src/blocks/index.ts';
import { buildTree, type Source } from '../sim/tree.ts';

const TIME_NS = 1_650_000_000_123_456_789n;
const WORDS = 'to be or not that is the question'.split(' ');

/** Lines of words. Of its own, so that no change of a generator elsewhere reaches it. */
function verse(seed: number, lines: number): string {
  const rng = new Rng(seed);
  const line = (): string => Array.from({ length: 8 }, () => WORDS[rng.below(WORDS.length)]).join(' ');
  return `${Array.from({ length: lines }, line).join('\n')}\n`;
}

const at = (second: number): bigint => TIME_NS + BigInt(second) * 1_000_000_000n;
const PLAY = verse(1, 3000);

/** A file of every kind of content and an entry of every type. */
const FIRST: readonly Source[] = [
  { path: 'play.txt', bytes: PLAY, mode: 0o644, owner: [1000, 50], mtimeNs: at(1) },
  { path: 'noise.bin', bytes: new Rng(2).bytes(17_000), mode: 0o600, mtimeNs: at(2) },
  { path: 'zeros', bytes: Buffer.alloc(20_000), mtimeNs: at(3) },
  { path: 'empty', bytes: '', mode: 0o444, mtimeNs: at(4) },
  ...Array.from({ length: 6 }, (_, i) => ({
    path: `small/${i}.md`,
    bytes: verse(10 + i, 9),
    mtimeNs: at(10 + i),
  })),
  ...Array.from({ length: 4 }, (_, i) => ({
    path: `prose/${i}`,
    bytes: verse(20 + i, 640),
    mtimeNs: at(30 + i),
  })),
  { path: 'prose', directory: true, mtimeNs: at(40) },
  { path: 'small', directory: true, mode: 0o2755, owner: [0, 50], mtimeNs: at(5) },
  { path: Buffer.from('names/caf\xe9\xff', 'latin1'), bytes: 'not UTF-8', mtimeNs: at(6) },
  {
    path: 'names',
    directory: true,
    mode: 0o755,
    mtimeNs: at(7),
    xattrs: { 'user.note': 'a directory may have them too' },
  },
  {
    path: 'tool',
    bytes: '#!/bin/sh\n',
    mode: 0o4755,
    mtimeNs: at(8),
    xattrs: { 'user.a': '1', 'user.b': Buffer.from([0, 255]) },
  },
  { path: 'second-name', hardLink: 'tool' },
  { path: 'link', symlink: Buffer.from('small/\xff', 'latin1'), mtimeNs: at(9) },
  { path: 'fifo', node: 'fifo', mode: 0o620, mtimeNs: -1n },
  { path: 'null', node: 'character-device', deviceNumber: 0x103n, mode: 0o666, mtimeNs: 0n },
  { path: 'nothing-in-it', directory: true, mode: 0o700, mtimeNs: at(20) },
];

/** A day later: one file edited, one gone, one new. */
const SECOND: readonly Source[] = [
  ...FIRST.map((source) => {
    if (source.path !== 'play.txt') return source;
    return {
      ...source,
      bytes: `${PLAY.slice(0, 20_000)}an edit\n${PLAY.slice(20_000)}`,
      mtimeNs: at(86_400),
    };
  }).filter(({ path }) => path !== 'zeros'),
  { path: 'new.md', bytes: verse(11, 9).replaceAll('question', 'answer'), mtimeNs: at(86_401) },
];

export const GOLDEN_TREES: readonly (readonly Source[])[] = [FIRST, SECOND];

/** The databases owners' names come from. */
export function buildDatabases(fs: FileSystem): void {
  buildTree(fs, '/etc', [
    { path: 'passwd', bytes: 'root:x:0:0::/:\nana:x:1000:50::/:\n' },
    { path: 'group', bytes: 'root:x:0:\nstaff:x:50:\n' },
  ]);
}

const CODECS = ['lz4', 'snappy', 'zstd-3', 'none'] as const;

/** Sees to it that every codec is used: each in turn. */
export function goldenAdviser(): StoreAdviser {
  let asked = 0;
  return { codec: () => CODECS[asked++ % CODECS.length] };
}
