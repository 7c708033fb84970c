// `pilotfish restore`: into directories and as tar.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, linkSync, lstatSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import test from 'node:test';
import { compareTrees } from '../../scripts/compare.ts';
import { contents, noise, Place, parseOne } from './support.ts';

function makeTree(place: Place): void {
  place.write({
    'tree/empty': '',
    'tree/src/main.c': 'int main;\n'.repeat(3000),
    'tree/src/deep/er/data.bin': noise(300_000),
    'tree/docs/read.me': 'words',
    'tree/locked/inside': 'read only',
  });
  symlinkSync('../docs/read.me', place.path('tree/src/link'));
  linkSync(place.path('tree/docs/read.me'), place.path('tree/docs/same'));
  utimesSync(place.path('tree/docs/read.me'), 981173106.5, 981173106.123456);
  chmodSync(place.path('tree/src/main.c'), 0o751);
  chmodSync(place.path('tree/locked'), 0o2750);
}

test('restores bytes, modes, times and links', async (t) => {
  const place = new Place(t);
  makeTree(place);
  const { snapshot } = place.json<{ snapshot: string }>('pack', 'tree');
  const result = place.json('restore', snapshot.slice(0, 6), '--to', 'out');
  const { seconds, ...rest } = result;
  assert.equal(typeof seconds, 'number');
  assert.deepEqual(rest, {
    snapshot,
    files: 7,
    // Links count as files here, and bytes of a second name of a file as none.
    bytes: 330_014,
    totalFiles: 6,
    totalBytes: 330_019,
    errors: [],
    errorCount: 0,
    // Less than it is worth.
    readAhead: { issued: 0, used: 0, wasted: 0 },
    target: place.path('out'),
  });
  const { files, directories, links, differences } = compareTrees(place.path('tree'), place.path('out'));
  assert.deepEqual(
    { files, directories, links, differences },
    { files: 6, directories: 5, links: 1, differences: [] },
  );
});

test('--include takes names, paths and all below a directory', async (t) => {
  const place = new Place(t);
  place.write({
    'tree/a.md': '1',
    'tree/docs/b.md': '2',
    'tree/docs/c.txt': '3',
    'tree/src/d/e': '4',
    'tree/src/f': '5',
  });
  await place.given('pack', 'tree');
  place.runWell('restore', 'latest', '--to', 'out', '--include', '*.md', '--include', 'src/d');
  assert.deepEqual([...contents(place.path('out')).keys()].sort(), [
    'a.md',
    'docs',
    'docs/b.md',
    'src',
    'src/d',
    'src/d/e',
  ]);
});

test('a target that is not empty is refused; --overwrite writes into it', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'stored', 'tree/b': 'also', 'out/a': 'mine', 'out/c': 'other' });
  await place.given('pack', 'tree');
  const refused = place.run(['restore', 'latest', '--to', 'out', '--json']);
  assert.equal(refused.code, 1);
  assert.equal((parseOne(refused.stdout) as { error: { code: string } }).error.code, 'EXISTS');
  assert.match(refused.stderr, /^pilotfish: EXISTS: .* is not empty: .*--overwrite\n$/);
  assert.equal(readFileSync(place.path('out/a'), 'utf8'), 'mine');
  place.runWell('restore', 'latest', '--to', 'out', '--overwrite');
  const texts = ['a', 'b', 'c'].map((name) => readFileSync(place.path('out', name), 'utf8'));
  assert.deepEqual(texts, ['stored', 'also', 'other']);
});

test('what stands in the way is reported, the rest restored: exit code 1', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1', 'tree/b': '2', 'out/a/inside': 'a directory where a file belongs' });
  await place.given('pack', 'tree');
  const { code, stdout, stderr } = place.run(['restore', 'latest', '--to', 'out', '--overwrite', '--json']);
  assert.equal(code, 1);
  const { errors } = parseOne(stdout) as { errors: { path: string; code: string }[] };
  assert.deepEqual(
    errors.map((problem) => [problem.path, problem.code]),
    [['a', 'EXISTS']],
  );
  assert.match(stderr, /^pilotfish: warning: EXISTS: a: /);
  assert.equal(readFileSync(place.path('out/b'), 'utf8'), '2');
});

test('--tar - streams an archive that tar understands', async (t) => {
  const place = new Place(t);
  makeTree(place);
  await place.given('pack', 'tree');
  const archive = place.runWell('restore', 'latest', '--tar', 'all.tar');
  assert.match(archive.stdout, /^wrote .*all\.tar, 3\d\d KiB, in /);
  const tar = readFileSync(place.path('all.tar'));
  // The magic of a POSIX archive, whole blocks, and two empty ones at the end.
  assert.equal(tar.toString('latin1', 257, 262), 'ustar');
  assert.equal(tar.length % 512, 0);
  assert.ok(tar.subarray(-1024).every((byte) => byte === 0));
  const { stdout, code } = place.run(['restore', 'latest', '--tar', '-']);
  assert.equal(code, 0);
  assert.equal(stdout, tar.toString());
});

test('--tar FILE is not overwritten by accident, and half an archive never stays', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1', 'here.tar': 'precious' });
  await place.given('pack', 'tree');
  assert.match(place.run(['restore', 'latest', '--tar', 'here.tar']).stderr, /^pilotfish: EXISTS: /);
  assert.equal(readFileSync(place.path('here.tar'), 'utf8'), 'precious');
  place.runWell('restore', 'latest', '--tar', 'here.tar', '--overwrite');
  const whole = readFileSync(place.path('here.tar'));
  place.runWell('restore', 'latest', '--tar', 'some.tar', '--include', 'nothing-fits');
  assert.ok(readFileSync(place.path('some.tar')).length < whole.length);
  assert.equal(place.run(['restore', 'ffff', '--tar', 'none.tar']).code, 1);
  assert.ok(!existsSync(place.path('none.tar')));
  // A failure removes what was begun; what is no plain file must survive that.
  symlinkSync('here.tar', place.path('link.tar'));
  const { stderr } = place.run(['restore', 'latest', '--tar', 'link.tar', '--overwrite']);
  assert.match(stderr, /^pilotfish: EXISTS: .*no plain file/);
  assert.ok(lstatSync(place.path('link.tar')).isSymbolicLink());
});

test('options that make no sense together', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  await place.given('pack', 'tree');
  for (const args of [[], ['--to', 'a', '--tar', 'b'], ['--tar', '-', '--json']]) {
    const { code, stderr } = place.run(['restore', 'latest', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, /^pilotfish: USAGE: /);
  }
});
