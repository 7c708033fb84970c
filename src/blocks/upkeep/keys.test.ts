import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  PASSWORD,
  portsOf,
  REPOSITORY,
  SOURCE,
  TEST_COST_N,
  Workbench,
} from '../../../test/golden/workbench.ts';
import type { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { type FileSystem, ManualClock, Rng, seededBytes } from '../../base/index.ts';
import { verify } from '../check/index.ts';
import { Repository, type RepositoryPorts } from '../session/index.ts';
import { addKey, changePassword, removeKey } from './keys.ts';

const COST = { costN: TEST_COST_N };

async function encrypted(): Promise<Workbench> {
  const bench = new Workbench({ password: PASSWORD });
  bench.build([{ path: 'a', bytes: 'secret' }]);
  await bench.pack();
  return bench;
}

/** Opens with a password and checks every byte. */
async function opens(bench: Workbench, password: string): Promise<boolean> {
  let repository: Repository;
  try {
    repository = new Repository({ path: REPOSITORY, password }, bench.ports, 'read');
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'WRONG_PASSWORD');
    return false;
  }
  try {
    assert.deepEqual((await verify(repository, { data: true })).damage, []);
    return true;
  } finally {
    repository.close();
  }
}

const opening = async (bench: Workbench, passwords: readonly string[]): Promise<string[]> => {
  const results = await Promise.all(passwords.map((password) => opens(bench, password)));
  return passwords.filter((_, i) => results[i]);
};

test('a password added opens as well, one removed no more', async () => {
  const bench = await encrypted();
  const all = [PASSWORD, 'second', 'third', 'none'];
  const add = (password: string, given: string): Promise<number> =>
    bench.open((repository) => addKey(repository, password, { password: given, ...COST }), 'write');
  assert.equal(await add('second', PASSWORD), 2);
  assert.equal(await add('third', 'second'), 3);
  assert.deepEqual(await opening(bench, all), [PASSWORD, 'second', 'third']);
  assert.equal(await bench.open((repository) => removeKey(repository, { password: 'second' }), 'write'), 2);
  assert.deepEqual(await opening(bench, all), [PASSWORD, 'third']);
  const { tree } = await bench.restored();
  assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree), []);
});

test('a password changed opens in place of the old one', async () => {
  const bench = await encrypted();
  await bench.open((repository) => addKey(repository, 'second', { password: PASSWORD, ...COST }), 'write');
  await bench.open(
    (repository) => changePassword(repository, 'new', { password: 'second', ...COST }),
    'write',
  );
  assert.deepEqual(await opening(bench, [PASSWORD, 'second', 'new']), [PASSWORD, 'new']);
});

test('passwords are compared as text, however it is composed', async () => {
  const bench = await encrypted();
  await bench.open(
    (repository) => addKey(repository, 'gr\u00fc\u00dfe', { password: PASSWORD, ...COST }),
    'write',
  );
  assert.deepEqual(await opening(bench, ['gru\u0308\u00dfe', 'grusse']), ['gru\u0308\u00dfe']);
});

test('refused: a wrong password, an empty one, the last one, too many; nothing is changed', async () => {
  const bench = await encrypted();
  const before = bench.hashes();
  const refused = (work: (repository: Repository) => unknown, code: string): Promise<void> =>
    assert.rejects(bench.open(work, 'write'), { code });
  await refused((repository) => addKey(repository, 'x', { password: 'wrong' }), 'WRONG_PASSWORD');
  await refused((repository) => removeKey(repository, { password: 'wrong' }), 'WRONG_PASSWORD');
  await refused((repository) => changePassword(repository, 'x', { password: 'wrong' }), 'WRONG_PASSWORD');
  await refused((repository) => addKey(repository, '', { password: PASSWORD }), 'USAGE');
  await refused((repository) => changePassword(repository, '', { password: PASSWORD }), 'USAGE');
  await refused((repository) => removeKey(repository, { password: PASSWORD }), 'USAGE');
  assert.deepEqual(bench.hashes(), before);
  await bench.open((repository) => {
    for (let i = 1; i < 16; i += 1) addKey(repository, `number ${i}`, { password: PASSWORD, ...COST });
    assert.throws(() => addKey(repository, 'one more', { password: PASSWORD }), { code: 'LIMIT' });
  }, 'write');
  assert.deepEqual(await opening(bench, ['number 15']), ['number 15']);
});

