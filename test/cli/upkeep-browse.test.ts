// `diff`, `find` and `copy`: looking through many snapshots, and taking them elsewhere.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { noise, Place, parseOne } from './support.ts';

/** Packs `tree`; the folder's time is fixed, so that it is no difference of its own. */
async function packed(place: Place): Promise<string> {
  for (const name of ['tree', 'tree/d']) utimesSync(place.path(name), 1e9, 1e9);
  const { stdout } = await place.given('pack', 'tree', '--json');
  return (parseOne(stdout) as { snapshot: string }).snapshot;
}

interface Diff {
  differences: { path: string; change: string; pathBase64?: string }[];
  error?: { code: string };
}

test('diff: what was added, removed, changed, and only touched', async (t) => {
  const place = new Place(t);
  place.write({
    'tree/d/same': '1',
    'tree/d/changed': '1',
    'tree/gone': '1',
    'tree/mode': '1',
    'tree/type': '',
  });
  const before = await packed(place);
  place.write({ 'tree/d/changed': '2', 'tree/new/x': '1' });
  rmSync(place.path('tree/gone'));
  chmodSync(place.path('tree/mode'), 0o600);
  rmSync(place.path('tree/type'));
  symlinkSync('gone', place.path('tree/type'));
  const after = await packed(place);

  const { stdout } = await place.given('diff', before.slice(0, 12), 'latest');
  assert.equal(
    stdout,
    'M d/changed\n- gone\nU mode\n+ new\n+ new/x\nM type\n2 added, 1 removed, 2 changed, 1 with other attributes\n',
  );
  assert.deepEqual(place.json('diff', before, after), {
    differences: [
      { path: 'd/changed', change: 'changed' },
      { path: 'gone', change: 'removed' },
      { path: 'mode', change: 'attributes' },
      { path: 'new', change: 'added' },
      { path: 'new/x', change: 'added' },
      { path: 'type', change: 'changed' },
    ],
    added: 2,
    removed: 1,
    changed: 2,
    attributes: 1,
  });
  const back = await place.given('diff', after, before);
  assert.match(back.stdout, /^M d\/changed\n\+ gone\nU mode\n- new\n- new\/x\nM type\n/);
  assert.deepEqual(place.json('diff', after, after), {
    differences: [],
    added: 0,
    removed: 0,
    changed: 0,
    attributes: 0,
  });
  const unknown = await place.inside(['diff', after, 'ffffffff', '--json']);
  assert.equal(unknown.code, 1);
  assert.equal((parseOne(unknown.stdout) as Diff).error?.code, 'NO_SNAPSHOT');
});

test('diff and find: names a terminal would obey, and names that are no text', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/d/a': '1' });
  const before = await packed(place);
  writeFileSync(place.path('tree/a\x1b[2J\nb'), '1');
  writeFileSync(Buffer.concat([Buffer.from(place.path('tree/f')), Buffer.from([0xff])]), '2');
  await packed(place);
  const { stdout } = await place.given('diff', before, 'latest');
  assert.match(stdout, /^\+ a\\x1b\[2J\\nb\n\+ f\\xff\n2 added, /);
  const { differences } = place.json<Diff>('diff', before, 'latest');
  assert.deepEqual(
    differences.map(({ path, pathBase64 }) => pathBase64 ?? path),
    ['a\x1b[2J\nb', 'Zv8='],
  );
  assert.match(
    (await place.given('find', '/a*', 'f*')).stdout,
    /^\S{12} {2}\S+ \S+ {2}a\\x1b\[2J\\nb\n.* {2}f\\xff\n/,
  );
});

test('diff --json that is interrupted is one object: complete, or ended by the error', async (t) => {
  const place = new Place(t);
  mkdirSync(place.path('tree/d'), { recursive: true });
  const before = await packed(place);
  // Up to 64 KiB are written at once, and the interruption comes with the first bytes.
  for (const [count, isComplete] of [
    [1000, true],
    [3000, false],
  ] as const) {
    place.write(Object.fromEntries(Array.from({ length: count }, (_, i) => [`tree/${i}`, ''])));
    await packed(place);
    const { code, stdout } = await place.inside(['diff', before, 'latest', '--json'], new AbortController());
    assert.equal(code, 130);
    const { differences, error } = parseOne(stdout) as Diff;
    assert.equal(differences.length === count, isComplete);
    assert.equal(error?.code, isComplete ? undefined : 'INTERRUPTED');
  }
});

test('find: in all snapshots, newest first, or in those named', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/d/notes.txt': 'one', 'tree/d/old.md': '1' });
  const first = await packed(place);
  rmSync(place.path('tree/d/old.md'));
  place.write({ 'tree/d/notes.txt': 'other', 'tree/notes.txt': '' });
  const second = await packed(place);
  const found = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await place.given('find', ...args);
    return stdout.split('\n').flatMap((line) => {
      const [, id, path] = /^([0-9a-f]{12}) {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}(.*)$/.exec(line) ?? [];
      return id === undefined ? [] : [`${id === first.slice(0, 12) ? 1 : 2} ${path}`];
    });
  };
  assert.deepEqual(await found('notes.txt'), ['2 d/notes.txt', '2 notes.txt', '1 d/notes.txt']);
  assert.deepEqual(await found('/notes.txt', '*.md'), ['2 notes.txt', '1 d/old.md']);
  assert.deepEqual(await found('d/*', '--snapshot', first.slice(0, 8)), ['1 d/notes.txt', '1 d/old.md']);
  assert.deepEqual(await found('*.txt', '--snapshot', first, '--snapshot', 'latest'), [
    '1 d/notes.txt',
    '2 d/notes.txt',
    '2 notes.txt',
  ]);
  assert.deepEqual(await found('nothing'), []);
  assert.deepEqual(place.json('find', 'nothing'), { found: [] });
  const { found: objects } = place.json<{ found: Record<string, unknown>[] }>('find', 'd/notes.txt');
  assert.deepEqual(
    objects.map(({ snapshot, path, type, size }) => ({ snapshot, path, type, size })),
    [
      { snapshot: second, path: 'd/notes.txt', type: 'file', size: 5 },
      { snapshot: first, path: 'd/notes.txt', type: 'file', size: 3 },
    ],
  );
  assert.match(String(objects[0]?.['time']), /^\d{4}-\d\d-\d\dT/);
  for (const args of [[], ['']]) assert.equal((await place.inside(['find', ...args])).code, 1);
});

