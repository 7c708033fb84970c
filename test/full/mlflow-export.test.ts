// `models export` and MlflowClient into a real MLflow server, read back by MLflow's own client.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
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

type Houses = { readonly client: string; readonly place: Place; readonly url: string };

/** A real MLflow server, its client, and a file to export; undefined where they cannot be had. */
async function houses(t: TestContext): Promise<Houses | undefined> {
  const [server, client] = [mlflow(), ensureClient()];
  if (server === null || client === null) {
    t.skip(server === null ? mlflowAbsent : clientAbsent);
    return undefined;
  }
  const place = new Place(t);
  const there = await server.start(place.folder);
  t.after(() => there.stop());
  place.write({ 'trees.json': constantModel(1) });
  return { client, place, url: there.url };
}

const DATA = ['--data', 'data'];
const REGISTER = [
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
    ...DATA,
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
];

test('a real MLflow server takes a version, and its client reads the same', async (t) => {
  const there = await houses(t);
  if (there === undefined) return;
  const { client, place, url } = there;
  await place.given(...REGISTER);
  const out = ['models', 'export', 'trees', 'v1.2.0', '--experiment', 'threats', ...DATA, '--mlflow', url];
  await place.given(...out);
  const trees = await runClient<Found>(client, 'mlflow_read.py', url, 'trees', '1');
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
});

test('the model of a room arrives with all its files and its lineage, once', async (t) => {
  const there = await houses(t);
  if (there === undefined) return;
  const { client, place, url } = there;
  await place.given('models', 'register', join(root, 'models/codec'), '--name', 'codec', ...DATA);
  for (let i = 0; i < 2; i += 1)
    await place.given('models', 'export', 'codec', '1', ...DATA, '--mlflow', url);
  const codec = await runClient<Found>(client, 'mlflow_read.py', url, 'codec', '1');
  const { stdout } = await place.given('models', 'show', 'codec', '1', ...DATA, '--json');
  const { files } = JSON.parse(stdout) as { files: { name: string; sha256: string }[] };
  assert.deepEqual(codec.files, Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256])));
  assert.equal(codec.versions, 1);
  assert.match(codec.tags['pilotfish.lineage'] ?? '', /^\{/);
});

test("document 003's call logs a run, also with numbers that JSON has no words for", async (t) => {
  const there = await houses(t);
  if (there === undefined) return;
  const { client, place, url } = there;
  const outward = new MlflowClient(url);
  const { runId, modelUri } = await outward.logModel({
    ...{ experimentName: 'threats', runName: 'v2', modelPath: place.path('trees.json') },
    ...{ metrics: { loss: Number.NaN, top: Infinity }, parameters: { depth: 6 } },
  });
  const number = await outward.registerVersion({ name: 'trees', source: modelUri, runId, tags: {} });
  const found = await runClient<Found>(client, 'mlflow_read.py', url, 'trees', number);
  // Its database has no infinity.
  assert.deepEqual(found.metrics, { loss: 'nan', top: String(Number.MAX_VALUE) });
  assert.deepEqual([found.params, Object.keys(found.files)], [{ depth: '6' }, ['trees.json']]);
});