test('a repository without encryption has no passwords', async () => {
  const bench = new Workbench();
  await assert.rejects(
    bench.open((repository) => addKey(repository, 'x', { password: '' }), 'write'),
    { code: 'USAGE' },
  );
});

test('what another process changed since is kept', async () => {
  const bench = await encrypted();
  await bench.open(async (early) => {
    await bench.open((late) => addKey(late, 'late', { password: PASSWORD, ...COST }), 'write');
    assert.equal(addKey(early, 'early', { password: PASSWORD, ...COST }), 3);
  }, 'write');
  assert.deepEqual(await opening(bench, [PASSWORD, 'late', 'early']), [PASSWORD, 'late', 'early']);
});

interface Change {
  /** Passwords there are beside the first. */
  readonly more: readonly string[];
  readonly change: (repository: Repository) => unknown;
  readonly after: string;
}

const GIVEN = { password: PASSWORD, costN: 16 };
const CHANGES: Record<string, Change> = {
  add: { more: [], change: (repository) => addKey(repository, 'new', GIVEN), after: `${PASSWORD} new` },
  change: { more: [], change: (repository) => changePassword(repository, 'new', GIVEN), after: 'new' },
  remove: { more: ['other'], change: (repository) => removeKey(repository, GIVEN), after: 'other' },
};

/** A repository with passwords that cost nothing: they are tried thousands of times. */
async function cheap(more: readonly string[]): Promise<SimFileSystem> {
  const bench = await encrypted();
  const cost = { password: PASSWORD, costN: 16 };
  await bench.open((repository) => {
    changePassword(repository, PASSWORD, cost);
    for (const password of more) addKey(repository, password, cost);
  }, 'write');
  bench.fs.sync();
  return bench.fs;
}

function run(fs: FileSystem, change: (repository: Repository) => unknown): void {
  const repository = new Repository({ path: REPOSITORY, password: PASSWORD }, ports(fs), 'write');
  try {
    change(repository);
  } finally {
    repository.close();
  }
}

let processes = 0;
/** A process of its own each time: a power cut may bring the lock of one that is gone back. */
const ports = (fs: FileSystem): RepositoryPorts => {
  processes += 1;
  return portsOf(fs, new ManualClock(), seededBytes(processes));
};

/** Which of the passwords open it. */
function valid(fs: FileSystem): string {
  const passwords = [PASSWORD, 'new', 'other'].filter((password) => {
    try {
      new Repository({ path: REPOSITORY, password }, ports(fs), 'read').close();
      return true;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'WRONG_PASSWORD');
      return false;
    }
  });
  return passwords.join(' ');
}

// Whatever happens in between, the passwords are those of before or those of after.
for (const [what, { more, change, after }] of Object.entries(CHANGES)) {
  test(`${what}: stopped at any call, nobody is locked out`, async () => {
    const disk = await cheap(more);
    const before = valid(disk);
    const whole = new FaultyFileSystem(disk.crash(new Rng(1), 'process'));
    run(whole, change);
    assert.ok(whole.calls > 10);
    for (const fault of ['kill-before', 'kill-after', 'EIO', 'ENOSPC', 'torn'] as const) {
      for (let at = 1; at <= whole.calls; at += 1) {
        const struck = disk.crash(new Rng(1), 'process');
        let failed = false;
        try {
          run(new FaultyFileSystem(struck, { at, fault }), change);
        } catch {
          failed = true;
        }
        for (const mode of ['process', 'lost', 'power'] as const) {
          const found = valid(struck.crash(new Rng(at), mode));
          const said = `${fault} at ${whole.log[at - 1]}, ${mode}: ${found}`;
          assert.ok(found === after || (failed && found === before), said);
        }
      }
    }
  });
}
