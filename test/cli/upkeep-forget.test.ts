// `forget` and `prune`: which snapshots go, what that frees, and who must not be there meanwhile.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ManualClock } from '../../src/base/index.ts';
import { nodePorts, pack, Repository } from '../../src/index.ts';
import { contents, noise, Place, parseOne } from './support.ts';

interface Forgotten {
  forgotten: string[];
  kept: string[];
  dryRun: boolean;
  prune: { freedBytes: number; deletedPacks: number } | null;
}

/** Everything in the repository but what opening it may touch. */
function stored(place: Place): Map<string, string | null> {
  const all = [...contents(place.path('repo'))];
  return new Map(all.filter(([path]) => !/^(index\.sqlite|locks)/.test(path)));
}

interface Forged {
  readonly time: string;
  readonly tags?: readonly string[];
  readonly host?: string;
  readonly folder?: string;
}

/** Packs a folder as if it were another time; returns the ids of the snapshots. */
async function snapshotsAt(place: Place, forged: readonly Forged[]): Promise<string[]> {
  await place.given('init');
  const ids: string[] = [];
  for (const { time, tags = [], host = 'box', folder = 'tree' } of forged) {
    place.write({ [`${folder}/when`]: time });
    const ports = nodePorts({ clock: new ManualClock(Date.parse(time)), threads: 0 });
    const repository = new Repository({ path: place.path('repo') }, ports, 'write');
    const paths = [Buffer.from(place.path(folder))];
    ids.push((await pack(repository, { paths, tags, host })).snapshot ?? '');
    repository.close();
  }
  return ids;
}

/** Runs `forget --json`, which must succeed; answers with the places of what it kept. */
async function keptOf(place: Place, ids: readonly string[], ...args: string[]): Promise<number[]> {
  const { stdout } = await place.given('forget', '--json', ...args);
  const { kept, forgotten } = parseOne(stdout) as Forgotten;
  assert.deepEqual([...kept, ...forgotten].sort(), [...ids].sort());
  return kept.map((id) => ids.indexOf(id));
}

const TIMES: readonly Forged[] = [
  { time: '2024-01-01T10:10:00Z' }, // a Monday
  { time: '2024-01-01T10:50:00Z', tags: ['release', 'x'] },
  { time: '2024-01-02T09:00:00Z' },
  { time: '2024-01-08T00:00:00Z' }, // the next Monday
  { time: '2024-02-01T12:00:00Z', tags: ['x'] },
  { time: '2025-03-01T12:00:00Z' },
];

const RULES: readonly { args: string[]; keeps: number[] }[] = [
  { args: ['--keep-last', '2'], keeps: [4, 5] },
  { args: ['--keep-last', '99'], keeps: [0, 1, 2, 3, 4, 5] },
  { args: ['--keep-hourly', '5'], keeps: [1, 2, 3, 4, 5] },
  { args: ['--keep-daily', '4'], keeps: [2, 3, 4, 5] },
  { args: ['--keep-weekly', '4'], keeps: [2, 3, 4, 5] },
  { args: ['--keep-weekly', '3'], keeps: [3, 4, 5] },
  { args: ['--keep-monthly', '3'], keeps: [3, 4, 5] },
  { args: ['--keep-yearly', '9'], keeps: [4, 5] },
  { args: ['--keep-last', '1', '--keep-tag', 'release'], keeps: [1, 5] },
  { args: ['--keep-tag', 'x'], keeps: [1, 4] },
  { args: ['--keep-last', '1', '--keep-monthly', '2', '--keep-tag', 'release'], keeps: [1, 4, 5] },
  { args: ['--keep-last', '1', '--tag', 'x'], keeps: [0, 2, 3, 4, 5] },
  { args: ['--keep-last', '1', '--tag', 'x', '--tag', 'release'], keeps: [0, 1, 2, 3, 4, 5] },
  { args: ['--keep-last', '1', '--host', 'other'], keeps: [0, 1, 2, 3, 4, 5] },
];

test('forget: every rule, and a dry run changes nothing', async (t) => {
  const place = new Place(t);
  const ids = await snapshotsAt(place, TIMES);
  const before = stored(place);
  for (const { args, keeps } of RULES)
    assert.deepEqual(await keptOf(place, ids, '--dry-run', ...args), keeps, args.join(' '));
  await place.given('forget', '--dry-run', 'latest', '--prune');
  assert.deepEqual(stored(place), before);
  assert.deepEqual(await keptOf(place, ids, '--keep-yearly', '1', '--keep-tag', 'release'), [1, 5]);
  const { snapshots } = parseOne((await place.given('snapshots', '--json')).stdout) as {
    snapshots: { id: string }[];
  };
  assert.deepEqual(
    snapshots.map(({ id }) => id),
    [ids[1], ids[5]],
  );
});

