// The parts under the commands: settings, the count beside a pack, the library's example, the demonstration's judge.
import assert from 'node:assert/strict';
import { chmodSync, linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { measureBaseline } from '../../scripts/baseline.ts';
import { compareTrees } from '../../scripts/compare.ts';
import { readSettings } from '../../src/app/config.ts';
import { countSource, NodeFileSystem, pathTest } from '../../src/index.ts';
import { root, runWell } from '../support.ts';
import { noise, Place } from './support.ts';

test('settings come from the environment; empty variables count as not set', (t) => {
  const place = new Place(t);
  place.write({ password: 'first line\r\nsecond\n', empty: '' });
  const bare = readSettings({ PILOTFISH_REPO: '', PILOTFISH_PASSWORD: '' });
  assert.equal(bare.repository, undefined);
  assert.equal(bare.password(), undefined);
  assert.equal(bare.isDebug, false);
  assert.equal(bare.cacheDirectory, join(homedir(), '.cache/pilotfish'));
  const file = { PILOTFISH_PASSWORD_FILE: place.path('password') };
  assert.equal(readSettings(file).password(), 'first line');
  assert.equal(readSettings({ ...file, PILOTFISH_PASSWORD: 'direct' }).password(), 'direct');
  const cache = (environment: Record<string, string>) => readSettings(environment).cacheDirectory;
  assert.equal(cache({ XDG_CACHE_HOME: '/xdg' }), '/xdg/pilotfish');
  assert.equal(cache({ XDG_CACHE_HOME: 'relative' }), join(homedir(), '.cache/pilotfish'));
  assert.equal(cache({ XDG_CACHE_HOME: '/xdg', PILOTFISH_CACHE_DIR: '/own' }), '/own');
  const mlflow = { MLFLOW_TRACKING_TOKEN_FILE: place.path('password'), MLFLOW_TRACKING_USERNAME: 'ci' };
  assert.deepEqual(readSettings(mlflow).mlflow?.(), {
    ...{ token: 'first line', username: 'ci', password: undefined },
  });
});

/** Totals, and how many steps it took to get there. */
function count(...[options]: [Parameters<typeof countSource>[1]]): {
  files: number;
  bytes: number;
  steps: number;
} {
  const steps = countSource(new NodeFileSystem(), options);
  for (let n = 0; ; n++) {
    const { done, value } = steps.next();
    if (done) return { files: value.files, bytes: value.bytes, steps: n };
  }
}

test('the count agrees with what pack stores', (t) => {
  const place = new Place(t);
  place.write({
    'tree/a': '12345',
    'tree/b/c': '123',
    'tree/b/d.log': '1',
    'tree/skip/e': '1',
    'tree/repo/f': '1',
    'one.txt': '12',
  });
  linkSync(place.path('tree/a'), place.path('tree/z'));
  symlinkSync('a', place.path('tree/link'));
  const tree = Buffer.from(place.path('tree'));
  const isExcluded = pathTest(['*.log', 'skip']);
  const ownPath = Buffer.from(place.path('tree/repo'));
  assert.deepEqual(count({ paths: [tree], isExcluded, ownPath }), { files: 3, bytes: 13, steps: 5 });
  const { files, bytes } = place.json(
    'pack',
    'tree',
    '--exclude',
    '*.log',
    '--exclude',
    'skip',
    '--exclude',
    'repo',
  );
  assert.deepEqual({ files, bytes }, { files: 3, bytes: 13 });

  const both = [tree, Buffer.from(place.path('one.txt'))];
  assert.equal(count({ paths: both }).files, 7);
  assert.equal(count({ paths: both, isExcluded: pathTest(['tree/b', '*.txt']) }).files, 4);
  assert.equal(count({ paths: [tree], oneFileSystem: true }).files, 6);
  assert.deepEqual(count({ paths: [Buffer.from('/nowhere/at/all')] }), { files: 0, bytes: 0, steps: 0 });
});

test('the example in the library’s door runs', (t) => {
  const place = new Place(t);
  place.write({ 'data/photos/notes.txt': 'remember' });
  const source = readFileSync(join(root, 'src/index.ts'), 'utf8');
  const example = source
    .slice(source.indexOf('@example') + 8, source.indexOf('*/'))
    .replaceAll(/^ \* ?/gm, '');
  const code = example
    .replace("'pilotfish'", `'${pathToFileURL(join(root, 'src/index.ts')).href}'`)
    .replaceAll(/'\/(backup|data|tmp)\//g, `'${place.folder}/$1/`);
  writeFileSync(place.path('example.ts'), code);
  const { stdout } = runWell(process.execPath, [place.path('example.ts')], { cwd: place.folder });
  assert.match(stdout, /^[0-9a-f]{64} \d+\n$/);
  assert.equal(readFileSync(place.path('tmp/back/notes.txt'), 'utf8'), 'remember');
});

test('what the demonstration compares itself with does not follow links', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/real/file': noise(5000) });
  symlinkSync('real', place.path('tree/link'));
  symlinkSync('..', place.path('tree/real/up'));
  const [headers, content, end] = [4 * 512, 10 * 512, 2 * 512];
  assert.equal((await measureBaseline(place.path('tree'))).tarBytes, headers + content + end);
});

test('the demonstration notices every kind of difference', (t) => {
  const place = new Place(t);
  const same = { a: 'text', b: noise(3000), 'c/d': '', 'c/e': 'x' };
  for (const side of ['one', 'two']) {
    place.write(
      Object.fromEntries(Object.entries(same).map(([name, content]) => [`${side}/${name}`, content])),
    );
  }
  const differences = (): string[] => compareTrees(place.path('one'), place.path('two')).differences;
  assert.deepEqual(
    differences().filter((line) => !line.includes('mtime')),
    [],
  );
  place.write({
    'two/a': 'tent',
    'two/c/extra': '1',
    'one/c/gone': '2',
    'one/long': '12',
    'two/long': '123',
  });
  chmodSync(place.path('one/b'), 0o644);
  chmodSync(place.path('two/b'), 0o600);
  symlinkSync('a', place.path('one/link'));
  symlinkSync('b', place.path('two/link'));
  linkSync(place.path('one/c/e'), place.path('one/hard'));
  place.write({ 'two/hard': 'x', 'one/kind': '', 'two/kind/x': '' });
  const found = differences().filter((line) => !line.includes('mtime'));
  assert.deepEqual(found.sort(), [
    'a contents differ',
    'b mode 644, now 600',
    'c/extra is only in the copy',
    'c/gone is missing',
    'hard hard links differ',
    'kind was a file, is a directory',
    'link links elsewhere',
    'long 2 bytes, now 3',
  ]);
});
