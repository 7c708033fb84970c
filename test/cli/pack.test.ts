// `pilotfish pack`: what it stores, what it leaves out, what it says.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { contents, noise, Place, parseOne } from './support.ts';

interface Packed {
  snapshot: string | null;
  root: string;
  files: number;
  bytesStored: number;
  unchangedFiles: number;
  errors: { path: string; code: string; message: string }[];
}

const paths = async (place: Place): Promise<string[]> =>
  (await place.given('ls', 'latest')).stdout.trimEnd().split('\n');

test('one JSON object with the documented fields', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a.txt': 'a text\n'.repeat(1000), 'tree/deep/b.bin': noise(300_000) });
  const result = place.json('pack', 'tree');
  assert.deepEqual(
    Object.entries(result).map(([name, value]) => [name, typeof value]),
    [
      ['snapshot', 'string'],
      ['root', 'string'],
      ['files', 'number'],
      ['directories', 'number'],
      ['bytesRead', 'number'],
      ['unchangedFiles', 'number'],
      ['bytes', 'number'],
      ['bytesStored', 'number'],
      ['blocks', 'number'],
      ['newBlocks', 'number'],
      ['deltaBlocks', 'number'],
      ['deltasTried', 'number'],
      ['deltasUseless', 'number'],
      ['groupedFiles', 'number'],
      ['codecs', 'object'],
      ['errors', 'object'],
      ['errorCount', 'number'],
      ['seconds', 'number'],
      ['cpuSeconds', 'number'],
      ['peakRssBytes', 'number'],
      ['advice', 'object'],
      ['telemetry', 'object'],
    ],
  );
  assert.match(String(result['snapshot']), /^[0-9a-f]{64}$/);
  assert.match(String(result['root']), /^bafyrei[a-z2-7]+$/);
  const { files, bytes, bytesRead, errors } = result;
  assert.deepEqual(
    { files, bytes, bytesRead, errors },
    { files: 2, bytes: 307_000, bytesRead: 307_000, errors: [] },
  );
  for (const codec of Object.values(result['codecs'] as object))
    assert.deepEqual(Object.keys(codec), ['blocks', 'bytes']);
});

test('bytesStored is what the repository directory grew by', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/b.bin': noise(300_000) });
  const sizeOf = (): number =>
    [...contents(place.path('repo')).values()].reduce(
      (sum, text) => sum + Buffer.from(text ?? '', 'base64').length,
      0,
    );
  const first = place.json<Packed>('pack', 'tree');
  const afterFirst = sizeOf();
  assert.equal(first.bytesStored, afterFirst);
  place.write({ 'tree/c.bin': noise(100_000, 7) });
  assert.equal(place.json<Packed>('pack', 'tree').bytesStored, sizeOf() - afterFirst);
});

test('the same input gives the same root, whatever the number of threads', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'x'.repeat(70_000), 'tree/b': noise(200_000) });
  const one = place.json<Packed>('pack', 'tree', '--threads', '0');
  const two = place.json<Packed>('pack', 'tree', '--threads', '2', '--read-all', '--repo', 'other');
  assert.equal(one.root, two.root);
});

test('people get a summary, --quiet nothing', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a.txt': 'a' });
  const { stdout, stderr } = place.runWell('pack', 'tree');
  assert.match(stdout, /^snapshot [0-9a-f]{64}\nsource +1 file in 0 folders, 1 B\n/);
  assert.equal(stderr, '');
  assert.deepEqual(place.run(['pack', 'tree', '--quiet']), { code: 0, stdout: '', stderr: '' });
});

test('--exclude and --exclude-file', async (t) => {
  const place = new Place(t);
  place.write({
    'tree/keep.txt': '1',
    'tree/drop.log': '2',
    'tree/deep/drop.log': '3',
    'tree/deep/cache/x': '4',
    'tree/cache/kept': '5',
    'tree/build/out': '6',
    patterns: '# a comment\n\ndeep/cache\n',
  });
  place.runWell('pack', 'tree', '--exclude', '*.log', '--exclude', '/build', '--exclude-file', 'patterns');
  assert.deepEqual(await paths(place), ['cache', 'cache/kept', 'deep', 'keep.txt']);
  const typo = ['--exclude', 'nodemodules', '--exclude', '/tree/a'];
  const warned = place.run(['pack', 'tree', '--exclude', '*.log', ...typo, '--exclude-file', 'patterns']);
  assert.equal(warned.code, 0);
  assert.match(
    warned.stderr,
    /^pilotfish: warning: nothing fits --exclude nodemodules, --exclude \/tree\/a: [^\n]*\n$/,
  );
  assert.equal(place.run(['pack', 'tree', ...typo, '--quiet']).stderr, '');
  const missing = place.run(['pack', 'tree', '--exclude-file', 'nowhere']);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^pilotfish: UNREADABLE: nowhere cannot be read/);
});

