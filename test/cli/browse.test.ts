// `snapshots`, `ls`, `cat`, `stats`, `init`: looking into a repository.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'node:test';
import { noise, Place, parseOne } from './support.ts';

test('snapshots: a table for people, all of it for programs', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'abc' });
  assert.equal(place.run(['snapshots']).code, 10);
  await place.given('init');
  assert.equal(place.runWell('snapshots').stdout, 'no snapshots yet\n');
  const { snapshot, root } = place.json<{ snapshot: string; root: string }>(
    'pack',
    'tree',
    '--tag',
    'x',
    '--host',
    'box',
  );
  const lines = place.runWell('snapshots').stdout.split('\n');
  assert.match(lines[0] ?? '', /^id +time +host +tags +files +size +paths$/);
  assert.match(
    lines[1] ?? '',
    new RegExp(
      `^${snapshot.slice(0, 12)}  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  box   x         1   3 B  ${place.path('tree')}$`,
    ),
  );
  const { snapshots } = place.json<{ snapshots: Record<string, unknown>[] }>('snapshots');
  const [{ time, ...one } = {}] = snapshots;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(one, {
    id: snapshot,
    host: 'box',
    tags: ['x'],
    paths: [place.path('tree')],
    files: 1,
    bytes: 3,
    errors: 0,
    root,
  });
});

test('snapshots: files that could not be stored are counted, where there are any', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'abc' });
  await place.given('pack', 'tree');
  const server = createServer().listen(place.path('tree/socket'));
  t.after(() => server.close());
  await once(server, 'listening');
  await place.given('pack', 'tree');
  const [heading, first, second] = place.runWell('snapshots').stdout.split('\n');
  assert.match(heading ?? '', / size {2}errors {2}paths$/);
  assert.match(first ?? '', / 3 B {10}\S+tree$/);
  assert.match(second ?? '', / 3 B {7}1 {2}\S+tree$/);
});

test('latest is not passed over in silence', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'abc' });
  await place.given('pack', 'tree');
  writeFileSync(place.path('repo/snapshots', 'f'.repeat(64)), 'damage');
  const { code, stdout, stderr } = place.run(['ls', 'latest']);
  assert.deepEqual([code, stdout], [0, 'a\n']);
  assert.match(
    stderr,
    /^pilotfish: warn: latest is [0-9a-f]{12}, the newest that can be read; [^\n]*DAMAGED[^\n]*\n$/,
  );
});

test('ls: paths, below a path, with details, as JSON', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/b/c.txt': 'abc', 'tree/b.txt': 'x', 'tree/a': '' });
  symlinkSync('b/c.txt', place.path('tree/link'));
  utimesSync(place.path('tree/b/c.txt'), 1e9, 1e9);
  await place.given('pack', 'tree');
  assert.equal(place.runWell('ls', 'latest').stdout, 'a\nb\nb/c.txt\nb.txt\nlink\n');
  assert.equal(place.runWell('ls', 'latest', 'b').stdout, 'b\nb/c.txt\n');
  assert.equal(place.runWell('ls', 'latest', '/b/').stdout.split('\n')[1], 'b/c.txt');
  assert.equal(place.runWell('ls', 'latest', '--null').stdout, 'a\0b\0b/c.txt\0b.txt\0link\0');
  const long = place.run(['ls', 'latest', '--long'], { env: { TZ: 'UTC' } }).stdout.split('\n');
  assert.match(long[2] ?? '', /^-rw-r--r-- \S+ +\S+ +3 2001-09-09 01:46 b\/c\.txt$/);
  assert.match(long[4] ?? '', /^l[rwx]{9} .* link -> b\/c\.txt$/);
  const { entries } = place.json<{ entries: Record<string, unknown>[] }>('ls', 'latest');
  assert.deepEqual(
    entries.map(({ path, type }) => [path, type]),
    [
      ['a', 'file'],
      ['b', 'directory'],
      ['b/c.txt', 'file'],
      ['b.txt', 'file'],
      ['link', 'symlink'],
    ],
  );
  assert.equal(entries[2]?.['size'], 3);
  assert.equal(entries[2]?.['mtimeNs'], '1000000000000000000');
  assert.equal(entries[4]?.['target'], 'b/c.txt');
});

