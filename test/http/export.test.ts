// `models export` into a server that speaks MLflow: our own, with another data directory.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { secureBytes, sha256Hex, systemClock } from '../../src/base/index.ts';
import { KeyStore } from '../../src/http/index.ts';
import { Place, parseOne } from '../cli/support.ts';
import { constantModel, produce } from './models.ts';
import { serve } from './support.ts';

class House extends Place {
  token = '';

  override get environment(): NodeJS.ProcessEnv {
    return { ...super.environment, MLFLOW_TRACKING_TOKEN: this.token };
  }

  async told<T>(...args: string[]): Promise<T> {
    return parseOne((await this.given(...args, '--json')).stdout) as T;
  }
}

const MODEL = constantModel(1);

/** A registry with one version in testing, and a server elsewhere. */
async function houses(t: TestContext) {
  const place = new House(t);
  place.write({ 'trees.json': MODEL });
  await place.given(
    ...['models', 'register', 'trees.json', '--name', 'team/trees', '--as', 'v1.2.0', '--data', 'data'],
    ...['--algorithm', 'trees', '--framework', 'xgboost', '--description', 'always 1'],
    ...['--metric', 'accuracy=0.95', '--tag', 'team=red'],
  );
  const there = await serve(t);
  return { place, there, url: await there.server.listen() };
}

const EXPORT = ['models', 'export', 'team/trees', 'v1.2.0', '--data', 'data', '--mlflow'];

test('a version arrives with its bytes, what is known of it and a name of its own, once', async (t) => {
  const { place, there, url } = await houses(t);
  const { stdout } = await place.given(...EXPORT, url, '--experiment', 'threats');
  assert.equal(stdout, `team/trees 1 at ${url}\n`);
  const again = await place.given(...EXPORT, url);
  assert.equal(again.stdout, `team/trees 1 at ${url}, as before\n`);

  const { registry, tracking } = there.server.directory;
  const [version, ...others] = await registry.listModels();
  assert.ok(version !== undefined);
  assert.deepEqual(others, []);
  const { name, number, health, description, runId, source, tags, files } = version;
  assert.deepEqual(
    [name, number, health, description, files.map((file) => [file.name, file.sha256])],
    ['team/trees', 1, 'verified', 'always 1', [['trees.json', sha256Hex(MODEL)]]],
  );
  const { 'pilotfish.model_id': modelId, ...said } = tags;
  assert.match(modelId ?? '', /^[0-9a-f]{16}$/);
  assert.deepEqual(said, {
    ...{ team: 'red', 'pilotfish.version': 'v1.2.0', 'pilotfish.sha256': sha256Hex(MODEL) },
    ...{ 'pilotfish.status': 'draft', 'pilotfish.algorithm': 'trees', 'pilotfish.framework': 'xgboost' },
  });
  const run = await tracking.runs.get(runId);
  assert.equal(source, `${run.artifactUri}/model`);
  assert.deepEqual([run.runName, run.status], ['v1.2.0', 'FINISHED']);
  assert.deepEqual(
    run.metrics.map(({ key, value }) => [key, value]),
    [['accuracy', 0.95]],
  );
  assert.equal((await tracking.experiments.get(run.experimentId)).name, 'threats');
});

test('without the right key it is told what to set; nothing of it is printed', async (t) => {
  const { place, there, url } = await houses(t);
  const { state, registry } = there.server.directory;
  const keys = await KeyStore.open({ state, audit: registry.audit, clock: systemClock, random: secureBytes });
  const { key } = await keys.create({ name: 'export', role: 'contributor' });
  await there.server.runChores();
  place.token = key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const refused = await place.inside([...EXPORT, url]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /^pilotfish: REFUSED: .*set MLFLOW_TRACKING_TOKEN/);
  assert.ok(!refused.stderr.includes(place.token));
  place.token = key;
  assert.equal((await place.told<{ version: string }>(...EXPORT, url)).version, '1');
});

test('an artefact that was changed, or lies elsewhere, never leaves', async (t) => {
  const { place, there, url } = await houses(t);
  const sha256 = sha256Hex(MODEL);
  const path = place.path('data/models/objects', sha256.slice(0, 2), sha256.slice(2));
  writeFileSync(path, readFileSync(path).fill(0, 0, 1));
  const { stderr } = await place.inside([...EXPORT, url]);
  assert.match(stderr, /^pilotfish: DAMAGED: /);
  await place
    .inside(['models', 'export', 'team/trees', '--data', 'data', '--mlflow', 'nonsense'])
    .then((ended) => {
      assert.match(ended.stderr, /^pilotfish: USAGE: .*https:\/\/mlflow\.example\.org/);
    });
  assert.equal((await there.server.directory.tracking.experiments.search({})).items.length, 1);
  const elsewhere = await serve(t, { data: place.path('other') });
  await elsewhere.mlflow('POST', 'registered-models/create', { name: 'm' });
  await elsewhere.mlflow('POST', 'model-versions/create', { name: 'm', source: 's3://bucket/m' });
  const ended = await place.inside(['models', 'export', 'm', '1', '--data', 'other', '--mlflow', url]);
  assert.match(ended.stderr, /^pilotfish: REFUSED: .*s3:\/\/bucket\/m/);
});

test("the text of a version is a tag to MLflow's clients", async (t) => {
  const served = await serve(t);
  await produce(served.server.directory.registry, 'trees', 1);
  const { body } = await served.mlflow('GET', 'model-versions/get', { name: 'trees', version: '1' });
  const { tags } = body['model_version'] as { tags: unknown };
  assert.deepEqual(tags, [{ key: 'pilotfish.version', value: 'v1.0.0' }]);
  const found = async (version: string) => {
    const filter = `tags.\`pilotfish.version\` = '${version}'`;
    return (await served.mlflow('GET', 'model-versions/search', { filter })).body['model_versions'];
  };
  assert.equal(((await found('v1.0.0')) as unknown[]).length, 1);
  assert.equal(await found('v1.0.1'), undefined);
});
