import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../../../base/index.ts';
import { house } from '../testing/house.ts';
import type { Metric } from './types.ts';

const code = (wanted: string) => (error: unknown) => hasCode(error) && error.code === wanted;

test('experiments: ids, names, deletion with their runs, restoration', async () => {
  const { tracking, clock } = house();
  const { experiments, runs } = tracking;
  const id = await experiments.create({ name: 'e', tags: { team: 'red' } });
  assert.equal(id, '1');
  assert.equal((await experiments.get('0')).name, 'Default');
  await assert.rejects(experiments.create({ name: 'e' }), /Experiment\(name=e\) already exists\./);
  await assert.rejects(experiments.create({ name: '' }), code('USAGE'));
  for (const missing of ['9', '-1', 'x', '1.0', ''])
    await assert.rejects(experiments.get(missing), code('MISSING'));
  const { runId } = await runs.create({ experimentId: id });
  clock.advance(5);
  await experiments.rename(id, 'f');
  await experiments.setTag(id, { key: 'k', value: 'v' });
  await experiments.deleteTag(id, 'team');
  await assert.rejects(experiments.deleteTag(id, 'team'), code('MISSING'));
  const experiment = await experiments.get(id);
  assert.deepEqual(experiment.tags, { k: 'v' });
  assert.equal(experiment.updatedMs - experiment.createdMs, 5);
  await experiments.delete(id);
  await assert.rejects(experiments.delete(id), code('MISSING'));
  await assert.rejects(runs.create({ experimentId: id }), code('USAGE'));
  await assert.rejects(experiments.create({ name: 'f' }), code('EXISTS'));
  assert.equal((await runs.get(runId)).lifecycleStage, 'deleted');
  await experiments.restore(id);
  assert.equal((await runs.get(runId)).lifecycleStage, 'active');
  assert.equal((await experiments.findByName('f'))?.experimentId, id);
});

test('experiments are searched by name, times and tags, the newest first', async () => {
  const { tracking, clock } = house();
  for (const name of ['alpha', 'Beta', 'gamma']) {
    clock.advance(1);
    await tracking.experiments.create({ name, tags: { kind: name.slice(0, 1) } });
  }
  const found = async (query: Parameters<typeof tracking.experiments.search>[0]) =>
    (await tracking.experiments.search(query)).items.map(({ name }) => name);
  assert.deepEqual(await found({}), ['gamma', 'Beta', 'alpha', 'Default']);
  assert.deepEqual(await found({ filter: "name LIKE 'b%'" }), []);
  assert.deepEqual(await found({ filter: "name ILIKE 'b%'" }), ['Beta']);
  assert.deepEqual(await found({ filter: "tags.kind = 'g'" }), ['gamma']);
  assert.deepEqual(await found({ orderBy: ['name DESC'], maxResults: 2 }), ['gamma', 'alpha']);
  await tracking.experiments.delete('1');
  assert.deepEqual(await found({ viewType: 'DELETED_ONLY' }), ['alpha']);
  assert.equal((await found({ viewType: 'ALL' })).length, 4);
  const { nextPageToken } = await tracking.experiments.search({ maxResults: 2 });
  assert.deepEqual(await found({ pageToken: nextPageToken }), ['Default']);
  await assert.rejects(tracking.experiments.search({ maxResults: 50_001 }), code('USAGE'));
});

test('a run has a name, which its tag follows', async () => {
  const { tracking } = house();
  const { runs } = tracking;
  assert.match((await runs.create()).runName, /^[a-z]+-[a-z]+-\d+$/);
  const { runId, tags, artifactUri } = await runs.create({
    runName: 'r',
    startMs: 1,
    tags: [{ key: 'mlflow.user', value: 'u' }],
  });
  assert.deepEqual(tags, { 'mlflow.user': 'u', 'mlflow.runName': 'r' });
  assert.equal(artifactUri, `mlflow-artifacts:/0/${runId}/artifacts`);
  const clash = runs.create({ runName: 'a', tags: [{ key: 'mlflow.runName', value: 'b' }] });
  await assert.rejects(clash, code('USAGE'));
  await runs.setTag(runId, { key: 'mlflow.runName', value: 's' });
  assert.equal((await runs.get(runId)).runName, 's');
  const info = await runs.update(runId, { status: 'FINISHED', endMs: 5, runName: 't' });
  assert.deepEqual([info.status, info.endMs, info.runName], ['FINISHED', 5, 't']);
  assert.equal((await runs.get(runId)).tags['mlflow.runName'], 't');
  await assert.rejects(runs.update(runId, { status: 'DONE' as never }), code('USAGE'));
  await runs.delete(runId);
  await assert.rejects(runs.setTag(runId, { key: 'a', value: 'b' }), /must be in the 'active' state/);
  await runs.restore(runId);
  await runs.deleteTag(runId, 'mlflow.user');
  await assert.rejects(runs.deleteTag(runId, 'mlflow.user'), code('MISSING'));
  await assert.rejects(runs.get('nope'), /Run with id=nope not found/);
});

