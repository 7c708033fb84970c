// Latent damage: bits that flipped, files that are gone or cut. Reading refuses with the right code, verify names
// what is affected and no more, the rest restores, and packing the same source again makes it whole.
import assert from 'node:assert/strict';
import test from 'node:test';
import { hasCode, must, Rng, readSmallFile } from '../../src/base/index.ts';
import { Repository, restore, type VerifyResult, verify } from '../../src/blocks/index.ts';
import type { SimFileSystem } from '../sim/disk.ts';
import { noise } from '../sim/noise.ts';
import { writeFile } from '../sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../sim/tree-state.ts';
import { assertRestores } from './checks.ts';
import { secondPack } from './prepared.ts';
import { opened, packSource, REPOSITORY, type World } from './world.ts';

const prepared = await secondPack();
await prepared.world.process((ports) => packSource(ports));
const states = [...prepared.before, prepared.current];

/** A way to spoil a file; undefined = it is gone. */
type Spoil = (bytes: Buffer) => Buffer | undefined;

interface Damage {
  readonly name: string;
  /** Codes of which one must be named. */
  readonly codes: readonly string[];
  readonly spoil: Spoil;
}

function flip(share: number, bit: number): Damage {
  const spoil = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    const at = Math.min(bytes.length - 1, Math.floor(share * bytes.length));
    copy[at] = (copy[at] ?? 0) ^ (1 << bit);
    return copy;
  };
  return {
    name: `bit ${bit} flipped at ${(100 * share).toFixed(1)} %`,
    codes: ['DAMAGED', 'NEWER_VERSION'],
    spoil,
  };
}

function garble(seed: number): Damage {
  const spoil = (bytes: Buffer): Buffer => {
    const rng = new Rng(seed);
    const copy = Buffer.from(bytes);
    copy.set(noise(rng, Math.min(512, bytes.length)), rng.below(Math.max(1, bytes.length - 512)));
    return copy;
  };
  return { name: `a sector of noise, seed ${seed}`, codes: ['DAMAGED', 'TRUNCATED'], spoil };
}

const cut = (share: number): Damage => ({
  name: `cut at ${(100 * share).toFixed(1)} %`,
  codes: ['TRUNCATED'],
  spoil: (bytes) => bytes.subarray(0, Math.min(bytes.length - 1, Math.floor(share * bytes.length))),
});

const missing: Damage = { name: 'gone', codes: ['MISSING', 'MISSING_BASE'], spoil: () => undefined };

const rng = new Rng(11);
const flips = Array.from({ length: 12 }, () => flip(rng.next(), rng.below(8)));
const ends = [flip(0, 0), flip(8.5 / 1e6, 1), flip(1, 0), flip(0.9999, 3)];
const damages = [...flips, ...ends, garble(1), garble(2), cut(0), cut(0.3), cut(0.9), cut(1), missing];

function spoilFile(disk: SimFileSystem, path: string, spoil: Spoil): void {
  const spoiled = spoil(readSmallFile(disk, path, 1 << 30));
  if (spoiled === undefined) disk.unlink(path);
  else writeFile(disk, path, spoiled);
}

const filesIn = (room: string): string[] =>
  prepared.world.disk
    .readDirectory(`${REPOSITORY}/${room}`)
    .map((name) => `${REPOSITORY}/${room}/${name.toString()}`)
    .sort();

/** Restores a snapshot; what is not as it was is exactly what was reported, and that is what comes back. */
async function brokenPaths(repository: Repository, id: string, expected: TreeState): Promise<string[]> {
  const target = `/restored/${id.slice(0, 12)}-${repository.lock.writerId}`;
  const { errors } = await restore(repository, { snapshot: id, target, owners: true });
  const reported = errors.map(({ path }) => path);
  const lines = treeDifferences(expected, readTree(repository.ports.fs, target)).map((line) =>
    Buffer.from(line, 'latin1').toString('utf8'),
  );
  const unexcused = lines.filter(
    // A link to a file that is not there is restored as a file of its own.
    (line) =>
      !line.includes(': sameAs was ') && !reported.some((path) => path === '' || line.startsWith(path)),
  );
  assert.deepEqual(unexcused, []);
  for (const { code } of errors) assert.match(code, /^(DAMAGED|TRUNCATED|MISSING|MISSING_BASE)$/);
  return reported.sort();
}

/** Paths of a snapshot that `verify` names. */
function namedPaths({ damage }: VerifyResult, id: string): string[] {
  const label = `${id.slice(0, 12)}:`;
  return damage.flatMap(({ path }) => (path.startsWith(label) ? [path.slice(label.length)] : [])).sort();
}

async function assertDamageIsNamed(world: World, path: string, damage: Damage): Promise<void> {
  await world.process((ports) =>
    opened(ports, 'read', async (repository) => {
      const result = await verify(repository, { data: true });
      const relevant = result.damage.filter((item) => item.path === path || damage === missing);
      assert.ok(
        relevant.some(({ code }) => damage.codes.includes(code)),
        JSON.stringify(result.damage),
      );
      const snapshots = repository.snapshots.list((error) => assert.fail(error));
      for (const [i, { id }] of snapshots.entries()) {
        const broken = await brokenPaths(repository, id, must(states[i], 'a state for each snapshot'));
        assert.deepEqual(namedPaths(result, id), broken);
      }
    }),
  );
}