test('find: an interruption is heard also between paths that do not fit', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/0': '' });
  place.write(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`tree/d/${i}`, ''])));
  await packed(place);
  const stop = new AbortController();
  // The first turn is at the first path; by the second one, hundreds were looked at.
  setImmediate(() => setImmediate(() => stop.abort()));
  const { code, stdout } = await place.inside(['find', 'nothing', '--json'], stop);
  assert.equal(code, 130);
  assert.equal((parseOne(stdout) as Diff).error?.code, 'INTERRUPTED');
});

test('copy: all or some, each once, and only into a repository that is there', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/d/a': noise(200_000), 'tree/b': 'text' });
  const first = await packed(place);
  place.write({ 'tree/b': 'other text' });
  const second = await packed(place);

  const absent = await place.inside(['copy', '--to', 'other', '--json']);
  assert.equal(absent.code, 10);
  assert.match(absent.stderr, /^pilotfish: NO_REPOSITORY: .*other is not .*`pilotfish init`/);
  for (const args of [['copy'], ['copy', '--to', 'repo'], ['copy', '--to', './repo/']]) {
    const { code, stderr } = await place.inside(args);
    assert.equal(code, 1);
    assert.match(stderr, /^pilotfish: USAGE: /);
  }
  await place.given('init', '--repo', 'other', '--block-size', '16');
  const copy = (...args: string[]) => {
    const { seconds: _, newBlocks, ...result } = place.json('copy', '--to', 'other', ...args);
    return { ...result, hasNew: Number(newBlocks) > 0 };
  };
  const to = place.path('other');
  assert.deepEqual(copy(first.slice(0, 8), first), { to, copied: [first], present: 0, hasNew: true });
  assert.deepEqual(copy(), { to, copied: [second], present: 1, hasNew: true });
  assert.deepEqual(copy(), { to, copied: [], present: 2, hasNew: false });
  assert.deepEqual(place.json('snapshots', '--repo', 'other'), place.json('snapshots'));
  assert.deepEqual(place.json('verify', '--data', '--repo', 'other')['damage'], []);
  const { stdout } = await place.given('copy', '--to', 'other');
  assert.match(stdout, /^0 snapshots copied to .*other, 2 there already; 0 new blocks in /);
});

test('every command shows examples', async (t) => {
  const place = new Place(t);
  const commands = ['diff', 'find', 'forget', 'prune', 'repair', 'optimize', 'copy', 'key'];
  for (const command of [...commands, 'key add', 'key remove', 'key passwd']) {
    const { code, stdout } = await place.inside([...command.split(' '), '--help']);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`\\nExamples:\\n.*pilotfish ${command} `));
  }
});
