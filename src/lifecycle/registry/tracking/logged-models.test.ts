import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import { house } from '../testing/house.ts';

const code = (wanted: string) => (error: unknown) => hasCode(error) && error.code === wanted;

test('a logged model from its run to its end', async () => {
  const { tracking } = house();
  const { loggedModels, runs, log, inputs } = tracking;
  const { runId } = await runs.create();
  const model = await loggedModels.create({
    ...{ experimentId: '0', name: 'forest', modelType: 'agent', sourceRunId: runId },
    ...{ params: [{ key: 'p', value: '1' }], tags: [{ key: 't', value: '2' }] },
  });
  assert.match(model.modelId, /^m-[0-9a-f]{32}$/);
  assert.deepEqual(
    [model.status, model.params, model.tags],
    ['LOGGED_MODEL_PENDING', { p: '1' }, { t: '2' }],
  );
  const { modelId } = model;
  assert.equal((await loggedModels.finalize(modelId, 'LOGGED_MODEL_READY')).status, 'LOGGED_MODEL_READY');
  await assert.rejects(loggedModels.finalize(modelId, 'READY' as never), code('USAGE'));
  await loggedModels.setTags(modelId, [
    { key: 't', value: '3' },
    { key: 'u', value: '' },
  ]);
  await loggedModels.deleteTag(modelId, 'u');
  await assert.rejects(loggedModels.deleteTag(modelId, 'u'), code('MISSING'));
  await loggedModels.logParams(modelId, [{ key: 'q', value: '1' }]);
  await log.logMetric(runId, {
    key: 'acc',
    value: 0.9,
    timestampMs: 1,
    step: 1,
    modelId,
    datasetName: 'd',
    datasetDigest: 'x',
  });
  await assert.rejects(
    log.logMetric(runId, { key: 'acc', value: 1, timestampMs: 1, modelId: 'm-none' }),
    code('MISSING'),
  );
  await inputs.logInputs(runId, { models: [modelId] });
  await inputs.logOutputs(runId, [{ modelId, step: 3 }]);
  await assert.rejects(inputs.logOutputs(runId, [{ modelId: 'm-none', step: 3 }]), code('MISSING'));
  const { tags, params, metrics } = await loggedModels.get(modelId);
  assert.deepEqual([tags, params], [{ t: '3' }, { p: '1', q: '1' }]);
  assert.deepEqual(metrics, [
    { key: 'acc', value: 0.9, timestampMs: 1, step: 1, runId, datasetName: 'd', datasetDigest: 'x' },
  ]);
  const run = await runs.get(runId);
  assert.deepEqual([run.modelInputs, run.modelOutputs], [[modelId], [{ modelId, step: 3 }]]);
  await loggedModels.delete(modelId);
  await assert.rejects(loggedModels.get(modelId), code('MISSING'));
  assert.deepEqual((await loggedModels.search({ experimentIds: ['0'] })).items, []);
});

test('logged models are found by what they are and by metrics on a data set', async () => {
  const { tracking, clock } = house();
  const { runId } = await tracking.runs.create();
  for (const [at, name] of ['a', 'b', 'c'].entries()) {
    clock.advance(1);
    const { modelId } = await tracking.loggedModels.create({
      experimentId: '0',
      name,
      params: [{ key: 'at', value: String(at) }],
    });
    for (const [datasetName, value] of [
      ['x', at],
      ['y', -at],
    ] as const) {
      await tracking.log.logMetric(runId, {
        key: 'm',
        value,
        timestampMs: at,
        step: at,
        modelId,
        datasetName,
      });
    }
  }
  const found = async (query: object) =>
    (await tracking.loggedModels.search({ experimentIds: ['0'], ...query })).items.map(({ name }) => name);
  assert.deepEqual(await found({}), ['c', 'b', 'a']);
  assert.deepEqual(await found({ filter: "name = 'a' AND params.at = '0'" }), ['a']);
  assert.deepEqual(await found({ filter: 'metrics.m > 0.5', datasets: [{ datasetName: 'x' }] }), ['c', 'b']);
  assert.deepEqual(await found({ filter: 'metrics.m > 0.5', datasets: [{ datasetName: 'y' }] }), []);
  const orderBy = [{ fieldName: 'metrics.m', isAscending: true }];
  assert.deepEqual(await found({ orderBy, datasets: [{ datasetName: 'x' }] }), ['a', 'b', 'c']);
  assert.deepEqual(await found({ orderBy, datasets: [{ datasetName: 'y' }] }), ['c', 'b', 'a']);
  assert.deepEqual(await found({ maxResults: 1 }), ['c']);
  await tracking.loggedModels.create({ experimentId: '0', name: 'unmeasured' });
  assert.deepEqual(await found({ datasets: [{ datasetName: 'x' }] }), ['c', 'b', 'a']);
  assert.deepEqual(await found({ datasets: [{ datasetName: 'x', datasetDigest: 'other' }] }), []);
  await assert.rejects(tracking.loggedModels.create({ experimentId: '0', name: 'a/b' }), code('USAGE'));
});

