// Pipelines over HTTP: made, fed, asked how they are; what they learn is served.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEA_FEATURES, samplesOf, sea } from '../../src/lifecycle/online/testing/streams.ts';
import { serve } from './support.ts';

const PIPELINE = {
  ...{ pipelineId: 'sea', name: 'SEA', strategy: 'adaptive' },
  learner: { kind: 'logistic', features: [...SEA_FEATURES] },
};
const url = (path = '') => `/api/v1/pipelines${path}`;
type Status = { updates: { swaps: number }; champion: { version: string }; nextUpdate: string };

test('what a pipeline learns over HTTP is served over HTTP', async (t) => {
  const served = await serve(t);
  const made = await served.ask({ method: 'POST', url: url(), payload: PIPELINE });
  assert.equal(made.status, 201, made.text);
  const samples = samplesOf(sea([{ samples: 800, bound: 8 }]));
  for (let from = 0; from < samples.length; from += 200) {
    const payload = { samples: samples.slice(from, from + 200) };
    await served.well({ method: 'POST', url: url('/sea/samples'), payload });
  }
  const again = await served.well({
    ...{ method: 'POST', url: url('/sea/samples') },
    payload: { samples: samples.slice(0, 1) },
  });
  assert.deepEqual(again['samples'], [{ sampleId: 's0', outcome: 'duplicate', prediction: null }]);
  await served.server.runChores();
  await served.server.followed();
  const status = (await served.well({ url: url('/sea') })) as Status;
  assert.ok(status.updates.swaps > 0);
  assert.match(status.nextUpdate, /^not due: \d+ of \d+ samples wait \(adaptive\)$/);
  const answer = await served.well({
    ...{ method: 'POST', url: '/api/v1/models/sea/predict' },
    payload: { features: [1, 1, 5] },
  });
  assert.ok(((answer['values'] as number[])[1] ?? 0) > 0.5);
  const { updates } = await served.well({ url: url('/sea/updates?limit=1000') });
  assert.ok((updates as { kind: string }[]).some(({ kind }) => kind === 'swap'));
  const metrics = await served.ask({ url: '/metrics' });
  assert.match(metrics.text, /pilotfish_pipeline_samples_total\{pipeline="sea"\} 800/);
  const document = await served.ask({ url: '/metrics/documents' });
  assert.match(document.text, /ml_pipeline_accuracy\{pipeline_id="sea"\} 0\.\d+/);
  assert.match(document.text, /ml_pipeline_samples_processed\{pipeline_id="sea"\} 800/);
  assert.match(document.text, /ml_pipeline_updates_total\{pipeline_id="sea"\} \d+/);
});

test('a policy chooses, learns and is judged over HTTP', async (t) => {
  const served = await serve(t);
  const post = (path: string, payload: object) =>
    served.ask({ method: 'POST', url: `/api/v1/policies${path}`, payload });
  const draft = { policyId: 'codec', arms: ['zstd', 'lz4'], features: ['entropy'], exploration: 0.5 };
  assert.equal((await post('', draft)).status, 201);
  assert.equal((await post('', draft)).status, 409);
  for (let round = 0; round < 20; round += 1) {
    const { body } = await post('/codec/choices', { context: { entropy: round % 2 } });
    const reward = { choiceId: body['choiceId'], reward: Number(body['arm'] === 'lz4') };
    assert.deepEqual((await post('/codec/rewards', reward)).body, { outcome: 'added' });
  }
  const judged = await post('/codec/evaluate', { arm: 'lz4' });
  const { dr } = judged.body as { dr: { estimate: number } };
  assert.ok(dr.estimate > 0.5, judged.text);
  assert.equal((await post('/codec/evaluate', { policyId: 'absent' })).status, 404);
  assert.equal((await post('/codec/choices', { context: {} })).status, 400);
  const { policies } = await served.well({ url: '/api/v1/policies' });
  assert.deepEqual(policies, [await served.well({ url: '/api/v1/policies/codec' })]);
});

test('jobs are queued, listed and taken back over HTTP', async (t) => {
  const served = await serve(t);
  const post = (path: string, payload: object = {}) =>
    served.ask({ method: 'POST', url: `/api/v1/jobs${path}`, payload });
  const draft = {
    kind: 'train',
    request: { modelName: 'codec', datasetPath: '/data/blocks.json' },
    dedupeKey: 'codec',
  };
  const queued = await post('', draft);
  assert.deepEqual([queued.status, queued.body['id'], queued.body['status']], [201, 1, 'waiting']);
  assert.equal((await post('', draft)).body['id'], 1);
  assert.equal((await post('', { ...draft, request: { modelName: 'nothing' } })).status, 400);
  assert.equal((await post('', { ...draft, kind: 'dance' })).status, 400);
  const { jobs } = await served.well({ url: '/api/v1/jobs?status=waiting' });
  assert.equal((jobs as object[]).length, 1);
  assert.equal((await post('/1/cancel')).body['status'], 'cancelled');
  assert.equal((await post('/1/cancel')).status, 409);
  assert.equal((await post('/9/cancel')).status, 404);
});

test('late labels, pauses and refusals', async (t) => {
  const served = await serve(t);
  await served.ask({ method: 'POST', url: url(), payload: PIPELINE });
  const post = (path: string, payload: object = {}) =>
    served.ask({ method: 'POST', url: url(path), payload });
  const sample = { sampleId: 'a', features: { a: 1, b: 1, c: 1 } };
  assert.equal((await post('/sea/samples', { samples: [sample] })).status, 200);
  assert.deepEqual((await post('/sea/labels', { sampleId: 'a', label: 1 })).body, { outcome: 'added' });
  assert.equal((await post('/sea/labels', { sampleId: 'b', label: 1 })).status, 404);
  assert.equal((await post('/sea/update')).status, 409);
  assert.equal(
    (await post('/sea/samples', { samples: [{ ...sample, sampleId: 'c', label: 7 }] })).status,
    400,
  );
  assert.equal((await post('/sea/samples', { samples: [{ ...sample, weight: 2 }] })).status, 409);
  assert.equal((await post('', PIPELINE)).status, 409);
  assert.equal((await post('', { ...PIPELINE, pipelineId: 'x', strategy: 'often' })).status, 400);
  assert.equal((await post('/absent/update')).status, 404);
  assert.equal((await post('/sea/pause', { reason: 'a holiday' })).body['status'], 'paused');
  assert.equal((await post('/sea/samples', { samples: [{ ...sample, sampleId: 'd' }] })).status, 409);
  assert.equal((await post('/sea/resume')).body['status'], 'active');
  assert.equal((await post('/sea/archive')).body['status'], 'archived');
  const all = await served.well({ url: url() });
  assert.equal((all['pipelines'] as object[]).length, 1);
});
