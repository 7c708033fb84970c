import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import { house } from '../testing/house.ts';
import { checkVersionSource } from './source.ts';

const isRefused = (error: unknown): boolean =>
  hasCode(error, 'USAGE') && error.message.startsWith('Invalid model version source: ');

// mlflow #7166, CVE-2023-1177, CVE-2024-1483, CVE-2024-3848 and their kin.
const LOCAL = [
  ...[
    '/etc/passwd',
    'etc/passwd',
    './x',
    '../x',
    'file:///etc',
    'file:/etc',
    'file:etc',
    'FILE:///etc',
    'file://localhost/etc',
  ],
  ...['//etc', '', '%2fetc%2fpasswd', 'file:%2f%2f%2fetc', '%66ile:///etc', '\\\\host\\share'],
];
const RELATIVE = [
  ...[
    's3://b/../p',
    's3://b/%2e%2e/p',
    's3://b/%252e%252e/p',
    's3://b/%25252E./p',
    'mlflow-artifacts:/../../etc',
  ],
  ...[
    'mlflow-artifacts://host/a/..',
    'http://host/path#/../../etc/',
    'http://host/?/../x',
    's3://b/..%5cp',
    's3://b/./p',
    's3://b/a%00b',
    'runs:/x/../y',
  ],
];

for (const source of [...LOCAL, ...RELATIVE]) {
  test(`the source ${JSON.stringify(source)} is refused`, () => {
    assert.throws(() => checkVersionSource(source, undefined), isRefused);
    assert.throws(() => checkVersionSource(source, 'mlflow-artifacts:/0/r/artifacts'), isRefused);
  });
}

test('sources that lie elsewhere, and local ones within the folder of their run', () => {
  for (const source of [
    's3://b/p',
    's3://b/a..b/c',
    'https://host/x?y=1',
    'mlflow-artifacts:/0/r/artifacts',
    'dbfs:/x',
    'models:/m/1',
    'runs:/r/model',
  ]) {
    checkVersionSource(source, undefined);
  }
  const folder = 'file:///srv/runs/r/artifacts';
  for (const source of [
    '/srv/runs/r/artifacts',
    'file:///srv/runs/r/artifacts/model',
    '/srv/runs/r/artifacts/a/../b',
  ]) {
    checkVersionSource(source, folder);
  }
  for (const source of [
    '/srv/runs/r/artifacts2',
    '/srv/runs/r/artifacts/../x',
    'file:///srv/runs/r/artifacts/%2e%2e/%2e%2e/x',
  ]) {
    assert.throws(() => checkVersionSource(source, folder), isRefused, source);
  }
});

test('a version is created only from such a source', async () => {
  const { registry, tracking } = house();
  await registry.models.create({ name: 'm', policy: 'open' });
  await assert.rejects(
    registry.versions.create('m', { source: 'file:///etc' }),
    /the run_id request parameter has to be specified/,
  );
  const experimentId = await tracking.experiments.create({ name: 'local', artifactLocation: '/srv/runs' });
  const { runId, artifactUri } = await tracking.runs.create({ experimentId });
  assert.equal(
    (await registry.versions.create('m', { source: `${artifactUri}/model`, runId })).health,
    'unverified',
  );
  await assert.rejects(registry.versions.create('m', { source: '/srv/runs/other', runId }), isRefused);
  const { modelId, artifactUri: uri } = await tracking.loggedModels.create({ experimentId: '0' });
  assert.equal((await registry.versions.create('m', { source: `models:/${modelId}` })).downloadUri, uri);
  await assert.rejects(registry.versions.create('m', { source: `models:/m-${'0'.repeat(32)}` }), (error) =>
    hasCode(error, 'MISSING'),
  );
});