test('the run of a logged model may be kept elsewhere', async () => {
  const { tracking } = house();
  const { modelId } = await tracking.loggedModels.create({ experimentId: '0', sourceRunId: '123' });
  assert.equal((await tracking.loggedModels.get(modelId)).sourceRunId, '123');
});

test('a version lies where its logged model does, and nowhere else on this machine', async () => {
  const { tracking, registry } = house();
  const artifactLocation = 'file:///srv/models';
  const experimentId = await tracking.experiments.create({ name: 'local', artifactLocation });
  const { modelId, artifactUri } = await tracking.loggedModels.create({ experimentId });
  await registry.models.create({ name: 'm' });
  const draft = { source: artifactUri, loggedModelId: modelId };
  assert.equal((await registry.versions.create('m', draft)).source, artifactUri);
  const wanted = /the model_id request parameter has to be specified/;
  await assert.rejects(registry.versions.create('m', { ...draft, source: 'file:///srv/other' }), wanted);
  const { runId } = await tracking.runs.create({ experimentId });
  const ofRun = { source: artifactUri, runId };
  await assert.rejects(registry.versions.create('m', ofRun), /the run_id request parameter/);
});

test('a logged model says which versions were made of it', async () => {
  const { tracking, registry } = house();
  const { modelId, artifactUri } = await tracking.loggedModels.create({ experimentId: '0' });
  const made = async () => (await tracking.loggedModels.get(modelId)).tags['mlflow.modelVersions'];
  await registry.models.create({ name: 'm' });
  const draft = { source: artifactUri, loggedModelId: modelId };
  await registry.versions.create('m', draft);
  assert.equal(await made(), '[{"name": "m", "version": 1}]');
  await registry.versions.create('m', draft);
  assert.equal(await made(), '[{"name": "m", "version": 1}, {"name": "m", "version": 2}]');
  for (const text of ['no JSON', '{}', '[1, null]']) {
    await tracking.loggedModels.setTags(modelId, [{ key: 'mlflow.modelVersions', value: text }]);
    const { number } = await registry.versions.create('m', draft);
    assert.equal(await made(), `[{"name": "m", "version": ${number}}]`);
  }
  await assert.rejects(registry.versions.create('m', { ...draft, loggedModelId: 'm-none' }), code('MISSING'));
  assert.equal((await registry.versions.list()).length, 5);
});

test('artifacts: written once, listed as folders, never outside their root', async () => {
  const { tracking, registry } = house();
  const { artifacts } = tracking;
  for (const path of ['a.txt', 'model/MLmodel', 'model/data/weights.bin'])
    await artifacts.put('0/r', path, Buffer.from(path));
  await artifacts.put('0/rr', 'other', Buffer.from('other'));
  assert.deepEqual(await artifacts.list('0/r'), [
    { path: 'a.txt', isDirectory: false, bytes: 5 },
    { path: 'model', isDirectory: true, bytes: undefined },
  ]);
  assert.deepEqual(
    (await artifacts.list('0/r', 'model')).map(({ path }) => path),
    ['model/MLmodel', 'model/data'],
  );
  const { sha256 } = await artifacts.file('0/r', 'a.txt');
  assert.equal((await registry.store.load(sha256)).toString(), 'a.txt');
  await artifacts.put('0/r', 'a.txt', Buffer.from('a.txt'));
  await assert.rejects(artifacts.put('0/r', 'a.txt', Buffer.from('other')), code('EXISTS'));
  await assert.rejects(artifacts.put('0/r', 'a.txt/b', Buffer.from('')), code('EXISTS'));
  await assert.rejects(artifacts.put('0/r', 'model', Buffer.from('')), code('EXISTS'));
  assert.equal(await artifacts.remove('0/r', 'model'), 2);
  await assert.rejects(artifacts.file('0/r', 'model/MLmodel'), code('MISSING'));
});

// CVE-2024-1483, CVE-2024-3848 and their kin: `..`, fragments, encoded once or often, other roots.
const ATTACKS = [
  ...[
    '../secret',
    'a/../../secret',
    '%2e%2e/secret',
    '%252e%252e%252fsecret',
    'a/%2E./b',
    '/etc/passwd',
    '//etc/passwd',
  ],
  ...[
    '\\..\\secret',
    'a\\b',
    'file:///etc/passwd',
    'http://x',
    'C:/windows',
    'a#/../../etc',
    '%23/../etc',
    'a\u0000b',
    '%00',
  ],
  ...['.', './a', 'a/', 'a//b', '', '%2fetc%2fpasswd', '%25252e%25252e/x', 'x'.repeat(1001)],
];

for (const path of ATTACKS) {
  test(`the artifact path ${JSON.stringify(path.slice(0, 40))} is refused`, async () => {
    const { artifacts } = house().tracking;
    const isRefused = (error: unknown): boolean =>
      hasCode(error, 'USAGE') && (error as Error).message === 'Invalid path';
    await assert.rejects(artifacts.put('0/r', path, Buffer.from('x')), isRefused);
    await assert.rejects(artifacts.file('0/r', path), isRefused);
    if (path !== '') await assert.rejects(artifacts.list('0/r', path), isRefused);
  });
}