test('forget: hosts and paths are independent of each other', async (t) => {
  const place = new Place(t);
  const ids = await snapshotsAt(place, [
    { time: '2024-01-01T00:00:00Z' },
    { time: '2024-01-02T00:00:00Z', host: 'other' },
    { time: '2024-01-03T00:00:00Z', folder: 'elsewhere' },
    { time: '2024-01-04T00:00:00Z' },
  ]);
  assert.deepEqual(await keptOf(place, ids, '--keep-last', '1', '--dry-run'), [1, 2, 3]);
  assert.deepEqual(await keptOf(place, ids, '--keep-last', '1', '--host', 'box', '--dry-run'), [1, 2, 3]);
});

test('forget: those named, and nothing by mistake', async (t) => {
  const place = new Place(t);
  const ids = await snapshotsAt(place, TIMES);
  const before = stored(place);
  const refused = [
    { args: [], code: 'USAGE' },
    { args: ['--keep-last', '0'], code: 'USAGE' },
    { args: ['--host', 'box'], code: 'USAGE' },
    { args: ['--keep-last', 'x'], code: 'USAGE' },
    { args: ['latest', '--keep-last', '1'], code: 'USAGE' },
    { args: ['latest', '--host', 'box'], code: 'USAGE' },
    { args: ['latest', 'ffffffff'], code: 'NO_SNAPSHOT' },
    { args: [''], code: 'NO_SNAPSHOT' },
  ];
  for (const { args, code } of refused) {
    const ended = await place.inside(['forget', ...args, '--json']);
    assert.equal(ended.code, 1, args.join(' '));
    assert.equal((parseOne(ended.stdout) as { error: { code: string } }).error.code, code);
    assert.match(ended.stderr, new RegExp(`^pilotfish: ${code}: [^\\n]+\\n$`));
  }
  assert.deepEqual(stored(place), before);
  const [first = '', second = ''] = ids;
  const kept = await keptOf(place, ids, 'latest', first.slice(0, 10), second, first);
  assert.deepEqual(kept, [2, 3, 4]);
});

test('forget: people see the fate of each snapshot; a text of hostile tags stays text', async (t) => {
  const place = new Place(t);
  const [first = '', second = ''] = await snapshotsAt(place, [
    { time: '2024-01-01T00:00:00Z', tags: ['a\x1b[2J'] },
    { time: '2024-01-02T00:00:00Z' },
  ]);
  const dry = (await place.given('forget', '--keep-last', '1', '--dry-run')).stdout.split('\n');
  assert.match(dry[0] ?? '', new RegExp(`^forget {2}${first.slice(0, 12)} {2}.* box {2}a\\\\x1b\\[2J `));
  assert.match(dry[1] ?? '', new RegExp(`^keep {4}${second.slice(0, 12)} {2}`));
  assert.equal(dry[2], '1 snapshot forgotten, 1 kept (dry run: nothing was removed)');
  assert.equal((await place.given('forget', '--keep-last', '1', '--quiet')).stdout, '');
});

test('forget: a snapshot that cannot be read is told of and stays', async (t) => {
  const place = new Place(t);
  const ids = await snapshotsAt(place, TIMES.slice(0, 3));
  place.write({ [`repo/snapshots/${ids[1]}`]: 'no snapshot' });
  const { code, stdout, stderr } = await place.inside(['forget', '--keep-last', '1', '--json']);
  assert.equal(code, 1);
  assert.match(stderr, /^pilotfish: warning: DAMAGED: [^\n]+\n$/);
  assert.deepEqual((parseOne(stdout) as Forgotten).forgotten, [ids[0]]);
  assert.ok(stored(place).has(`snapshots/${ids[1]}`));
});

/** A repository in which most bytes belong to a snapshot that is forgotten. */
async function wasteful(place: Place): Promise<void> {
  place.write({ 'tree/stays': noise(60_000), 'tree/goes': noise(400_000, 7) });
  await place.given('pack', 'tree');
  place.write({ 'tree/goes': 'short' });
  await place.given('pack', 'tree');
  await place.given('forget', '--keep-last', '1', '--quiet');
}

test('prune: frees what nobody needs; a dry run and a second run change nothing', async (t) => {
  const place = new Place(t);
  await wasteful(place);
  const before = stored(place);
  const dry = parseOne((await place.given('prune', '--dry-run', '--json')).stdout) as Record<string, unknown>;
  assert.deepEqual(stored(place), before);
  const names = ['packs', 'unusedBytes', 'replacedPacks', 'deletedPacks', 'freedBytes', 'dryRun', 'seconds'];
  assert.deepEqual(Object.keys(dry), names);
  assert.equal(dry['dryRun'], true);
  assert.ok(Number(dry['unusedBytes']) > 390_000);
  assert.match((await place.given('prune', '--dry-run')).stdout, /\ndry run: nothing was removed; /);

  const result = place.json('prune');
  assert.deepEqual(Object.keys(result), names);
  assert.equal(result['replacedPacks'], dry['replacedPacks']);
  assert.ok(Number(result['freedBytes']) > 390_000);
  const after = stored(place);
  const { unusedBytes, replacedPacks, freedBytes } = place.json('prune');
  assert.deepEqual({ replacedPacks, freedBytes }, { replacedPacks: 0, freedBytes: 0 });
  assert.ok(Number(unusedBytes) < 1000);
  assert.deepEqual(stored(place), after);
  assert.deepEqual(place.json('verify', '--data')['damage'], []);
  assert.equal((await place.given('cat', 'latest', 'goes')).stdout, 'short');
});

