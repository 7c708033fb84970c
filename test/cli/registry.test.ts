// `models`, `audit` and `backup`: what they print, refuse and end with.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { root } from '../support.ts';
import { Place, parseOne } from './support.ts';

const DATA = ['--data', 'data'];
const REGISTER = [
  '--name',
  'threat-detector',
  '--algorithm',
  'RandomForest',
  '--framework',
  'scikit-learn',
  ...DATA,
];

type Shown = {
  modelId: string;
  status: string;
  number: number;
  version: string;
  files: { sha256: string }[];
};

class House extends Place {
  /** Runs a command with `--json` that must succeed. */
  async told<T = Shown>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.inside([...args, ...DATA, '--json']);
    assert.equal(code, 0, stderr);
    return parseOne(stdout) as T;
  }

  async fails(code: number, error: string, ...args: string[]): Promise<string> {
    const ended = await this.inside([...args, ...DATA]);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, new RegExp(`^pilotfish: ${error}: `));
    return ended.stderr;
  }

  /** A registry with two versions in production one after the other. */
  async filled(): Promise<void> {
    this.write({ 'v1.onnx': 'first', 'v2.onnx': 'second' });
    for (const version of ['v1', 'v2']) {
      await this.told('models', 'register', `${version}.onnx`, ...REGISTER.slice(0, -2), '--as', version);
      await this.told('models', 'promote', 'threat-detector', version, '--to', 'testing');
      for (const [to, evidence] of [
        ['staging', 'evaluation: .95'],
        ['production', 'experiment: 10 % for a week'],
      ] as const) {
        await this.told(
          'models',
          'promote',
          'threat-detector',
          version,
          '--to',
          to,
          '--evidence',
          evidence,
          '--reason',
          'as planned',
        );
      }
    }
  }
}

/** Its artefacts are sealed and lie elsewhere. */
class SealedHouse extends House {
  key = 'ab'.repeat(32);

  override get environment(): NodeJS.ProcessEnv {
    return {
      ...super.environment,
      PILOTFISH_ARTEFACT_KEY: this.key,
      ML_MODEL_STORAGE_DIR: this.path('store'),
    };
  }
}

test('register, promote, list, show, roll back', async (t) => {
  const house = new House(t);
  await house.fails(10, 'NO_REPOSITORY', 'models', 'list');
  house.write({ 'model.onnx': 'forest' });
  await house.fails(1, 'USAGE', 'models', 'register', 'model.onnx', '--name', 'x');
  await house.fails(10, 'NO_REPOSITORY', 'models', 'list');
  await house.filled();
  assert.match(
    await house.fails(1, 'REFUSED', 'models', 'promote', 'threat-detector', 'v1', '--to', 'production'),
    /go testing, then staging/,
  );
  await house.fails(1, 'USAGE', 'models', 'promote', 'threat-detector', 'v1', '--to', 'live');
  await house.fails(
    1,
    'USAGE',
    'models',
    'promote',
    'threat-detector',
    'v1',
    '--to',
    'testing',
    '--evidence',
    'good',
  );
  for (const [code, ...named] of [
    ['MISSING', 'threat-detector', 'v9'],
    ['USAGE', 'threat-detector', '@champion'],
    ['MISSING', 'nope'],
  ] as const) {
    assert.match(
      await house.fails(1, code, 'models', 'show', ...named),
      / not found: see `pilotfish models list`\n$/,
    );
  }
  const { models } = await house.told<{ models: Shown[] }>('models', 'list');
  assert.deepEqual(
    models.map(({ status, version }) => [version, status]),
    [
      ['v1', 'archived'],
      ['v2', 'production'],
    ],
  );
  const { evidence, number } = await house.told<Shown & { evidence: { kind: string }[] }>(
    'models',
    'show',
    'threat-detector',
  );
  assert.deepEqual([number, evidence.map(({ kind }) => kind)], [2, ['evaluation', 'experiment']]);
  assert.equal((await house.told('models', 'rollback', 'threat-detector')).version, 'v1');
  const { stdout } = await house.inside(['models', 'list', '--status', 'production', ...DATA]);
  assert.match(stdout, /^[\d-]+ [\d:]+ {2}production {2}threat-detector 1 v1 {2}5 bytes\n$/);
  const shown = await house.inside(['models', 'show', 'threat-detector', '1', ...DATA]);
  assert.match(
    shown.stdout,
    /\n {2}made with: RandomForest, scikit-learn\n.*\n {2}passed evaluation: \.95\n/s,
  );
});

