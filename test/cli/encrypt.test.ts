// Encrypted repositories on the command line: where passwords come from, what lies on disk, keys, copies.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { createRepository, nodePorts } from '../../src/index.ts';
import type { Ended } from '../support.ts';
import { contents, launcher, noise, Place, parseOne } from './support.ts';

const PASSWORD = 'öpen sesame 7';
const MARKER = 'the-marker-that-must-not-be-seen';
const NAME = 'a-very-telling-file-name.txt';

/** A place with an encrypted repository that opens fast; its password lies in the file `pw`. */
function encrypted(place: Place): void {
  place.write({ pw: `${PASSWORD}\nnot this line\n` });
  createRepository({ path: place.path('repo'), password: PASSWORD, costN: 1024 }, nodePorts());
}

const withPassword = (place: Place, ...args: string[]): Promise<Ended> =>
  place.given(...args, '--password-file', 'pw');

/** A command that must fail so, in words and in JSON. */
async function fails(place: Place, args: readonly string[], expected: { code: number; error: string }) {
  const { code, stdout, stderr } = await place.inside([...args, '--json']);
  assert.equal(code, expected.code, `${args.join(' ')}: ${stderr}`);
  assert.equal((parseOne(stdout) as { error: { code: string } }).error.code, expected.error);
  assert.match(stderr, new RegExp(`^pilotfish: ${expected.error}: [^\\n]+\\n$`));
  return stderr;
}

/** Every byte of the repository, and every name in it. */
function everything(place: Place, repository = 'repo'): Buffer {
  const parts = [...contents(place.path(repository))].flatMap(([path, text]) => [
    Buffer.from(`${path}\n`),
    Buffer.from(text ?? '', 'base64'),
  ]);
  return Buffer.concat(parts);
}

const wrong = { code: 12, error: 'WRONG_PASSWORD' };
const usage = { code: 1, error: 'USAGE' };

test('init --encrypt: the password from a file or either variable; what cannot be one is refused', async (t) => {
  const place = new Place(t);
  place.write({ pw: `${PASSWORD}\r\n`, empty: '\nsecond\n', key: noise(32) });
  const init = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    place.run(['init', '--encrypt', '--json', ...args], { env });
  assert.equal(init({ PILOTFISH_PASSWORD: PASSWORD }, '--repo', 'a').code, 0);
  assert.equal(init({ PILOTFISH_PASSWORD_FILE: 'pw' }, '--repo', 'b').code, 0);
  // The option goes before the environment.
  assert.equal(init({ PILOTFISH_PASSWORD: 'other' }, '--repo', 'c', '--password-file', 'pw').code, 0);
  for (const repo of ['a', 'b', 'c']) {
    const { encrypted } = parseOne((await withPassword(place, 'stats', '--json', '--repo', repo)).stdout) as {
      encrypted: boolean;
    };
    assert.equal(encrypted, true);
  }
  assert.match(
    (await place.given('init', '--encrypt', '--password-file', 'pw')).stdout,
    /^created .*repo, encrypted, blocks of 64\.0 KiB on average\n$/,
  );
  const file = (name: string): string[] => ['init', '--encrypt', '--repo', 'new', '--password-file', name];
  assert.match(await fails(place, ['init', '--encrypt', '--repo', 'new'], usage), /use --password-file or/);
  assert.match(await fails(place, file('empty'), usage), /an empty password protects nothing/);
  const unreadable = { code: 1, error: 'UNREADABLE' };
  assert.match(
    await fails(place, file('nowhere'), unreadable),
    /--password-file names nowhere, .*\(ENOENT\)/,
  );
  assert.match(await fails(place, file('key'), unreadable), /holds bytes that are no text/);
  assert.ok(!existsSync(place.path('new')));
  // Before a password is asked for.
  await fails(place, ['init', '--encrypt'], { code: 1, error: 'EXISTS' });
});

test('a password alone encrypts nothing, and says how to', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1', pw: PASSWORD });
  for (const args of [['init'], ['pack', 'tree'], ['pack', 'tree', '--dry-run']]) {
    const words = await fails(place, [...args, '--password-file', 'pw'], usage);
    assert.match(words, /a password is set.*`pilotfish init --encrypt`/);
    const { code, stderr } = place.run(args, { env: { PILOTFISH_PASSWORD: PASSWORD } });
    assert.equal(code, 1);
    assert.match(stderr, /^pilotfish: USAGE: a password is set.*`pilotfish init --encrypt`/);
  }
  assert.ok(!existsSync(place.path('repo')));
});