test('tags, host and absolute paths are noted in the snapshot', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  place.runWell('pack', 'tree', '--tag', 'daily', '--tag', 'db', '--host', 'other');
  const { snapshots } = place.json<{ snapshots: Record<string, unknown>[] }>('snapshots');
  const [{ tags, host, paths: noted } = {}] = snapshots;
  assert.deepEqual(
    { tags, host, noted },
    { tags: ['daily', 'db'], host: 'other', noted: [place.path('tree')] },
  );
});

test('several paths and single files appear under their names; equal names are refused', async (t) => {
  const place = new Place(t);
  place.write({ 'one/a': '1', 'two/b': '2', 'x/one/c': '3', 'single.txt': '4' });
  place.runWell('pack', 'two', 'one', 'single.txt');
  assert.deepEqual(await paths(place), ['one', 'one/a', 'single.txt', 'two', 'two/b']);
  place.runWell('pack', 'single.txt');
  assert.deepEqual(await paths(place), ['single.txt']);
  const { code, stderr } = place.run(['pack', 'one', 'x/one']);
  assert.equal(code, 1);
  assert.match(stderr, /^pilotfish: USAGE: two paths are named one: .*\n$/);
});

test('a symbolic link is stored as one; a slash behind it means where it leads', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  symlinkSync('tree', place.path('link'));
  place.runWell('pack', 'link');
  assert.deepEqual(await paths(place), ['link']);
  place.runWell('pack', 'link/');
  assert.deepEqual(await paths(place), ['a']);
});

test('the repository inside the tree is left out', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  for (let i = 0; i < 2; i++) place.runWell('pack', 'tree', '--repo', 'tree/.backup');
  const { stdout } = place.runWell('ls', 'latest', '--repo', 'tree/.backup');
  assert.equal(stdout, 'a\n');
});

test('standard input is one file', async (t) => {
  const place = new Place(t);
  const bytes = noise(200_000);
  for (const args of [
    ['-', '--stdin-name', 'all.tar'],
    ['--stdin', '--stdin-name', 'all.tar'],
  ]) {
    const { code, stderr } = place.run(['pack', ...args], { input: bytes });
    assert.equal(code, 0, stderr);
    assert.deepEqual(await paths(place), ['all.tar']);
    place.runWell('restore', 'latest', '--to', 'out', '--overwrite');
    assert.ok(readFileSync(place.path('out/all.tar')).equals(bytes));
  }
  place.write({ 'tree/a': '1' });
  for (const args of [['-', 'tree'], ['-', '--stdin-name', '../x'], ['-', '--stdin-name', '..'], []]) {
    assert.match(place.run(['pack', ...args]).stderr, /^pilotfish: USAGE: /);
  }
});

test('standard input that comes slowly', async (t) => {
  const place = new Place(t);
  const child = place.start(['pack', '-']);
  setTimeout(() => child.stdin?.write('first '), 700);
  setTimeout(() => child.stdin?.end('second'), 900);
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0);
  assert.equal(place.runWell('cat', 'latest', 'stdin').stdout, 'first second');
});

test('--dry-run writes nothing, neither a repository nor a snapshot', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(100_000), 'tmp/mine': '' });
  const before = readdirSync(place.folder).sort();
  const dryRun = (): Packed => {
    const { code, stdout, stderr } = place.run(['pack', 'tree', '--dry-run', '--json'], {
      env: { TMPDIR: place.path('tmp') },
    });
    assert.equal(code, 0, stderr);
    return parseOne(stdout) as Packed;
  };
  const dry = dryRun();
  assert.equal(dry.snapshot, null);
  assert.ok(dry.bytesStored > 100_000);
  assert.deepEqual(readdirSync(place.folder).sort(), before);
  assert.deepEqual(readdirSync(place.path('tmp')), ['mine']);

  assert.equal(place.json<Packed>('pack', 'tree').root, dry.root);
  place.write({ 'tree/b': noise(100_000, 5) });
  const stored = contents(place.path('repo'));
  dryRun();
  assert.deepEqual(contents(place.path('repo')), stored);
});