test('prune: --max-unused says how much may stay', async (t) => {
  const place = new Place(t);
  // One pack of which a tenth goes.
  place.write({ 'tree/stays': noise(900_000), 'tree/goes': noise(100_000, 7) });
  await place.given('pack', 'tree');
  place.write({ 'tree/goes': '' });
  await place.given('pack', 'tree');
  await place.given('forget', '--keep-last', '1', '--quiet');
  const before = stored(place);
  const { replacedPacks } = place.json('prune', '--max-unused', '20%');
  assert.equal(replacedPacks, 0);
  assert.deepEqual(stored(place), before);
  assert.ok(Number(place.json('prune', '--max-unused', '0')['freedBytes']) > 90_000);
  for (const args of [
    ['--max-unused', '101%'],
    ['--max-unused=-1'],
    ['--max-unused', 'x'],
    ['--grace', '2'],
    ['--grace', '2w'],
    ['--grace=-1d'],
  ]) {
    const { code, stderr } = await place.inside(['prune', ...args]);
    assert.equal(code, 1);
    assert.match(stderr, /^pilotfish: USAGE: --(max-unused|grace) \S+ cannot be used: give /);
  }
});

test('prune: within the time of grace replaced packs stay', async (t) => {
  const place = new Place(t);
  await wasteful(place);
  const packs = (): string[] => [...stored(place).keys()].filter((path) => path.endsWith('.pack')).sort();
  const before = packs();
  const { stdout } = await place.given('prune', '--grace', '2d');
  assert.match(stdout, /\nreplaced \d packs?, deleted 0 packs\n\S+ \S+ more are taken until /);
  assert.ok(before.every((path) => packs().includes(path)));
  assert.deepEqual(place.json('verify', '--data')['damage'], []);
  assert.equal(Number(place.json('prune', '--grace', '12h')['deletedPacks']), 0);
  assert.ok(Number(place.json('prune')['deletedPacks']) > 0);
  assert.ok(!before.every((path) => packs().includes(path)));
  assert.deepEqual(place.json('verify', '--data')['damage'], []);
});

for (const mode of ['read', 'write'] as const) {
  test(`11: no prune, repair, optimize or key change beside one that is there to ${mode}`, async (t) => {
    const place = new Place(t);
    await wasteful(place);
    const before = stored(place);
    const holder = new Repository({ path: place.path('repo') }, nodePorts(), mode);
    for (const args of [['prune'], ['repair'], ['optimize'], ['key', 'remove']]) {
      const { code, stdout, stderr } = await place.inside([...args, '--json']);
      assert.equal(code, 11, args.join(' '));
      assert.equal((parseOne(stdout) as { error: { code: string } }).error.code, 'LOCKED');
      assert.match(stderr, new RegExp(`^pilotfish: LOCKED: .*process ${process.pid} on .*\\(${mode}\\)`));
    }
    // What only looks can do so beside others.
    for (const command of ['prune', 'repair']) await place.given(command, '--dry-run');
    assert.equal(place.locks().length, 1);
    holder.close();
    assert.deepEqual(stored(place), before);
    place.runWell('prune');
  });
}

test('forget --prune: both; locked out, it says what was forgotten all the same', async (t) => {
  const place = new Place(t);
  place.write({ 'tree/a': noise(300_000) });
  await place.given('pack', 'tree');
  place.write({ 'tree/a': noise(300_000, 5) });
  await place.given('pack', 'tree');
  const { prune } = place.json<Forgotten>('forget', '--keep-last', '1', '--prune');
  assert.ok((prune?.freedBytes ?? 0) > 290_000);

  place.write({ 'tree/a': 'small' });
  await place.given('pack', 'tree');
  const holder = new Repository({ path: place.path('repo') }, nodePorts(), 'read');
  const locked = await place.inside(['forget', '--keep-last', '1', '--prune', '--json']);
  holder.close();
  assert.equal(locked.code, 11);
  const told = parseOne(locked.stdout) as Forgotten & { error: { code: string } };
  assert.deepEqual([told.forgotten.length, told.kept.length, told.prune], [1, 1, null]);
  assert.equal(told.error.code, 'LOCKED');
  assert.match(locked.stderr, /^pilotfish: LOCKED: [^\n]+\n$/);

  const { stdout } = await place.given('forget', '--keep-last', '1', '--prune');
  assert.match(stdout, /^keep .*\n0 snapshots forgotten, 1 kept\n\d packs?, .*\nreplaced .*\nfreed \d/);
  assert.deepEqual(place.json('verify', '--data')['damage'], []);
});