test('round trip: pack, restore, verify; nothing of it is readable on disk', async (t) => {
  const place = new Place(t);
  const text = `${MARKER}\n`.repeat(5000);
  place.write({ [`tree/${NAME}`]: text, 'tree/sub/b.bin': noise(300_000), 'tree/small': MARKER });
  place.write({ pw: PASSWORD });
  await withPassword(place, 'init', '--encrypt');
  const stored = noise(300_000).subarray(1000, 1064);
  await withPassword(place, 'pack', 'tree', '--tag', 'telling-tag', '--host', 'telling-host');
  place.write({ [`tree/${NAME}`]: `${text}more` });
  await withPassword(place, 'pack', 'tree');
  await withPassword(place, 'restore', 'latest', '--to', 'out');
  assert.deepEqual(contents(place.path('out')), contents(place.path('tree')));
  const { damage, checkedBlocks } = parseOne(
    (await withPassword(place, 'verify', '--data', '--json')).stdout,
  ) as { damage: object[]; checkedBlocks: number };
  assert.deepEqual(damage, []);
  assert.ok(checkedBlocks > 3);
  await withPassword(place, 'forget', '--keep-last', '1', '--prune');
  await withPassword(place, 'optimize');
  assert.equal((await withPassword(place, 'cat', 'latest', NAME)).stdout, `${text}more`);

  const bytes = everything(place);
  const { root } = parseOne((await withPassword(place, 'pack', 'tree', '--json')).stdout) as { root: string };
  const secrets = [MARKER, 'telling', 'sub', place.folder, PASSWORD, PASSWORD.normalize('NFD'), root, stored];
  for (const secret of secrets) assert.equal(bytes.indexOf(secret), -1, String(secret));
  // The search would find them: a plain repository holds most as they are.
  await place.given('pack', 'tree', '--repo', 'plain');
  const plain = everything(place, 'plain');
  for (const secret of ['telling', MARKER, place.folder, stored]) assert.ok(plain.includes(secret));
});

test('12: every command refuses no password and a wrong one, and does not repeat it', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'secret', guess: 'my-wrong-guess' });
  encrypted(place);
  await withPassword(place, 'pack', 'tree');
  await place.given('init', '--repo', 'plain');
  const before = contents(place.path('repo/store'));
  const commands = [
    ['pack', 'tree'],
    ['restore', 'latest', '--to', 'out'],
    ['snapshots'],
    ['ls', 'latest'],
    ['diff', 'latest', 'latest'],
    ['find', '*'],
    ['similar', '0000'],
    ['verify'],
    ['stats'],
    ['forget', 'latest'],
    ['prune'],
    ['repair'],
    ['optimize'],
    ['copy', '--to', 'plain'],
    ['key', 'add', '--new-password-file', 'guess'],
    ['key', 'passwd', '--new-password-file', 'guess'],
    ['key', 'remove'],
  ];
  for (const args of commands) {
    assert.match(await fails(place, args, wrong), /needs a password/);
    const words = await fails(place, [...args, '--password-file', 'guess'], wrong);
    assert.match(words, /does not open with this password/);
    assert.ok(!words.includes('my-wrong-guess'));
  }
  assert.equal((await place.inside(['cat', 'latest', 'a', '--password-file', 'guess'])).stdout, '');
  assert.deepEqual(contents(place.path('repo/store')), before);
  assert.deepEqual(place.locks(), []);
  const debug = place.run(['ls', 'latest'], {
    env: { PILOTFISH_PASSWORD: 'my-wrong-guess', PILOTFISH_DEBUG: '1' },
  });
  assert.equal(debug.code, 12);
  assert.ok(!debug.stderr.includes('my-wrong-guess'));
});

test('a tampered pack, snapshot or key slot is told as such', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/large': noise(300_000) });
  encrypted(place);
  const { snapshot } = parseOne((await withPassword(place, 'pack', 'tree', '--json')).stdout) as {
    snapshot: string;
  };
  const flip = (path: string): void => {
    const bytes = readFileSync(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  };
  flip(place.pack());
  const cat = await place.inside(['cat', 'latest', 'large', '--password-file', 'pw']);
  assert.equal(cat.code, 1);
  assert.match(cat.stderr, /^pilotfish: (TAMPERED|DAMAGED): [^\n]+\n$/);
  const verified = await place.inside(['verify', '--data', '--json', '--password-file', 'pw']);
  assert.equal(verified.code, 1);
  const { damage } = parseOne(verified.stdout) as { damage: { path: string }[] };
  assert.ok(damage.some(({ path }) => path === `${snapshot.slice(0, 12)}:large`));

  for (const path of [...contents(place.path('repo/snapshots')).keys()])
    flip(place.path('repo/snapshots', path));
  await fails(place, ['ls', 'latest', '--password-file', 'pw'], { code: 1, error: 'TAMPERED' });

  const config = readFileSync(place.path('repo/config'), 'utf8');
  writeFileSync(place.path('repo/config'), config.replace('"costN": 1024', '"costN": 1073741824'));
  await fails(place, ['ls', 'latest', '--password-file', 'pw'], { code: 1, error: 'CONFIG_DAMAGED' });
});

