import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { KIB, makeDirectories, readSmallFile, seededBytes } from '../../base/index.ts';
import { completeDirectories, initRepository, isRepository, openSealer, readConfig } from './config.ts';
import { Layout } from './layout.ts';

const layout = new Layout('/deep/down/repository');
const OPTIONS = { random: seededBytes(1), averageBlockBytes: 64 * KIB, costN: 1024 };
const SECRET = { ...OPTIONS, password: 'secret' };
const damaged = { name: 'PilotfishError', code: 'CONFIG_DAMAGED' };

type Json = Record<string, unknown>;
const configOf = (fs: SimFileSystem): Json => JSON.parse(readSmallFile(fs, layout.config, 1e6).toString());

/** A repository whose config was changed by hand. */
function altered(change: Json | string, options: typeof OPTIONS = OPTIONS): SimFileSystem {
  const fs = new SimFileSystem();
  initRepository(fs, layout, options);
  writeFile(
    fs,
    layout.config,
    typeof change === 'string' ? change : JSON.stringify({ ...configOf(fs), ...change }),
  );
  return fs;
}

test('a new repository is there with its directories, and nothing temporary', () => {
  const fs = new SimFileSystem();
  assert.equal(isRepository(fs, layout), false);
  const config = initRepository(fs, layout, OPTIONS);
  assert.equal(isRepository(fs, layout), true);
  assert.deepEqual(readConfig(fs, layout), config);
  assert.deepEqual(fs.readDirectory(layout.root).map(String).sort(), [
    'config',
    'locks',
    'snapshots',
    'store',
    'tmp',
  ]);
  assert.deepEqual(fs.readDirectory(layout.tmp), []);
  assert.match(config.id, /^[0-9a-f]{32}$/);
});

test('the written form of the config is frozen', () => {
  const fs = new SimFileSystem();
  initRepository(fs, layout, { ...OPTIONS, random: seededBytes(1) });
  const text = `{
  "format": "pilotfish",
  "version": 1,
  "id": "${seededBytes(1)(16).toString('hex')}",
  "averageBlockBytes": 65536,
  "keySlots": []
}
`;
  assert.equal(readSmallFile(fs, layout.config, 1e6).toString(), text);
});

test('an encrypted repository opens with its password only', () => {
  const fs = new SimFileSystem();
  initRepository(fs, layout, SECRET);
  const config = readConfig(fs, layout);
  const sealer = openSealer(config, 'secret', seededBytes(2));
  assert.equal(sealer.encrypted, true);
  const again = openSealer(config, 'secret', seededBytes(3));
  assert.equal(again.open(sealer.seal(Buffer.from('x'), 'record'), 'record').toString(), 'x', 'one key');
  for (const password of [undefined, '', 'Secret']) {
    assert.throws(() => openSealer(config, password, seededBytes(2)), { code: 'WRONG_PASSWORD' });
  }
  assert.ok(!readSmallFile(fs, layout.config, 1e6).toString().includes('secret'));
  assert.equal(openSealer(readConfig(altered({}), layout), undefined, seededBytes(1)).encrypted, false);
});

test('any of several key slots opens the repository', () => {
  const slots = [1, 2].map(
    (seed) => configOf(altered({}, { ...SECRET, random: seededBytes(seed) })).keySlots as Json[],
  );
  const fs = altered({ keySlots: [...(slots[0] as Json[]), ...(slots[1] as Json[])] });
  const config = readConfig(fs, layout);
  assert.equal(config.keySlots.length, 2);
  assert.equal(openSealer(config, 'secret', seededBytes(1)).encrypted, true);
});

test('a directory that is not empty is never taken over', () => {
  for (const name of ['photo.jpg', '.hidden', 'config.json', 'Store']) {
    const fs = new SimFileSystem();
    makeDirectories(fs, layout.root);
    writeFile(fs, `${layout.root}/${name}`, 'mine');
    assert.throws(() => initRepository(fs, layout, OPTIONS), {
      code: 'NOT_A_REPOSITORY',
      message: new RegExp(name),
    });
    assert.deepEqual(fs.readDirectory(layout.root).map(String), [name], 'nothing was added');
  }
});

test('what a dead process began is completed, what is complete is not replaced', () => {
  const fs = new SimFileSystem();
  makeDirectories(fs, layout.store);
  makeDirectories(fs, layout.tmp);
  writeFile(fs, `${layout.tmp}/leftover-config`, '{');
  const { id } = initRepository(fs, layout, OPTIONS);
  assert.throws(() => initRepository(fs, layout, OPTIONS), { code: 'EXISTS' });
  assert.equal(readConfig(fs, layout).id, id);
});

test('a repository that lost its config gets no new one: its key would be lost for good', () => {
  const fs = new SimFileSystem();
  initRepository(fs, layout, SECRET);
  writeFile(fs, layout.snapshot('ab'.repeat(32)), 'sealed');
  fs.unlink(layout.config);
  assert.throws(() => initRepository(fs, layout, SECRET), damaged);
  assert.equal(isRepository(fs, layout), false);
});

test('where there is no repository, it says so', () => {
  const fs = new SimFileSystem();
  assert.throws(() => readConfig(fs, layout), { code: 'NO_REPOSITORY', message: /--repo/ });
  makeDirectories(fs, '/deep/down');
  writeFile(fs, layout.root, 'a file');
  assert.throws(() => readConfig(fs, layout), { code: 'NO_REPOSITORY' });
  assert.equal(isRepository(fs, layout), false);
});

test('a newer version is named, and not taken for damage', () => {
  for (const change of [{ version: 2 }, { version: 99, id: 'another form', keySlots: null }]) {
    assert.throws(() => readConfig(altered(change), layout), { code: 'NEWER_VERSION', path: layout.config });
  }
});

test('a config that is no config is refused', () => {
  const texts = [
    '',
    '{',
    'null',
    '[]',
    '7',
    '"pilotfish"',
    '{}',
    'x'.repeat(100_000),
    `{"format":"pilotfish"${' '.repeat(70_000)}}`,
  ];
  for (const text of texts)
    assert.throws(() => readConfig(altered(text), layout), damaged, text.slice(0, 20));
  const changes: readonly Json[] = [
    { format: 'restic' },
    { version: 0 },
    { version: '1' },
    { version: 1.5 },
    { id: 'AB'.repeat(16) },
    { id: 'ab' },
    { id: null },
    { averageBlockBytes: 4096 },
    { averageBlockBytes: '65536' },
    { averageBlockBytes: 2 ** 40 },
    { keySlots: {} },
    { keySlots: null },
    { keySlots: [null] },
    { keySlots: [{}] },
  ];
  for (const change of changes)
    assert.throws(() => readConfig(altered(change), layout), damaged, JSON.stringify(change));
});

test('every truncation of a config is refused', () => {
  const whole = readSmallFile(altered({}, SECRET), layout.config, 1e6).toString();
  for (let length = 0; length < whole.trimEnd().length; length += 1) {
    assert.throws(() => readConfig(altered(whole.slice(0, length)), layout), damaged, `${length} bytes`);
  }
});

test('an average that is not offered makes no repository', () => {
  const fs = new SimFileSystem();
  assert.throws(() => initRepository(fs, layout, { ...OPTIONS, averageBlockBytes: 1000 }), { code: 'USAGE' });
  assert.deepEqual(fs.readDirectory('/'), []);
});

test('directories a copying tool left out are made again', () => {
  const fs = altered({});
  for (const path of layout.directories) fs.removeDirectory(path);
  completeDirectories(fs, layout);
  for (const path of layout.directories) assert.equal(fs.lstat(path).kind, 'directory');
});
