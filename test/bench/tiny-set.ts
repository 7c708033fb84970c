// A small set with what makes the large ones interesting: versions that differ little, many small files, a large one,
// bytes that nothing makes smaller.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Rng } from '../../src/base/index.ts';

const words = [
  'store',
  'block',
  'delta',
  'group',
  'index',
  'pack',
  'tree',
  'chunk',
  'read',
  'write',
  '{',
  '}',
];
const versions = 4;
const filesPerVersion = 12;
const largeLines = 12_000;

const line = (rng: Rng): string =>
  `${Array.from({ length: 1 + rng.below(8) }, () => words[rng.below(words.length)]).join(' ')} ${rng.below(1000)}\n`;

const text = (rng: Rng, lines: number): string => Array.from({ length: lines }, () => line(rng)).join('');

/** Writes the set; the same bytes for everybody. */
export function makeTinySet(folder: string): void {
  const rng = new Rng(2026);
  const write = (path: string, bytes: string | Buffer): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  const files = Array.from({ length: filesPerVersion }, (_, i) => text(rng, 10 + 40 * i));
  const large = text(rng, largeLines);
  for (let version = 0; version < versions; version++) {
    const change = `version ${version}\n`;
    files.forEach((content, i) => {
      write(`package/${version}/src/${i}.js`, i % 3 === version % 3 ? content + change : content);
    });
    write(`package/${version}/bundle.js`, change + large);
  }
  write('noise.bin', rng.bytes(100_000));
  write('empty', '');
}