async function assertHeals(world: World, readAll: boolean): Promise<void> {
  const { errors, snapshot } = await world.process((ports) => packSource(ports, { readAll }));
  assert.deepEqual(errors, []);
  await world.process((ports) =>
    opened(ports, 'read', async (repository) => {
      const id = must(snapshot, 'a snapshot was made');
      assert.deepEqual(await brokenPaths(repository, id, prepared.current), []);
      assert.deepEqual(namedPaths(await verify(repository, { data: true }), id), []);
    }),
  );
}

for (const [number, path] of filesIn('store').entries()) {
  test(`pack ${number + 1} damaged`, async () => {
    for (const damage of damages) {
      const world = prepared.world.fork(new Rng(1));
      spoilFile(world.disk, path, damage.spoil);
      try {
        await assertDamageIsNamed(world, path, damage);
        await assertHeals(world, true);
      } catch (cause) {
        throw new Error(damage.name, { cause });
      }
    }
  });
}

test('a pack whose table is damaged is noticed by any `pack`, which makes its tree whole', async () => {
  for (const path of filesIn('store')) {
    for (const damage of [cut(0.5), flip(1, 0)]) {
      const world = prepared.world.fork(new Rng(1));
      spoilFile(world.disk, path, damage.spoil);
      await assertHeals(world, false);
    }
  }
});

test('all packs gone: the next `pack` stores everything again', async () => {
  const world = prepared.world.fork(new Rng(1));
  for (const path of filesIn('store')) world.disk.unlink(path);
  await assertHeals(world, true);
});

/** Oldest first. */
const snapshotFiles = (): Promise<string[]> =>
  prepared.world.process((ports) =>
    opened(ports, 'read', ({ snapshots, layout }) =>
      snapshots.list((error) => assert.fail(error)).map(({ id }) => layout.snapshot(id)),
    ),
  );

test('a damaged snapshot is named, the other restores', async () => {
  for (const [i, path] of (await snapshotFiles()).entries()) {
    for (const damage of [...flips, garble(1), cut(0), cut(0.5), cut(1)]) {
      const world = prepared.world.fork(new Rng(1));
      spoilFile(world.disk, path, damage.spoil);
      await world.process((ports) =>
        opened(ports, 'read', async (repository) => {
          const result = await verify(repository, { data: true });
          assert.deepEqual(
            result.damage.map(({ path, code }) => ({ path, code })),
            [{ path, code: 'DAMAGED' }],
            damage.name,
          );
          const left = repository.snapshots.list(() => undefined);
          assert.equal(left.length, states.length - 1);
          const state = must(states[1 - i], 'the other state');
          assert.deepEqual(await brokenPaths(repository, must(left[0], 'one is left').id, state), []);
        }),
      );
    }
  }
});

test('a damaged config is said to be damaged, a missing one to be missing', async () => {
  const path = `${REPOSITORY}/config`;
  const whole = readSmallFile(prepared.world.disk, path, 1 << 20);
  const open = (spoil: Spoil): unknown => {
    const world = prepared.world.fork(new Rng(1));
    spoilFile(world.disk, path, spoil);
    try {
      new Repository({ path: REPOSITORY }, world.ports(world.start()), 'read').close();
      return undefined;
    } catch (error) {
      return error;
    }
  };
  // The last byte is a line end.
  for (let length = 0; length < whole.length - 1; length += 1) {
    const error = open((bytes) => bytes.subarray(0, length));
    assert.ok(hasCode(error, 'CONFIG_DAMAGED'), `${length}: ${String(error)}`);
  }
  assert.ok(
    hasCode(
      open(() => undefined),
      'NO_REPOSITORY',
    ),
  );
  for (let at = 0; at < whole.length; at += 1) {
    const error = open((bytes) => flip(at / whole.length + 1e-9, at % 8).spoil(bytes));
    // A digit that became another one cannot be told from what it was.
    assert.ok(
      error === undefined || hasCode(error, 'CONFIG_DAMAGED', 'NEWER_VERSION'),
      `${at}: ${String(error)}`,
    );
  }
});

test('a repository that lost its config is not taken for an empty directory', async () => {
  const world = prepared.world.fork(new Rng(1));
  world.disk.unlink(`${REPOSITORY}/config`);
  await assert.rejects(async () => world.process((ports) => packSource(ports)), { code: 'CONFIG_DAMAGED' });
});

test('what the cache of unchanged files says counts only as long as its snapshot exists', async () => {
  const { world } = await secondPack();
  const before = new Set(world.disk.readDirectory(`${REPOSITORY}/store`).map(String));
  const { snapshot } = await world.process((ports) => packSource(ports));
  // As a snapshot forgotten since leaves it: the packs only it needed may be gone.
  const own = world.disk
    .readDirectory(`${REPOSITORY}/store`)
    .map(String)
    .filter((name) => !before.has(name));
  assert.ok(own.length >= 2);
  for (const name of own) {
    const copy = world.fork(new Rng(1));
    copy.disk.unlink(`${REPOSITORY}/snapshots/${snapshot}`);
    copy.disk.unlink(`${REPOSITORY}/store/${name}`);
    const { unchangedFiles } = await copy.process((ports) => packSource(ports));
    assert.equal(unchangedFiles, 0);
    await copy.process((ports) =>
      opened(ports, 'read', (repository) => assertRestores(repository, 'latest', prepared.current)),
    );
  }
});