test('key add, passwd, remove: exactly the passwords that should open the repository do', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'content', two: 'second\n', three: 'third', empty: '' });
  encrypted(place);
  await withPassword(place, 'pack', 'tree');
  const packs = contents(place.path('repo/store'));
  const opens = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const file of ['pw', 'two', 'three']) {
      const { code, stdout } = await place.inside(['cat', 'latest', 'a', '--password-file', file]);
      assert.deepEqual([code, stdout], code === 0 ? [0, 'content'] : [12, '']);
      if (code === 0) found.push(file);
    }
    return found;
  };
  const key = (name: string, old: string, ...args: string[]) =>
    place.given('key', name, '--password-file', old, ...args);

  const added = await key('add', 'pw', '--new-password-file', 'two', '--json');
  assert.deepEqual(parseOne(added.stdout), { passwords: 2 });
  const changed = await key('passwd', 'pw', '--new-password-file', 'three');
  assert.equal(changed.stdout, '2 passwords open the repository now\n');
  assert.deepEqual(await opens(), ['two', 'three']);
  const removed = await key('remove', 'two', '--json');
  assert.deepEqual(parseOne(removed.stdout), { passwords: 1 });
  assert.deepEqual(await opens(), ['three']);
  assert.equal((await key('passwd', 'three', '--new-password-file', 'pw', '--quiet')).stdout, '');

  const config = readFileSync(place.path('repo/config'));
  assert.match(await fails(place, ['key', 'remove', '--password-file', 'pw'], usage), /the only password/);
  const add = ['key', 'add', '--password-file', 'pw'];
  assert.match(await fails(place, add, usage), /use --new-password-file or the environment/);
  assert.match(await fails(place, [...add, '--new-password-file', 'empty'], usage), /empty password/);
  assert.deepEqual(readFileSync(place.path('repo/config')), config);
  assert.deepEqual(contents(place.path('repo/store')), packs);
  assert.equal(config.indexOf(PASSWORD), -1);
  const env = { PILOTFISH_PASSWORD: PASSWORD, PILOTFISH_NEW_PASSWORD: 'second' };
  assert.equal(place.run(['key', 'add'], { env }).code, 0);
  assert.equal((await place.given('cat', 'latest', 'a', '--password-file', 'two')).stdout, 'content');
});

test('key: only for encrypted repositories', async (t) => {
  const place = new Place(t);
  place.write({ pw: PASSWORD });
  await place.given('init');
  for (const args of [['add', '--new-password-file', 'pw'], ['passwd'], ['remove']])
    assert.match(await fails(place, ['key', ...args], usage), /not encrypted: .*`pilotfish init --encrypt`/);
  await fails(place, ['key', 'remove', '--password-file', 'pw'], wrong);
  await fails(place, ['key', 'nonsense'], usage);
  const bare = await place.inside(['key']);
  assert.equal(bare.code, 1);
  assert.match(bare.stderr, /^Usage: pilotfish key /);
});

test('copy between plain and encrypted: ids and roots stay the same', async (t) => {
  const place = new Place(t);
  place.write({ [`tree/${NAME}`]: `${MARKER}\n`.repeat(3000), 'tree/b': noise(200_000), two: 'second' });
  encrypted(place);
  await place.given('pack', 'tree', '--repo', 'plain');
  place.write({ 'tree/b': noise(200_000, 3) });
  await place.given('pack', 'tree', '--repo', 'plain', '--tag', 'x');
  await place.given('init', '--repo', 'other', '--encrypt', '--password-file', 'two');
  await place.given('init', '--repo', 'back', '--block-size', '16');
  const copy = (from: string, to: string, env: NodeJS.ProcessEnv): string[] => {
    const ended = place.run(['copy', '--repo', from, '--to', to, '--json'], { env });
    assert.equal(ended.code, 0, ended.stderr);
    return (parseOne(ended.stdout) as { copied: string[] }).copied;
  };
  const plain = parseOne((await place.given('snapshots', '--repo', 'plain', '--json')).stdout) as {
    snapshots: { id: string }[];
  };
  const ids = plain.snapshots.map(({ id }) => id);
  assert.deepEqual(copy('plain', 'repo', { PILOTFISH_TO_PASSWORD: PASSWORD }), ids);
  assert.deepEqual(
    copy('repo', 'other', { PILOTFISH_PASSWORD: PASSWORD, PILOTFISH_TO_PASSWORD_FILE: 'two' }),
    ids,
  );
  assert.deepEqual(copy('other', 'back', { PILOTFISH_PASSWORD: 'second' }), ids);
  assert.deepEqual(copy('plain', 'repo', { PILOTFISH_TO_PASSWORD: PASSWORD }), []);
  const back = parseOne((await place.given('snapshots', '--repo', 'back', '--json')).stdout);
  assert.deepEqual(back, plain);
  await place.given('restore', 'latest', '--to', 'out', '--repo', 'back');
  assert.deepEqual(contents(place.path('out')), contents(place.path('tree')));
  for (const args of [['repo', '--password-file', 'pw'], ['other', '--password-file', 'two'], ['back']])
    assert.equal((await place.given('verify', '--data', '--quiet', '--repo', ...args)).stdout, '');
  for (const repo of ['repo', 'other']) assert.equal(everything(place, repo).indexOf(MARKER), -1);
  // The password of the one is none for the other.
  const { code, stderr } = place.run(['copy', '--repo', 'repo', '--to', 'other'], {
    env: { PILOTFISH_PASSWORD: PASSWORD },
  });
  assert.equal(code, 12);
  assert.match(
    stderr,
    /^pilotfish: WRONG_PASSWORD: \S+other: .* needs a password: .*PILOTFISH_TO_PASSWORD_FILE\n$/,
  );
});