test('metrics keep NaN and infinities; the same once more is none; a param has one value', async () => {
  const { tracking } = house();
  const { runs, log } = tracking;
  const { runId } = await runs.create();
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0.5, 1e308];
  for (const [at, value] of values.entries()) {
    for (let twice = 0; twice < 2; twice += 1)
      await log.logMetric(runId, { key: 'm', value, timestampMs: at, step: at });
  }
  const { items } = await log.history(runId, 'm');
  assert.deepEqual(
    items.map(({ value }) => value),
    values,
  );
  await log.logParam(runId, { key: 'p', value: '1' });
  await log.logParam(runId, { key: 'p', value: '1' });
  await assert.rejects(log.logParam(runId, { key: 'p', value: '2' }), /Changing param values is not allowed/);
  for (const key of ['', '../a', 'a//b', '/a', '.', 'a\u0000', 'a\n', 'x'.repeat(251)]) {
    await assert.rejects(log.logMetric(runId, { key, value: 1, timestampMs: 0 }), code('USAGE'), key);
  }
  await log.logMetric(runId, { key: 'Güte/ä b', value: 1, timestampMs: 0 });
  await assert.rejects(log.logMetric(runId, { key: 'a', value: 1, timestampMs: -1 }), code('USAGE'));
  await assert.rejects(
    log.logMetric(runId, { key: 'a', value: 1, timestampMs: 0, step: 0.5 }),
    code('USAGE'),
  );
  await assert.rejects(log.logMetric('none', { key: 'a', value: 1, timestampMs: 0 }), code('MISSING'));
});

test('a batch counts as a whole', async () => {
  const { tracking } = house();
  const { runs, log } = tracking;
  const { runId } = await runs.create();
  const metric = { key: 'a', value: 1, timestampMs: 1 };
  const bad = [
    { metrics: [metric, { ...metric, timestampMs: -1 }] },
    {
      metrics: [metric],
      params: [
        { key: 'p', value: '1' },
        { key: 'p', value: '1' },
      ],
    },
    { metrics: [metric], tags: [{ key: '../x', value: '' }] },
    { metrics: Array.from({ length: 1001 }, () => metric) },
    { params: Array.from({ length: 101 }, (_, i) => ({ key: `p${i}`, value: '' })) },
    {
      metrics: Array.from({ length: 950 }, () => metric),
      params: Array.from({ length: 51 }, (_, i) => ({ key: `p${i}`, value: '' })),
    },
  ];
  for (const batch of bad) await assert.rejects(log.logBatch(runId, batch), code('USAGE'));
  await assert.rejects(log.logBatch(runId, bad[0] ?? {}), /metrics\[1\]\.timestamp/);
  await log.logParam(runId, { key: 'p', value: '1' });
  // Found out within the transaction: nothing of it is left either.
  await assert.rejects(
    log.logBatch(runId, {
      metrics: [metric],
      params: [
        { key: 'q', value: '' },
        { key: 'p', value: '2' },
      ],
    }),
    code('USAGE'),
  );
  const run = await runs.get(runId);
  assert.deepEqual([run.metrics, run.params], [[], { p: '1' }]);
  await log.logBatch(runId, {
    metrics: [metric],
    tags: [{ key: 't', value: '1' }],
    params: [{ key: 'q', value: 'x'.repeat(7000) }],
  });
  assert.equal((await runs.get(runId)).params['q']?.length, 6000);
});

test('the latest of a metric: by step, then time, then value, in whatever order and batches it came', async () => {
  const metric = fc.record({
    ...{
      key: fc.constantFrom('a', 'b'),
      value: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN)),
    },
    ...{ timestampMs: fc.nat({ max: 3 }), step: fc.integer({ min: -2, max: 2 }) },
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(metric, { maxLength: 6 }), { maxLength: 6 }), async (batches) => {
      const { tracking } = house();
      const { runId } = await tracking.runs.create();
      for (const metrics of batches) await tracking.log.logBatch(runId, { metrics });
      const all = batches.flat();
      const { metrics } = await tracking.runs.get(runId);
      for (const key of ['a', 'b']) {
        const rank = ({ value, timestampMs, step }: Metric): number =>
          step * 1e6 + timestampMs * 1e3 + (Number.isNaN(value) ? 0 : value);
        const ranks = all.filter((one) => one.key === key).map(rank);
        const found = metrics.find((one) => one.key === key);
        assert.equal(
          found === undefined ? undefined : rank(found),
          ranks.length === 0 ? undefined : Math.max(...ranks),
        );
        const distinct = new Set(
          all.filter((one) => one.key === key).map((one) => JSON.stringify(Object.values(one).map(String))),
        );
        assert.equal((await tracking.log.history(runId, key)).items.length, distinct.size);
      }
    }),
    { numRuns: 60 },
  );
});

