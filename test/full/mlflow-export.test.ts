// `models export` and MlflowClient into a real MLflow server, read back by MLflow's own client.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { mlflow, mlflowAbsent } from '../../bench/server/contenders.ts';
import { sha256Hex } from '../../src/base/index.ts';
import { MlflowClient } from '../../src/lifecycle/index.ts';
import { Place } from '../cli/support.ts';
import { constantModel } from '../http/models.ts';
import { root } from '../support.ts';
import { clientAbsent, ensureClient, runClient } from './mlflow-tools.ts';

type Found = {
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly artifacts: readonly string[];
  readonly experiment: string;
  readonly run: { readonly name: string; readonly status: string };
  readonly metrics: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly versions: number;
};

test('a real MLflow server takes what is exported, and its client reads the same bytes', async (t) => {
  const [server, client] = [mlflow(), ensureClient()];
  if (server === null) return t.skip(mlflowAbsent);
  if (client === null) return t.skip(clientAbsent);
  const place = new Place(t);
  const there = await server.start(place.folder);
  t.after(() => there.stop());
  place.write({ 'trees.json': constantModel(1) });
  const data = ['--data', 'data'];
  await place.given(
    ...[
      'models',
      'register',
      'trees.json',
      '--name',
      'trees',
      '--as',
      'v1.2.0',
      '--algorithm',
      'trees',
      ...data,
    ],
    ...[
      '--framework',
      'xgboost',
      '--description',
      'always 1',
      '--metric',
      'accuracy=0.95',
      '--tag',
      'team=red',
    ],
  );
  await place.given('models', 'register', join(root, 'models/codec'), '--name', 'codec', ...data);
  for (const args of [
    ['trees', 'v1.2.0', '--experiment', 'threats'],
    ['codec', '1'],
    ['codec', '1'],
  ])
    await place.given('models', 'export', ...args, ...data, '--mlflow', there.url);

  const trees = await runClient<Found>(client, 'mlflow_read.py', there.url, 'trees', '1');
  const { 'pilotfish.model_id': modelId, ...tags } = trees.tags;
  assert.match(modelId ?? '', /^[0-9a-f]{16}$/);
  assert.deepEqual(
    { ...trees, tags },
    {
      ...{ description: 'always 1', experiment: 'threats', run: { name: 'v1.2.0', status: 'FINISHED' } },
      ...{ metrics: { accuracy: '0.95' }, params: {}, versions: 1, artifacts: ['model/trees.json'] },
      files: { 'trees.json': sha256Hex(constantModel(1)) },
      tags: {
        ...{ team: 'red', 'pilotfish.version': 'v1.2.0', 'pilotfish.sha256': sha256Hex(constantModel(1)) },
        ...{ 'pilotfish.status': 'draft', 'pilotfish.algorithm': 'trees', 'pilotfish.framework': 'xgboost' },
      },
    },
  );
  const codec = await runClient<Found>(client, 'mlflow_read.py', there.url, 'codec', '1');
  const { files } = JSON.parse(
    (await place.given('models', 'show', 'codec', '1', ...data, '--json')).stdout,
  ) as {
    files: { name: string; sha256: string }[];
  };
  assert.deepEqual(codec.files, Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256])));
  assert.equal(codec.versions, 1);
  assert.match(codec.tags['pilotfish.lineage'] ?? '', /^\{/);

  // Document 003's call, with what JSON has no words for.
  const outward = new MlflowClient(there.url);
  const { runId, modelUri } = await outward.logModel({
    ...{ experimentName: 'threats', runName: 'v2', modelPath: place.path('trees.json') },
    ...{ metrics: { loss: Number.NaN, top: Infinity }, parameters: { depth: 6 } },
  });
  const draft = { name: 'trees', source: modelUri, runId, tags: {} };
  const number = await outward.registerVersion(draft);
  const second = await runClient<Found>(client, 'mlflow_read.py', there.url, 'trees', number);
  // Its database has no infinity.
  assert.deepEqual(second.metrics, { loss: 'nan', top: String(Number.MAX_VALUE) });
  assert.deepEqual(
    [second.params, second.versions, Object.keys(second.files)],
    [{ depth: '6' }, 2, ['trees.json']],
  );
});