test('unchanged files are not read again, unless --read-all asks for it', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': 'old enough', 'tree/b': 'as well' });
  // Younger changes could share a timestamp with a later one.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  place.runWell('pack', 'tree');
  const again = place.json<Packed & { bytesRead: number }>('pack', 'tree');
  assert.deepEqual([again.unchangedFiles, again.bytesRead], [2, 0]);
  const all = place.json<Packed & { bytesRead: number }>('pack', 'tree', '--read-all');
  assert.deepEqual([all.unchangedFiles, all.bytesRead], [0, 17]);
  assert.equal(all.root, again.root);
});

test('--block-size is fixed at creation', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(600_000) });
  const small = place.json<Packed & { blocks: number }>('pack', 'tree', '--block-size', '16');
  const large = place.json<Packed & { blocks: number }>(
    'pack',
    'tree',
    '--block-size',
    '256',
    '--repo',
    'large',
  );
  assert.ok(small.blocks > 2 * large.blocks);
  place.runWell('pack', 'tree', '--block-size', '16');
  assert.match(
    place.run(['pack', 'tree', '--block-size', '32']).stderr,
    /^pilotfish: USAGE: the repository has blocks of 16 KiB/,
  );
  for (const size of ['17', '0x10', '', '1e1'])
    assert.equal(place.run(['pack', 'tree', '--block-size', size]).code, 1);
});

test('a file of more blocks than one list holds', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/large': noise(20 * 1024 * 1024) });
  const { blocks } = place.json<{ blocks: number }>('pack', 'tree', '--block-size', '16');
  assert.ok(blocks > 1024);
  place.runWell('restore', 'latest', '--to', 'out');
  assert.ok(readFileSync(place.path('out/large')).equals(readFileSync(place.path('tree/large'))));
});

test('files that cannot be read are reported, the others stored: exit code 3', async (t) => {
  // Root may read everything except what the kernel refuses.
  const unreadable = '/proc/self/mem';
  if (!existsSync(unreadable)) return t.skip('no /proc on this platform');
  const place = new Place(t);
  place.write({ 'tree/a': '1' });
  const { code, stdout, stderr } = place.run(['pack', 'tree', unreadable, '--json']);
  assert.equal(code, 3);
  const { errors, files } = parseOne(stdout) as Packed;
  assert.deepEqual(errors, [{ path: unreadable, code: 'UNREADABLE', message: 'it cannot be read (EIO)' }]);
  assert.ok(files >= 1);
  assert.equal(stderr, `pilotfish: warning: UNREADABLE: ${unreadable}: it cannot be read (EIO)\n`);
  assert.deepEqual(await paths(place), ['tree', 'tree/a']);
});

test('a source that is not there: nothing is created', async (t) => {
  const place = new Place(t);
  const { code, stdout, stderr } = place.run(['pack', 'nowhere', '--json']);
  assert.equal(code, 1);
  assert.match(stderr, /^pilotfish: UNREADABLE: nowhere cannot be read: check the path \(ENOENT\)\n$/);
  assert.equal((parseOne(stdout) as { error: { code: string } }).error.code, 'UNREADABLE');
  assert.ok(!existsSync(place.path('repo')));
});

test('a name that is not UTF-8 arrives mangled as an argument, and the message says what to do', async (t) => {
  const place = new Place(t);
  mkdirSync(join(place.folder, 'tree'));
  assert.match(place.run(['pack', 'tree/\ufffd']).stderr, /not UTF-8 cannot be given as arguments/);
});

