import assert from 'node:assert/strict';
import { chmodSync, existsSync, globSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ManualClock, NodeFileSystem, secureBytes } from '../../src/base/index.ts';
import { CAUSES } from '../../src/cli/doctor/causes.ts';
import { examine, type Patient } from '../../src/cli/doctor/examine.ts';
import { isRegistry, openRegistry } from '../../src/lifecycle/index.ts';
import { Place, parseOne } from './support.ts';

type Told = {
  isWell: boolean;
  findings: { check: string; state: string; what: string; code?: string; remedy?: string }[];
};

const CHECKS = ['node', 'directory', 'rights', 'space', 'database', 'store', 'clock', 'audit', 'models'];

class Ward extends Place {
  async admit(): Promise<void> {
    const directory = openRegistry(this.path('data'));
    const metadata = {
      name: 'threats',
      version: 'v1.0',
      algorithm: 'RandomForest',
      framework: 'scikit-learn',
    };
    await directory.registry.registerModel(metadata, Buffer.from('a forest'));
    await directory.close();
  }

  /** What is wrong, as `check code`. */
  async complaints(expectedCode: number): Promise<string[]> {
    const { code, stdout } = await this.inside(['doctor', '--data', 'data', '--json']);
    assert.equal(code, expectedCode, stdout);
    const { findings, isWell } = parseOne(stdout) as Told;
    assert.equal(isWell, code === 0);
    assert.deepEqual(
      findings.map(({ check }) => check),
      CHECKS,
    );
    const failed = findings.filter(({ state }) => state === 'failed');
    for (const { remedy, what } of failed) assert.ok(remedy, what);
    return failed.map(({ check, code: why }) => `${check} ${why}`);
  }

  patient(own: Partial<Patient>): Patient {
    const [fs, clock, data] = [new NodeFileSystem(), new ManualClock(), this.path('data')];
    return {
      ...{ data, storageDir: `${data}/models`, fs, clock, random: secureBytes, nodeVersion: '24.0.0' },
      ...{ bytesLeft: () => 2 ** 40, isRegistry, open: () => openRegistry(data) },
      ...own,
    };
  }

  async found(own: Partial<Patient>): Promise<string[]> {
    const findings = await examine(this.patient(own));
    return findings.flatMap(({ check, state, code }) => (state === 'failed' ? [`${check} ${code}`] : []));
  }
}

test('a sound registry is well, and is left as it was', async (t) => {
  const ward = new Ward(t);
  await ward.admit();
  const before = readdirSync(ward.path('data'), { recursive: true }).sort();
  assert.deepEqual(await ward.complaints(0), []);
  assert.deepEqual(readdirSync(ward.path('data'), { recursive: true }).sort(), before);
  const { stdout } = await ward.inside(['doctor', '--data', 'data']);
  assert.match(stdout, /^well {6}audit {5}2 of 2 entries/m);
});

test('where there is no registry none is made', async (t) => {
  const ward = new Ward(t);
  assert.deepEqual(await ward.complaints(1), ['directory NO_REPOSITORY']);
  assert.equal(existsSync(ward.path('data')), false);
});

test('each illness by itself, with its remedy', async (t) => {
  const ward = new Ward(t);
  await ward.admit();
  chmodSync(ward.path('data'), 0o755);
  assert.deepEqual(await ward.complaints(1), ['rights REFUSED']);
  chmodSync(ward.path('data'), 0o700);

  const [artefact = ''] = globSync(ward.path('data/models/objects/*/*')).filter((path) =>
    statSync(path).isFile(),
  );
  const content = readFileSync(artefact);
  chmodSync(artefact, 0o600);
  writeFileSync(artefact, 'b forest');
  assert.deepEqual(await ward.complaints(1), ['models DAMAGED']);
  writeFileSync(artefact, content);
  assert.deepEqual(await ward.complaints(0), []);

  const db = new DatabaseSync(ward.path('data/registry.db'));
  db.exec("UPDATE audit SET actor = 'nobody' WHERE seq = 1");
  db.close();
  assert.deepEqual(await ward.complaints(1), ['audit TAMPERED']);

  const marker = ward.path('data/pilotfish.json');
  const { format, ...rest } = JSON.parse(readFileSync(marker, 'utf8')) as { format: number };
  writeFileSync(marker, JSON.stringify({ ...rest, format: format + 1 }));
  assert.deepEqual(await ward.complaints(1), ['database NEWER_VERSION']);
});

test('an old Node, a full device, and a clock that went back', async (t) => {
  const ward = new Ward(t);
  await ward.admit();
  const nowMs = Date.now();
  const well = { clock: new ManualClock(nowMs) };
  assert.deepEqual(await ward.found(well), []);
  assert.deepEqual(await ward.found({ ...well, nodeVersion: '22.11.0' }), ['node UNSUPPORTED']);
  assert.deepEqual(await ward.found({ ...well, bytesLeft: () => 1e6 }), ['space NO_SPACE']);
  assert.deepEqual(await ward.found({ ...well, bytesLeft: undefined }), []);
  assert.deepEqual(await ward.found({ clock: new ManualClock(nowMs - 86_400_000) }), ['clock REFUSED']);
  assert.deepEqual(await ward.found({ clock: new ManualClock(0) }), ['clock REFUSED']);
});

test('no cause is told twice', () => {
  const keys = CAUSES.map(({ check, code }) => `${check} ${code}`);
  assert.equal(new Set(keys).size, keys.length);
});