test('runs are found by metrics, params, tags, attributes and data sets', async () => {
  const { tracking, clock } = house();
  const { runs, log, inputs } = tracking;
  const experimentId = await tracking.experiments.create({ name: 'e' });
  for (const [at, acc] of [0.5, 0.9, Number.NaN].entries()) {
    clock.advance(1);
    const { runId } = await runs.create({ experimentId, runName: `run-${at}`, userId: 'ann' });
    await log.logBatch(runId, {
      metrics: [{ key: 'acc', value: acc, timestampMs: 1 }],
      params: [{ key: 'lr', value: String(at) }],
    });
    const dataset = { name: `set-${at}`, digest: 'd', sourceType: 'local', source: '{}' };
    await inputs.logInputs(runId, {
      datasets: [{ dataset, tags: { 'mlflow.data.context': at === 0 ? 'train' : 'test' } }],
    });
  }
  const found = async (filter: string, orderBy: string[] = []) =>
    (await runs.search({ experimentIds: [experimentId], filter, orderBy })).items.map(
      ({ runName }) => runName,
    );
  assert.deepEqual(await found(''), ['run-2', 'run-1', 'run-0']);
  assert.deepEqual(await found('metrics.acc > 0.6'), ['run-1']);
  assert.deepEqual(await found('metrics.acc != 7'), ['run-1', 'run-0']);
  assert.deepEqual(await found("metric.acc >= 0.5 AND parameters.lr = '0'"), ['run-0']);
  assert.deepEqual(await found("params.none != 'x'"), []);
  assert.deepEqual(
    await found("attributes.run_name LIKE 'run-_' AND run.status = 'RUNNING' AND user_id = 'ann'", [
      'attribute.run_name ASC',
    ]),
    ['run-0', 'run-1', 'run-2'],
  );
  assert.deepEqual(await found("tags.mlflow.runName IN ('run-1', 'x')"), ['run-1']);
  assert.deepEqual(await found("dataset.name = 'set-2'"), ['run-2']);
  assert.deepEqual(await found("datasets.context NOT IN ('train')"), ['run-2', 'run-1']);
  // What is no number comes last, in both directions.
  assert.deepEqual(await found('', ['metrics.acc ASC']), ['run-0', 'run-1', 'run-2']);
  assert.deepEqual(await found('', ['metrics.acc DESC']), ['run-1', 'run-0', 'run-2']);
  assert.deepEqual(await found('', ['params.lr DESC']), ['run-2', 'run-1', 'run-0']);
  assert.deepEqual((await runs.search({ experimentIds: ['x'] })).items, []);
});

test('pages of a search are the whole, once', async () => {
  const { tracking } = house();
  for (let i = 0; i < 7; i += 1) await tracking.runs.create({ runName: `r${i}` });
  const names: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await tracking.runs.search({ experimentIds: ['0'], maxResults: 3, pageToken });
    names.push(...page.items.map(({ runName }) => runName));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  assert.deepEqual(names.sort(), ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
});

test('histories of several runs: evenly spread, and the ends of each', async () => {
  const { tracking } = house();
  const ids: string[] = [];
  for (const from of [0, 50]) {
    const { runId } = await tracking.runs.create();
    ids.push(runId);
    const metrics = Array.from({ length: 100 }, (_, i) => ({
      key: 'm',
      value: i,
      timestampMs: i,
      step: from + i,
    }));
    await tracking.log.logBatch(runId, { metrics });
  }
  const points = await tracking.log.historyInterval(ids, 'm', { maxResults: 10 });
  const steps = (runId: string | undefined) =>
    points.filter((point) => point.runId === runId).map(({ step }) => step);
  assert.ok(steps(ids[0]).length <= 14);
  assert.deepEqual([steps(ids[0])[0], steps(ids[0]).at(-1)], [0, 99]);
  assert.deepEqual([steps(ids[1])[0], steps(ids[1]).at(-1)], [50, 149]);
  const part = await tracking.log.historyInterval(ids, 'm', { startStep: 60, endStep: 64, maxResults: 100 });
  assert.equal(part.length, 10);
  for (const range of [
    { maxResults: 0 },
    { maxResults: 2501 },
    { maxResults: 5, startStep: 2, endStep: 1 },
  ]) {
    await assert.rejects(tracking.log.historyInterval(ids, 'm', range), code('USAGE'));
  }
  await assert.rejects(tracking.log.historyInterval([], 'm', { maxResults: 1 }), code('USAGE'));
});