test('one flipped byte is found, and ends with 1', async (t) => {
  const house = new House(t);
  await house.filled();
  assert.equal((await house.told<{ files: number }>('models', 'verify')).files, 2);
  const { files } = await house.told('models', 'show', 'threat-detector');
  const sha256 = files[0]?.sha256 ?? '';
  const path = house.path('data/models/objects', sha256.slice(0, 2), sha256.slice(2));
  writeFileSync(path, Buffer.from('secone'));
  const { code, stdout } = await house.inside(['models', 'verify', ...DATA]);
  assert.equal(code, 1);
  assert.match(stdout, /^damaged: threat-detector 2: the artefact .* is not what was stored/);
  assert.match((await house.inside(['models', 'list', ...DATA])).stdout, /damaged\n$/);
});

test('the log is checked, and who changes it is found out', async (t) => {
  const house = new House(t);
  await house.filled();
  const { entries } = await house.told<{ entries: number }>('audit', 'verify');
  assert.equal(entries, 14);
  assert.match(
    (await house.inside(['audit', 'verify', ...DATA])).stdout,
    /^14 entries, all as they were written; head [0-9a-f]{64}\n$/,
  );
  const db = new DatabaseSync(house.path('data/registry.db'));
  db.exec("UPDATE audit SET reason = 'no reason' WHERE seq = 5");
  db.close();
  assert.match(await house.fails(1, 'TAMPERED', 'audit', 'verify'), /entry 5 is not what was written/);
});

test('a backup opens like the registry it was made of', async (t) => {
  const house = new House(t);
  await house.filled();
  const { out, files } = await house.told<{ out: string; files: number }>('backup', '--out', 'copy');
  assert.deepEqual([out, files], [house.path('copy'), 2]);
  await house.fails(1, 'EXISTS', 'backup', '--out', 'copy');
  const { code } = await house.inside(['models', 'verify', '--data', 'copy']);
  assert.equal(code, 0);
});

test('the model of a room is registered from its directory, sealed where a key is given', async (t) => {
  const house = new SealedHouse(t);
  const model = await house.told<Shown & { lineage: { seed: number }; framework: string }>(
    ...['models', 'register', join(root, 'models/codec')],
  );
  assert.deepEqual([model.framework, model.lineage.seed, model.number], ['pilotfish', 1, 1]);
  const stored = readdirSync(house.path('store/objects'), { recursive: true });
  assert.ok(stored.some((name) => String(name).endsWith('.sealed')));
  const manifest = JSON.parse(readFileSync(join(root, 'models/codec/manifest.json'), 'utf8')) as {
    files: object;
  };
  assert.equal(model.files.length, Object.keys(manifest.files).length + 1);
  await house.told('models', 'verify');
  house.key = 'short';
  await house.fails(1, 'USAGE', 'models', 'verify');
});

test('what nothing names is deleted, an hour after it was stored', async (t) => {
  const house = new House(t);
  await house.filled();
  await house.told('models', 'promote', 'threat-detector', 'v2', '--to', 'archived');
  const { modelId, files } = await house.told('models', 'show', 'threat-detector', 'v2');
  const db = new DatabaseSync(house.path('data/registry.db'));
  db.prepare('DELETE FROM versions WHERE id = ?').run(modelId);
  db.close();
  const gc = async (...args: string[]) => (await house.given('models', 'gc', ...args, ...DATA)).stdout;
  assert.equal(await gc(), '0 artefacts deleted, 0 B\n');
  const sha256 = files[0]?.sha256 ?? '';
  utimesSync(house.path('data/models/objects', sha256.slice(0, 2), sha256.slice(2)), 1, 1);
  assert.equal(await gc('--dry-run'), '1 artefact could go, 6 B\n');
  assert.deepEqual(await house.told('models', 'gc'), { files: 1, bytes: 6, isDryRun: false });
  assert.equal((await house.told<{ files: number }>('models', 'verify')).files, 1);
  writeFileSync(house.path('data/models/tmp/upload'), '');
  await house.fails(11, 'LOCKED', 'models', 'gc');
});
