// Repositories written once and read for ever; and what is written today is what was written then.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  type FileSystem,
  ManualClock,
  makeDirectories,
  NodeFileSystem,
  seededBytes,
} from '../../src/base/index.ts';
import { Repository, type RepositoryPorts, restore, stats, verify } from '../../src/blocks/index.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { writeFile } from '../sim/tree.ts';
import { readTree } from '../sim/tree-state.ts';
import { temporaryFolder } from '../support.ts';
import {
  type Expected,
  GOLDEN_KINDS,
  type GoldenKind,
  makeGolden,
  parseExpected,
  treeJson,
} from './repositories.ts';
import { filesBelow, portsOf } from './workbench.ts';

const HERE = import.meta.dirname;
const MEANT = 'if that was meant: run `node scripts/run.mjs scripts/golden.ts` and say so in docs/formats';

const filesOf = (kind: GoldenKind): Map<string, Buffer> =>
  filesBelow(new NodeFileSystem(), `${HERE}/${kind}`);
const expectedOf = (kind: GoldenKind): Expected =>
  parseExpected(readFileSync(`${HERE}/${kind}.jsonl`, 'utf8'));

/** Puts the files of a golden repository on a disk, as a copying tool does that leaves out empty directories. */
function copyTo(fs: FileSystem, kind: GoldenKind, path: string): void {
  for (const [name, bytes] of filesOf(kind)) {
    const file = `${path}/${name}`;
    makeDirectories(fs, file.slice(0, file.lastIndexOf('/')));
    writeFile(fs, file, bytes);
  }
}

async function check(
  kind: GoldenKind,
  ports: RepositoryPorts,
  place: { path: string; target: string },
): Promise<void> {
  const expected = expectedOf(kind);
  const repository = new Repository({ path: place.path, password: GOLDEN_KINDS[kind] }, ports, 'read');
  try {
    const snapshots = repository.snapshots.list((error) => assert.fail(error));
    assert.deepEqual(
      snapshots.map(({ id, root }) => [id, root.toString()]),
      expected.snapshots.map(({ id, root }) => [id, root]),
    );
    const { damage, checkedBlocks } = await verify(repository, { data: true });
    assert.deepEqual(damage, []);
    assert.ok(checkedBlocks > 10);
    assert.deepEqual(stats(repository).records, expected.records);
    for (const [i, { id, tree }] of expected.snapshots.entries()) {
      const target = `${place.target}/${i}`;
      const { errors } = await restore(repository, {
        snapshot: id,
        target,
        owners: ports.fs instanceof SimFileSystem,
      });
      if (!(ports.fs instanceof SimFileSystem)) continue;
      assert.deepEqual(errors, []);
      assert.deepEqual(treeJson(readTree(ports.fs, target)), tree);
    }
  } finally {
    repository.close();
  }
}

for (const kind of Object.keys(GOLDEN_KINDS) as GoldenKind[]) {
  test(`the ${kind} golden repository opens, verifies and restores to what it was made of`, async () => {
    const fs = new SimFileSystem();
    copyTo(fs, kind, '/repository');
    await check(kind, portsOf(fs, new ManualClock(), seededBytes(1)), {
      path: '/repository',
      target: '/target',
    });
  });

  test(`the ${kind} golden repository opens on a real disk, with an index made on the way`, async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(`${folder}/repository`);
    const fs = new NodeFileSystem();
    copyTo(fs, kind, `${folder}/repository`);
    const ports = portsOf(fs, new ManualClock(), seededBytes(1), { index: 'sqlite' });
    await check(kind, ports, { path: `${folder}/repository`, target: `${folder}/target` });
  });

  test(`the ${kind} golden repository holds records of every kind`, () => {
    const { records, codecs } = expectedOf(kind);
    assert.ok(records.block > 0 && records.delta > 0 && records.group > 0, JSON.stringify(records));
    assert.deepEqual(Object.keys(codecs).sort(), ['lz4', 'none', 'snappy', 'zstd']);
  });

  test(`packing the same trees again gives the roots of the ${kind} golden repository`, async () => {
    const { expected } = await makeGolden(kind);
    const rootsOf = ({ snapshots }: Expected) => snapshots.map(({ root, tree }) => ({ root, tree }));
    assert.deepEqual(rootsOf(expected), rootsOf(expectedOf(kind)), 'another root is another format');
  });
}

test('the same tree has another root in an encrypted repository only where boundaries differ', () => {
  const [plain, encrypted] = [expectedOf('plain'), expectedOf('encrypted')];
  for (const [i, { tree, root }] of plain.snapshots.entries()) {
    assert.deepEqual(encrypted.snapshots[i]?.tree, tree);
    assert.notEqual(encrypted.snapshots[i]?.root, root, 'its own gear table cuts the large file elsewhere');
  }
});

test('packing the same trees again gives the same packs, byte for byte', async () => {
  const { bench } = await makeGolden('plain');
  const [now, then] = [bench.files(), filesOf('plain')];
  assert.deepEqual([...now.keys()], [...then.keys()], MEANT);
  for (const [name, bytes] of then)
    assert.ok(now.get(name)?.equals(bytes), `${name} has other bytes: ${MEANT}`);
});

test('the encrypted golden repository shows nothing and opens with its password only', () => {
  const files = filesOf('encrypted');
  const secrets = ['question', 'play.txt', 'staff', 'user.note', '/source', 'golden'];
  for (const [name, bytes] of files)
    for (const secret of secrets) assert.equal(bytes.indexOf(secret), -1, `${secret} in ${name}`);
  for (const { id } of expectedOf('encrypted').snapshots)
    assert.ok(!files.has(`snapshots/${id}`), 'file names are no ids');
  const fs = new SimFileSystem();
  copyTo(fs, 'encrypted', '/repository');
  const ports = portsOf(fs, new ManualClock(), seededBytes(1));
  for (const password of [undefined, '', 'Golden']) {
    assert.throws(() => new Repository({ path: '/repository', password }, ports, 'read'), {
      code: 'WRONG_PASSWORD',
    });
  }
});
