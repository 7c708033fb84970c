import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPOSITORY, SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { readTree } from '../../../test/sim/tree-state.ts';
import { Rng } from '../../base/index.ts';
import { pathTest } from '../source/index.ts';
import { findPaths } from './find.ts';

const PATTERNS = [
  ['*.ts'],
  ['src/**'],
  ['hard*', '*.gz'],
  ['nothing'],
  ['{links,nodes}/*'],
  ['names'],
  ['*'],
];

const find = (bench: Workbench, patterns: string[], names?: string[]): Promise<string[]> =>
  bench.open((repository) =>
    Array.from(
      findPaths(repository, pathTest(patterns), names),
      ({ snapshot, path }) => `${snapshot.id} ${path.toString('latin1')}`,
    ),
  );

test('what a pattern finds is what listing every tree and matching finds, newest snapshot first', async () => {
  const bench = new Workbench();
  const all: string[][] = [];
  for (const sources of treeVersions(new Rng(1), 3, { maxFileBytes: 1000 })) {
    bench.build(sources);
    const { snapshot = '' } = await bench.pack();
    all.unshift([...readTree(bench.fs, SOURCE).keys()].map((path) => `${snapshot} ${path}`));
  }
  let found = 0;
  for (const patterns of PATTERNS) {
    const fits = pathTest(patterns);
    const expected = all.map((lines) => lines.filter((line) => fits(textOf(line.slice(65)))));
    const lines = await find(bench, patterns);
    assert.deepEqual(lines.map(snapshotOf), expected.flat().map(snapshotOf));
    assert.deepEqual(lines.toSorted(), expected.flat().sort());
    const [newest = ''] = all.flat();
    const named = await find(bench, patterns, [snapshotOf(newest).slice(0, 10)]);
    assert.deepEqual(named.sort(), expected[0]?.sort());
    found += lines.length;
  }
  assert.ok(found > 150, `${found} paths`);
});

const snapshotOf = (line: string): string => line.slice(0, 64);
/** Paths are matched as text, whatever their bytes. */
const textOf = (path: string): string => Buffer.from(path, 'latin1').toString();

test('snapshots come in the order they are named, and unknown ones are refused', async () => {
  const bench = new Workbench();
  const ids: string[] = [];
  for (const name of ['a', 'b']) {
    bench.build([{ path: name, bytes: name }]);
    ids.push((await bench.pack()).snapshot ?? '');
  }
  const lines = await find(bench, ['*'], ids);
  assert.deepEqual(lines, [`${ids[0]} a`, `${ids[1]} b`]);
  await assert.rejects(find(bench, ['*'], ['ffffffff']), { code: 'NO_SNAPSHOT' });
});

test('a snapshot that cannot be read is not passed over', async () => {
  const bench = new Workbench();
  bench.build([{ path: 'a', bytes: 'a' }]);
  const { snapshot } = await bench.pack();
  writeFile(bench.fs, `${REPOSITORY}/snapshots/${snapshot}`, 'damage');
  await assert.rejects(find(bench, ['*']), { code: 'DAMAGED' });
});