/** Of util-linux: gives a program a terminal. */
const SCRIPT = 'script';
const hasScript = spawnSync(SCRIPT, ['--version']).status === 0;

/** Runs a command on a terminal of its own; each line is typed once its question is there. */
async function typed(
  place: Place,
  args: readonly string[],
  answers: readonly (readonly [question: RegExp, line: string])[],
): Promise<{ code: number | null; shown: string }> {
  const quoted = [process.execPath, launcher, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn(SCRIPT, ['-qec', quoted, '/dev/null'], {
    cwd: place.folder,
    env: place.environment,
    timeout: 30_000,
  });
  const left = [...answers];
  let shown = '';
  child.stdout.on('data', (chunk) => {
    shown += chunk;
    const [question, line] = left[0] ?? [];
    if (question === undefined || !question.test(shown)) return;
    left.shift();
    child.stdin.write(line);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.deepEqual(left, [], shown);
  return { code, shown: shown.replaceAll('\r', '') };
}

test('a person is asked on the terminal, twice for a new password, and sees nothing of it', async (t) => {
  if (!hasScript) return t.skip('no program `script` to make a terminal with');
  const place = new Place(t);
  place.write({ 'tree/a': 'content' });
  const made = await typed(
    place,
    ['init', '--encrypt'],
    [
      [/new password: $/, 'first\n'],
      [/once more: $/, 'first\n'],
    ],
  );
  assert.deepEqual([made.code, made.shown.includes('first')], [0, false], made.shown);
  assert.match(made.shown, /^new password: \nonce more: \ncreated .*, encrypted, /);

  const listed = await typed(place, ['pack', 'tree', '--quiet'], [[/password of .*repo: $/, 'firsx\x7ft\n']]);
  assert.equal(listed.code, 0, listed.shown);
  const wrongly = await typed(place, ['ls', 'latest'], [[/password of .*: $/, 'guess\n']]);
  assert.equal(wrongly.code, 12);
  assert.match(wrongly.shown, /\npilotfish: WRONG_PASSWORD: /);

  const differ = await typed(
    place,
    ['key', 'passwd'],
    [
      [/password of .*: $/, 'first\n'],
      [/new password: $/, 'second\n'],
      [/once more: $/, 'secund\n'],
    ],
  );
  assert.equal(differ.code, 1);
  assert.match(differ.shown, /\npilotfish: USAGE: the two passwords differ: /);
  const changed = await typed(
    place,
    ['key', 'passwd'],
    [
      [/password of .*: $/, 'first\n'],
      [/new password: $/, 'second\n'],
      [/once more: $/, 'second\n'],
    ],
  );
  assert.equal(changed.code, 0);
  assert.ok(!/first|second/.test(changed.shown));
  assert.equal(place.run(['ls', 'latest'], { env: { PILOTFISH_PASSWORD: 'second' } }).code, 0);
});

test('130: Ctrl-C at the question; the end of input is no password', async (t) => {
  if (!hasScript) return t.skip('no program `script` to make a terminal with');
  const place = new Place(t);
  const stopped = await typed(place, ['init', '--encrypt'], [[/new password: $/, 'half\x03']]);
  assert.equal(stopped.code, 130, stopped.shown);
  assert.match(stopped.shown, /\npilotfish: INTERRUPTED: [^\n]+\n$/);
  const ended = await typed(place, ['init', '--encrypt'], [[/new password: $/, '\x04']]);
  assert.equal(ended.code, 1, ended.shown);
  const empty = await typed(place, ['init', '--encrypt'], [[/new password: $/, '\n']]);
  assert.match(empty.shown, /\npilotfish: USAGE: an empty password protects nothing/);
  assert.ok(!existsSync(place.path('repo')));
});
