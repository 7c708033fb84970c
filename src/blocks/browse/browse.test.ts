import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIRECTORY, FILE, forgeSnapshot } from '../../../test/golden/forge.ts';
import { packFresh, Workbench } from '../../../test/golden/workbench.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { Rng } from '../../base/index.ts';
import { fileContent, listSnapshot } from './browse.ts';

const BIG = text(new Rng(1), 400_000);
const ODD = Buffer.from([0x66, 0xff]);

async function newBench(): Promise<Workbench> {
  const { bench } = await packFresh([
    { path: 'a/b/c', bytes: 'deep' },
    { path: 'a/d', bytes: BIG },
    { path: 'a.b', bytes: '' },
    { path: ODD, bytes: 'odd' },
    { path: 'link', symlink: 'a' },
  ]);
  return bench;
}

const list = (bench: Workbench, path?: string | Buffer): Promise<string[]> =>
  bench.open((repository) =>
    Array.from(
      listSnapshot(repository, 'latest', path === undefined ? undefined : Buffer.from(path)),
      (item) => item.path.toString('latin1'),
    ),
  );
const cat = (bench: Workbench, path: string | Buffer): Promise<Buffer> =>
  bench.open((repository) => Buffer.concat([...fileContent(repository, 'latest', Buffer.from(path))]));

test('a snapshot lists parents before children, in the order of names', async () => {
  assert.deepEqual(await list(await newBench()), ['a', 'a/b', 'a/b/c', 'a/d', 'a.b', 'f\xff', 'link']);
});

test('a path lists itself and what is below it', async () => {
  const bench = await newBench();
  assert.deepEqual(await list(bench, 'a/b'), ['a/b', 'a/b/c']);
  assert.deepEqual(await list(bench, 'a/d'), ['a/d']);
  assert.deepEqual(await list(bench, ODD), ['f\xff']);
  for (const path of ['none', 'a/none', 'a/d/x', 'link/b', '..', 'a/../a']) {
    await assert.rejects(list(bench, path), { code: 'USAGE' }, path);
  }
});

test('a file gives its bytes, anything else is refused', async () => {
  const bench = await newBench();
  assert.equal((await cat(bench, 'a/b/c')).toString(), 'deep');
  assert.ok((await cat(bench, 'a/d')).equals(BIG));
  assert.equal((await cat(bench, 'a.b')).length, 0);
  assert.equal((await cat(bench, ODD)).toString(), 'odd');
  for (const path of ['a', 'link', 'none', ''])
    await assert.rejects(cat(bench, path), { code: 'USAGE' }, path);
});

test('directories nested without end are refused', async () => {
  const bench = new Workbench();
  await forgeSnapshot(bench, (forge) => {
    let node = forge.directory(['x', FILE, [0, null]]);
    for (let depth = 0; depth < 2500; depth += 1) node = forge.directory(['d', DIRECTORY, node]);
    return node;
  });
  await assert.rejects(list(bench), { code: 'LIMIT' });
});
