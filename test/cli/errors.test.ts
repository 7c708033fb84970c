// Every exit code, and what is said with it: one line on stderr, with `--json` one object on stdout.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createRepository, nodePorts, pack, Repository } from '../../src/index.ts';
import { noise, Place, parseOne } from './support.ts';

/** Runs a command that must fail with this exit code and error code, in words and in JSON. */
async function fails(
  place: Place,
  args: readonly string[],
  { code, error }: { code: number; error: string },
): Promise<string> {
  const ended = await place.inside(args);
  assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`);
  assert.match(ended.stderr, new RegExp(`^pilotfish: ${error}: [^\\n]+\\n$`));
  if (args.includes('--json')) {
    const told = parseOne(ended.stdout) as { error: { code: string; message: string } };
    assert.deepEqual(Object.keys(told), ['error']);
    assert.equal(`pilotfish: ${told.error.code}: ${told.error.message}\n`, ended.stderr);
  } else assert.equal(ended.stdout, '');
  return ended.stderr;
}

test('10: no repository', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1', file: 'x', 'foreign/thing': 'x' });
  const none = { code: 10, error: 'NO_REPOSITORY' };
  for (const command of [
    ['ls', 'latest'],
    ['stats'],
    ['verify'],
    ['snapshots'],
    ['restore', 'latest', '--to', 'out'],
  ]) {
    await fails(place, [...command, '--json'], none);
  }
  await fails(place, ['cat', 'latest', 'a'], none);
  await fails(place, ['stats', '--repo', 'file'], none);
  await fails(place, ['stats', '--repo', 'file/below'], none);
  await fails(place, ['stats', '--repo', 'foreign'], none);
  const foreign = { code: 10, error: 'NOT_A_REPOSITORY' };
  await fails(place, ['pack', 'tree', '--repo', 'foreign', '--json'], foreign);
  await fails(place, ['init', '--repo', 'foreign'], foreign);
  const unnamed = place.run(['stats'], { env: { PILOTFISH_REPO: '' } });
  assert.equal(unnamed.code, 10);
  assert.match(
    unnamed.stderr,
    /^pilotfish: NO_REPOSITORY: no repository is named: .*--repo or in PILOTFISH_REPO\n$/,
  );
});

test('a repository that cannot be made: what is in the way is named', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1', file: 'x' });
  for (const repo of ['file', 'file/below']) {
    const { code, stderr } = place.run(['pack', 'tree', '--repo', repo]);
    assert.ok(code === 1 || code === 10);
    assert.match(stderr, /^pilotfish: (IO|NOT_A_REPOSITORY): [^\n]*file[^\n]*\n$/);
  }
});

test('11: locked', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  await place.given('pack', 'tree');
  const holder = new Repository({ path: place.path('repo') }, nodePorts(), 'exclusive');
  const locked = { code: 11, error: 'LOCKED' };
  const words = await fails(place, ['pack', 'tree', '--json'], locked);
  assert.match(words, new RegExp(`process ${process.pid} on `));
  assert.equal(place.run(['ls', 'latest']).code, 11);
  holder.close();
  place.runWell('ls', 'latest');
});

test('12: wrong password, and the right one from either variable', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'secret', 'password.txt': 'open sesame\nnot this line\n' });
  const options = { path: place.path('repo'), password: 'open sesame' };
  createRepository({ ...options, costN: 1024 }, nodePorts());
  const repository = new Repository(options, nodePorts(), 'write');
  await pack(repository, { paths: [Buffer.from(place.path('tree'))] });
  repository.close();

  const wrong = { code: 12, error: 'WRONG_PASSWORD' };
  assert.match(await fails(place, ['ls', 'latest', '--json'], wrong), /needs a password/);
  const cat = (env: NodeJS.ProcessEnv) => place.run(['cat', 'latest', 'a'], { env });
  const refused = cat({ PILOTFISH_PASSWORD: 'guess' });
  assert.equal(refused.code, 12);
  assert.ok(!refused.stderr.includes('guess'));
  assert.equal(cat({ PILOTFISH_PASSWORD: 'open sesame' }).stdout, 'secret');
  assert.equal(cat({ PILOTFISH_PASSWORD_FILE: 'password.txt' }).stdout, 'secret');
  assert.match(
    cat({ PILOTFISH_PASSWORD_FILE: 'nowhere' }).stderr,
    /^pilotfish: UNREADABLE: PILOTFISH_PASSWORD_FILE names nowhere/,
  );
  const packed = place.run(['pack', 'tree', '--json'], { env: { PILOTFISH_PASSWORD: 'open sesame' } });
  assert.equal(packed.code, 0);
});

test('a password that would not be used is refused', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  const { code, stderr } = place.run(['pack', 'tree'], { env: { PILOTFISH_PASSWORD: 'x' } });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^pilotfish: USAGE: a password is set, but nothing says to encrypt the new repository: .*`pilotfish init --encrypt`/,
  );
});

test('a newer version and a damaged configuration', async (t) => {
  const place = new Place(t);
  await place.given('init');
  const path = place.path('repo/config');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('"version": 1', '"version": 2'));
  await fails(place, ['ls', 'latest', '--json'], { code: 1, error: 'NEWER_VERSION' });
  writeFileSync(path, text.slice(0, 40));
  await fails(place, ['ls', 'latest', '--json'], { code: 1, error: 'CONFIG_DAMAGED' });
});

interface Damage {
  name: string;
  harm: (pack: string) => void;
  codes: RegExp;
}

const damages: readonly Damage[] = [
  { name: 'a flipped bit', harm: flip, codes: /^DAMAGED$/ },
  { name: 'a cut pack', harm: (pack) => truncateSync(pack, 100_000), codes: /^TRUNCATED$/ },
  { name: 'a missing pack', harm: (pack) => rmSync(pack), codes: /^MISSING$/ },
];

function flip(pack: string): void {
  const bytes = readFileSync(pack);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
  writeFileSync(pack, bytes);
}

for (const { name, harm, codes } of damages) {
  test(`${name}: verify names the file, restore saves the rest, nothing claims success`, async (t) => {
    const place = new Place(t);
    place.write({ 'tree/large': noise(900_000) });
    await place.given('pack', 'tree');
    harm(place.pack());

    const verified = place.run(['verify', '--data', '--json']);
    assert.equal(verified.code, 1);
    const { damage } = parseOne(verified.stdout) as {
      damage: { path: string; code: string; message: string }[];
    };
    assert.ok(damage.length > 0);
    assert.ok(
      damage.some(({ code }) => codes.test(code)),
      JSON.stringify(damage),
    );
    const told = place.run(['verify', '--data', '--quiet']);
    assert.equal(told.code, 1);
    assert.match(told.stdout, /^[A-Z_]+: .*\n/);

    const restored = place.run(['restore', 'latest', '--to', 'out', '--json']);
    assert.equal(restored.code, 1);
    for (const args of [
      ['cat', 'latest', 'large'],
      ['restore', 'latest', '--tar', '-'],
    ]) {
      const { code, stderr } = place.run(args);
      assert.equal(code, 1);
      assert.match(stderr, /^pilotfish: (DAMAGED|TAMPERED|TRUNCATED|MISSING): [^\n]+\n$/);
    }
  });
}

test('damage to one file leaves the others', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/first': noise(900_000), 'tree/second': noise(900_000, 3) });
  await place.given('pack', 'tree');
  flip(place.pack());
  const { code, stdout, stderr } = place.run(['restore', 'latest', '--to', 'out', '--json']);
  const { errors, files } = parseOne(stdout) as { errors: { path: string; code: string }[]; files: number };
  assert.deepEqual([code, errors.length, files], [1, 1, 1]);
  assert.match(stderr, new RegExp(`^pilotfish: warning: DAMAGED: ${errors[0]?.path}: `));
  const { damage } = parseOne(place.run(['verify', '--data', '--json']).stdout) as {
    damage: { path: string }[];
  };
  assert.ok(
    damage.some(({ path }) => path.endsWith(`:${errors[0]?.path}`)),
    JSON.stringify(damage),
  );
});

test('verify: sound repositories, samples, and what is no damage', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(100_000) });
  await place.given('pack', 'tree');
  place.write({ 'repo/tmp/0123456789abcdef-0': 'left by a writer that is gone' });
  const { snapshots, packs, leftovers, damage, checkedBlocks } = place.json('verify');
  assert.deepEqual(
    { snapshots, packs, leftovers, damage, checkedBlocks },
    { snapshots: 1, packs: 1, leftovers: 1, damage: [], checkedBlocks: 0 },
  );
  assert.ok(Number(place.json('verify', '--sample', '100%')['checkedBlocks']) > 0);
  assert.equal(place.runWell('verify', '--quiet').stdout, '');
  assert.match(
    place.runWell('verify').stdout,
    /^1 snapshot, 1 pack, \d+ blocks\n1 leftover of stopped writers .*\nno damage\n$/,
  );
  for (const share of ['0', '101%', 'x', '-1'])
    await fails(place, ['verify', `--sample=${share}`, '--json'], { code: 1, error: 'USAGE' });
  assert.match(
    await fails(place, ['verify', '--sample', '0.05', '--json'], { code: 1, error: 'USAGE' }),
    /--sample 0\.05 can mean 5% or 0\.05%: say which/,
  );
  for (const share of ['0.5%', '5', '5.5']) place.runWell('verify', '--sample', share);
  await fails(place, ['verify', '--data', '--sample', '5%'], { code: 1, error: 'USAGE' });
});

test('usage errors: one line, exit code 1', async (t) => {
  const place = new Place(t);
  const usage = { code: 1, error: 'USAGE' };
  await fails(place, ['pack', '--json'], usage);
  await fails(place, ['pack', 'x', '--nonsense', '--json'], usage);
  await fails(place, ['nonsense'], usage);
  await fails(place, ['restore', '--json'], usage);
  await fails(place, ['snapshots', 'extra'], usage);
  await fails(place, ['pack', 'x', '--threads', '-1'], usage);
  await fails(place, ['pack', 'x', '--exclude'], usage);
  await fails(place, ['pack', ''], usage);
});

test('help and version are results: stdout, exit code 0', async (t) => {
  const place = new Place(t);
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  assert.equal(place.runWell('--version').stdout, `${version}\n`);
  // Every page of help fits a terminal; an example is one line, to be copied.
  for (const name of ['experiments', 'policy', 'rollout']) {
    const [text = ''] = place.runWell(name, '--help').stdout.split('\nExamples:');
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  }
  const { stdout } = place.runWell('--help');
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map((match) => match[1] ?? '');
  assert.deepEqual(commands, [
    'pack',
    'restore',
    'snapshots',
    'ls',
    'cat',
    'diff',
    'find',
    'similar',
    'verify',
    'stats',
    'init',
    'forget',
    'prune',
    'repair',
    'optimize',
    'copy',
    'key',
    'measure',
    'train',
    'tune',
    'score',
    'telemetry',
    'models',
    'audit',
    'backup',
    'experiments',
    'drift',
    'rollout',
    'shadow',
    'online',
    'policy',
    'jobs',
    'worker',
    'doctor',
    'serve',
    'keys',
    'help',
  ]);
  for (const command of commands.slice(0, -1)) {
    assert.match(
      place.runWell(command, '--help').stdout,
      new RegExp(`\\nExamples:\\n.*pilotfish ${command} `),
    );
  }
  const bare = place.run([]);
  assert.equal(bare.code, 1);
  assert.match(bare.stderr, /^Usage: pilotfish /);
});

test('a fault of ours has a code as well; its stack only on request', async (t) => {
  const place = new Place(t);
  const env = { PILOTFISH_DEBUG: '1' };
  assert.doesNotMatch(place.run(['stats']).stderr, /\n {4}at /);
  assert.match(place.run(['stats'], { env }).stderr, /\n {4}at /);
});