test('--telemetry records each decision that came to something, and nothing that was packed', async (t) => {
  const place = new Place(t);
  const name = 'cardamom and other ingredients';
  const block = noise(20_000);
  const similar = Buffer.concat([block.subarray(0, 19_000), noise(1000)]);
  place.write({ [`tree/${name}`]: `${name}\n`.repeat(5000), 'tree/block': block, 'tree/similar': similar });
  const json = async <Result>(...args: string[]): Promise<Result> =>
    parseOne((await place.given(...args, '--json')).stdout) as Result;
  const packed = await json<{
    advice: { questions: number; bases: { kept: number; notKept: number } };
    telemetry: Record<string, number>;
  }>('pack', 'tree', '--telemetry', 'telemetry.db');
  const { questions, bases } = packed.advice;
  const { recorded, stored, dropped, refused } = packed.telemetry;
  assert.ok(questions >= 2);
  assert.deepEqual([stored, dropped, refused], [recorded, 0, 0]);
  const summary = await json<{ events: Record<string, number>; keys: number }>('telemetry', 'telemetry.db');
  assert.deepEqual([summary.events['CODEC_RECEIPT'], summary.keys], [questions, 1]);
  assert.equal(bases.kept, 1);
  assert.equal(summary.events['BASE_RECEIPT'], bases.kept + bases.notKept);
  assert.equal(
    Object.values(summary.events).reduce((sum, count) => sum + count, 0),
    recorded,
  );
  const written = readdirSync(place.folder).filter((each) => each.startsWith('telemetry.db'));
  assert.deepEqual(written, ['telemetry.db', 'telemetry.db.keys']);
  const bytes = Buffer.concat(written.map((each) => readFileSync(place.path(each))));
  // Neither a name nor content nor what anyone who has the content could confirm.
  const id = createHash('sha256').update(block).digest();
  for (const trace of ['cardamom', 'ingredient', block.subarray(0, 8), id, id.toString('hex')]) {
    assert.ok(!bytes.includes(trace), String(trace));
  }
});

test('telemetry is off unless asked for, by option or environment; no pack fails by it', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(30_000), 'notes.db': 'no database' });
  await place.given('pack', 'tree', '--quiet');
  assert.deepEqual(readdirSync(place.folder).sort(), ['cache', 'notes.db', 'repo', 'tree']);
  const again = ['pack', 'tree', '--read-all'];
  const env = { PILOTFISH_TELEMETRY: place.path('telemetry.db') };
  // Where nothing is decided or written, the environment is no order; the option is a mistake.
  assert.equal(place.run([...again, '--dry-run'], { env }).code, 0);
  assert.ok(!existsSync(env.PILOTFISH_TELEMETRY));
  for (const option of ['--dry-run', '--no-hints']) {
    const { stderr } = await place.inside([...again, option, '--telemetry', 'x']);
    assert.match(stderr, /USAGE: .*leave out --telemetry/);
  }
  assert.match((await place.inside(['pack', '--telemetry', 'x'])).stderr, /USAGE: nothing to store/);
  assert.equal(place.run(again, { env }).code, 0);
  assert.ok(existsSync(env.PILOTFISH_TELEMETRY) && !existsSync(place.path('x')));
  const spoilt = await place.inside([...again, '--json', '--telemetry', 'notes.db']);
  assert.equal(spoilt.code, 0);
  assert.match(spoilt.stderr, /warning: DAMAGED: .*notes\.db.*Telemetry is not recorded/);
  assert.equal((parseOne(spoilt.stdout) as { telemetry: unknown }).telemetry, null);
  assert.equal(readFileSync(place.path('notes.db'), 'utf8'), 'no database');
  const nowhere = await place.inside([...again, '--telemetry', 'no/folder/t.db']);
  assert.equal(nowhere.code, 0);
  assert.match(
    nowhere.stderr,
    /warning: MISSING: telemetry: there is no folder for \S+no\/folder\/t\.db: make it/,
  );
  const missing = await place.inside(['telemetry', 'gone.db']);
  assert.match(missing.stderr, /^pilotfish: MISSING: there is no telemetry in \S+gone\.db: [^\n]*\n$/);
  assert.ok(!existsSync(place.path('gone.db')));
});

test('a wrong option names the help of its command', async (t) => {
  const place = new Place(t);
  const helpOf = async (...args: string[]): Promise<string | undefined> =>
    /see `([^`]*)`\n$/.exec((await place.inside(args)).stderr)?.[1];
  assert.equal(await helpOf('pack', '--nope'), 'pilotfish pack --help');
  assert.equal(await helpOf('key', 'add', '--nope'), 'pilotfish key add --help');
  assert.equal(await helpOf('telemetry'), 'pilotfish telemetry --help');
  assert.equal(await helpOf('pakc', 'tree'), 'pilotfish --help');
});