test('ls --json that breaks off is still one object, and says so', async (t) => {
  const place = new Place(t);
  place.write(Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`tree/${i}`, ''])));
  await place.given('pack', 'tree');
  const { code, stdout, stderr } = await place.inside(['ls', 'latest', '--json'], new AbortController());
  assert.equal(code, 130);
  const { entries, error } = parseOne(stdout) as { entries: object[]; error: { code: string } };
  assert.ok(entries.length > 0 && entries.length < 2000);
  assert.equal(error.code, 'INTERRUPTED');
  assert.match(stderr, /^pilotfish: INTERRUPTED: [^\n]+\n$/);
});

test('ls of nothing is an empty list', async (t) => {
  const place = new Place(t);
  mkdirSync(place.path('tree'));
  await place.given('pack', 'tree');
  assert.deepEqual(place.json('ls', 'latest'), { entries: [] });
  assert.equal(place.runWell('ls', 'latest').stdout, '');
});

test('names that a terminal would obey are shown as escapes; --null and --json keep them', async (t) => {
  const place = new Place(t);
  mkdirSync(place.path('tree'));
  const evil = 'a\x1b]0;owned\x07\nb\u202e\x9b.txt';
  writeFileSync(place.path('tree', evil), '1');
  const raw = Buffer.concat([Buffer.from(`${place.path('tree')}/`), Buffer.from([0x66, 0xff, 0xc3, 0xa9])]);
  writeFileSync(raw, '2');
  await place.given('pack', 'tree');
  assert.equal(place.runWell('ls', 'latest').stdout, 'a\\x1b]0;owned\\x07\\nb\\u202e\\x9b.txt\nf\\xffé\n');
  assert.match(place.runWell('ls', 'latest', '-l').stdout, /a\\x1b\]0;owned\\x07\\nb\\u202e\\x9b\.txt\n/);
  const { entries } = place.json<{ entries: { path: string; pathBase64?: string }[] }>('ls', 'latest');
  assert.equal(entries[0]?.path, evil);
  // Whoever reads it gets the name; a terminal that is shown it gets no control.
  assert.doesNotMatch(place.runWell('ls', 'latest', '--json').stdout, /[\u0080-\u009f\u202e]/);
  assert.equal(entries[1]?.pathBase64, 'Zv/DqQ==');
  const error = place.run(['cat', 'latest', 'no\x1b[31m']).stderr;
  assert.match(error, /^pilotfish: USAGE: the snapshot has no no\\x1b\[31m: /);
});

test('cat: the bytes of one file', async (t) => {
  const place = new Place(t);
  const bytes = noise(400_000);
  place.write({ 'tree/deep/b.bin': bytes, 'tree/empty': '' });
  await place.given('pack', 'tree');
  assert.equal(place.runWell('cat', 'latest', 'deep/b.bin').stdout, bytes.toString());
  assert.equal(place.runWell('cat', 'latest', 'empty').stdout, '');
  for (const path of ['deep', 'nowhere', 'empty/x']) {
    const { code, stdout, stderr } = place.run(['cat', 'latest', path]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^pilotfish: USAGE: .*\n$/);
  }
});

test('stats: for people and for programs', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(100_000) });
  await place.given('pack', 'tree');
  const { snapshots, packs, snapshotBytes, storedBytes, encrypted } = place.json('stats');
  assert.deepEqual(
    { snapshots, packs, snapshotBytes, encrypted },
    { snapshots: 1, packs: 1, snapshotBytes: 100_000, encrypted: false },
  );
  assert.ok(Number(storedBytes) > 100_000);
  assert.match(place.runWell('stats').stdout, /^repository +[0-9a-f]{32}\nsnapshots +1, 97\.7 KiB in all\n/);
});

test('init: once', async (t) => {
  const place = new Place(t);
  const { path, averageBlockBytes, encrypted } = place.json('init', '--block-size', '128');
  assert.deepEqual(
    { path, averageBlockBytes, encrypted },
    { path: place.path('repo'), averageBlockBytes: 131072, encrypted: false },
  );
  const again = place.run(['init', '--json']);
  assert.equal(again.code, 1);
  assert.equal((parseOne(again.stdout) as { error: { code: string } }).error.code, 'EXISTS');
});

test('a prefix must be long enough and fit one snapshot; latest is the newest', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  const { snapshot } = place.json<{ snapshot: string }>('pack', 'tree');
  place.runWell('ls', snapshot.slice(0, 8));
  for (const name of [snapshot.slice(0, 3), 'ffffffff', 'Latest', '']) {
    const { code, stderr } = place.run(['ls', name]);
    assert.equal(code, 1, name);
    assert.match(stderr, /^pilotfish: NO_SNAPSHOT: /);
  }
});
