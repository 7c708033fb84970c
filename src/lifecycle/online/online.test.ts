import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { PilotfishError } from '../../base/index.ts';
import { decodeSnapshot, LogisticRegression, restoreLearner } from '../../learn/index.ts';
import { house } from '../registry/testing/house.ts';
import { type LearningPipeline, OnlineLearner, Strategy, type TrainingSample } from './index.ts';
import { SEA_FEATURES, samplesOf, sea } from './testing/streams.ts';

const PIPELINE: LearningPipeline = {
  ...{ pipelineId: 'sea', name: 'SEA', strategy: Strategy.Adaptive },
  learner: { kind: 'logistic', features: SEA_FEATURES },
};
const ID = 'sea';

/** A registry in memory, and learners on it as of several processes. */
function place(fs = new FaultyFileSystem(new SimFileSystem())) {
  const { clock, registry, state } = house({}, fs);
  return { clock, registry, state, fs, open: () => new OnlineLearner(state, registry, { clock }) };
}

/** Adds samples in calls of a hundred, each time as a second later. */
async function feed(
  learner: OnlineLearner,
  samples: readonly TrainingSample[],
  clock = { advance: (_ms: number): void => undefined },
): Promise<void> {
  for (let from = 0; from < samples.length; from += 100) {
    clock.advance(1000);
    await learner.addSamples(ID, samples.slice(from, from + 100));
  }
  await learner.settled();
}

test('what is learnt beats what serves before it serves, and the registry has the evidence', async () => {
  const { registry, open } = place();
  const learner = open();
  const made = await learner.createPipeline(PIPELINE, { actor: 'ada' });
  assert.deepEqual(
    [made.status, made.champion.version, made.nextUpdate],
    ['active', 'sea.0', 'not due: 0 of 50 samples wait (adaptive)'],
  );
  await feed(learner, samplesOf(sea([{ samples: 1500, bound: 8 }])));
  const status = await learner.getPipelineStatus(ID);
  assert.ok(status.updates.swaps > 0);
  assert.ok((status.accuracy.overall ?? 0) > 0.85, String(status.accuracy.overall));
  assert.ok((status.accuracy.trend ?? 0) > 0);
  const served = await registry.loadProduction(ID);
  assert.equal(served.version.modelId, status.champion.modelId);
  assert.equal(served.version.parameters['features'], 'a,b,c');
  const evidence = await registry.transitions.evidenceOf({ modelId: served.version.modelId });
  assert.deepEqual(
    evidence.map(({ kind, passed }) => [kind, passed]),
    [
      ['evaluation', true],
      ['experiment', true],
    ],
  );
  assert.match(
    evidence[1]?.summary ?? '',
    /beat .* e-process \d\.\d\d in natural logarithms after \d+ samples/,
  );
  const { report } = evidence[1] as { report: { logEvidence: number; needed: number } };
  assert.ok(report.logEvidence <= 50 && report.needed === -Math.log(0.025));
  const model = restoreLearner(decodeSnapshot(served.files.get('model.safetensors') ?? assert.fail()));
  assert.equal(model.kind, 'logistic-regression');
  const actions = (await registry.audit.entries({ subject: 'pipeline/sea' })).map(({ action }) => action);
  assert.equal(actions[0], 'pipeline.create');
  assert.ok(actions.includes('pipeline.swap'));
});

test('the same log makes the same weights, in one process, in another, and after a restart', async () => {
  const stream = samplesOf(
    sea(
      [
        { samples: 700, bound: 8 },
        { samples: 500, bound: 5 },
      ],
      { noise: 0.05 },
    ),
  );
  const runs = await Promise.all(
    [1, 2].map(async (processes) => {
      const { registry, open } = place();
      const learners = Array.from({ length: processes }, open);
      await learners[0]?.createPipeline(PIPELINE);
      for (let from = 0; from < stream.length; from += 100) {
        const learner = learners[(from / 100) % processes] as OnlineLearner;
        await learner.addSamples(ID, stream.slice(from, from + 100));
        await learner.settled();
      }
      const again = open();
      assert.equal((await again.verifyLog(ID)).isReproduced, true);
      const versions = (await registry.listModels()).map(({ version, status, fileHash }) => ({
        version,
        status,
        fileHash,
      }));
      return { status: await again.getPipelineStatus(ID), versions };
    }),
  );
  assert.ok((runs[0]?.status.updates.swaps ?? 0) > 0);
  assert.deepEqual(runs[0]?.versions, runs[1]?.versions);
  assert.deepEqual(runs[0]?.status.accuracy, runs[1]?.status.accuracy);
});

test('a poisoned update does not serve', async () => {
  const { registry, open } = place();
  const learner = open();
  await learner.createPipeline({ ...PIPELINE, strategy: 'mini_batch', learningRate: 0.1 });
  await feed(learner, samplesOf(sea([{ samples: 1200, bound: 8 }])));
  const before = await learner.getPipelineStatus(ID);
  // Labels turned round: the line learns them, and loses beside the champion on what comes next.
  await feed(learner, samplesOf(sea([{ samples: 100, bound: 8, isTurned: true }], { seed: 5 }), 1200));
  await feed(learner, samplesOf(sea([{ samples: 400, bound: 8 }], { seed: 6 }), 1300));
  const after = await learner.getPipelineStatus(ID);
  assert.equal(after.updates.rejected, before.updates.rejected + 1);
  assert.equal(after.updates.swaps, before.updates.swaps);
  assert.equal((await registry.loadProduction(ID)).version.modelId, before.champion.modelId);
  assert.ok(after.accuracy.history.slice(-8).every((share) => share > 0.8));
});

test('one that got through, because the stream went on like that for a while, is rolled back', async () => {
  const { registry, open } = place();
  const learner = open();
  await learner.createPipeline(PIPELINE);
  await feed(learner, samplesOf(sea([{ samples: 1200, bound: 8 }])));
  const good = (await learner.getPipelineStatus(ID)).champion;
  await feed(learner, samplesOf(sea([{ samples: 100, bound: 8, isTurned: true }], { seed: 5 }), 1200));
  const poisoned = (await learner.getPipelineStatus(ID)).champion;
  assert.notEqual(poisoned.version, good.version);
  await feed(learner, samplesOf(sea([{ samples: 400, bound: 8 }], { seed: 6 }), 1300));
  const { champion, updates } = await learner.getPipelineStatus(ID);
  assert.deepEqual([champion, updates.rollbacks], [good, 1]);
  assert.equal((await registry.loadProduction(ID)).version.modelId, good.modelId);
  const evidence = await registry.transitions.evidenceOf({ modelId: poisoned.modelId });
  assert.match(evidence.at(-1)?.summary ?? '', /is worse than .* was: e-process/);
  assert.equal(evidence.at(-1)?.passed, false);
  assert.equal((await learner.verifyLog(ID)).isReproduced, true);
});

test('a full disk is an error that recovers; samples are taken meanwhile', async () => {
  const whole = place();
  await whole.open().createPipeline(PIPELINE);
  const plan = { at: whole.fs.calls + 1, fault: 'ENOSPC' } as const;
  const { clock, fs, registry, open } = place(new FaultyFileSystem(new SimFileSystem(), plan));
  const learner = open();
  await learner.createPipeline({ ...PIPELINE, strategy: 'incremental' });
  await feed(learner, samplesOf(sea([{ samples: 600, bound: 8 }])));
  const failed = await learner.getPipelineStatus(ID);
  assert.equal(failed.status, 'error');
  assert.match(failed.lastError ?? '', /^NO_SPACE: /);
  assert.equal(failed.samples.scored, 600);
  assert.equal((await registry.listModels({ status: 'production' })).length, 0);
  assert.match(failed.nextUpdate, /backs off/);
  fs.freeSpace();
  clock.advance(60_000);
  // Another process does as well: what is to be told follows from the log.
  const other = open();
  await feed(other, samplesOf(sea([{ samples: 10, bound: 8 }], { seed: 2 }), 600));
  const recovered = await other.getPipelineStatus(ID);
  assert.deepEqual([recovered.status, recovered.lastError], ['active', undefined]);
  assert.equal((await registry.loadProduction(ID)).version.version, recovered.champion.version);
});

test('a learner that fails is thrown away, and learning is tried again after a while', async (t) => {
  const { clock, open } = place();
  const learner = open();
  await learner.createPipeline({ ...PIPELINE, strategy: 'mini_batch' });
  const failing = t.mock.method(Object.getPrototypeOf(LogisticRegression.prototype), 'learnOne', () => {
    throw new PilotfishError('NOT_FINITE', 'the loss grew without bound');
  });
  await feed(learner, samplesOf(sea([{ samples: 100, bound: 8 }])));
  const failed = await learner.getPipelineStatus(ID);
  assert.deepEqual([failed.status, failed.lastError], ['error', 'NOT_FINITE: the loss grew without bound']);
  assert.equal(failed.nextUpdate, 'not for 60 s: it backs off after an error');
  await feed(learner, samplesOf(sea([{ samples: 100, bound: 8 }], { seed: 2 }), 100));
  await assert.rejects(learner.triggerUpdate(ID), { code: 'REFUSED', message: /the last update failed/ });
  failing.mock.restore();
  clock.advance(60_000);
  const recovered = await learner.triggerUpdate(ID);
  assert.deepEqual([recovered.status, recovered.updates.made], ['active', 1]);
});

test('labels may come late, in any order, or never', async () => {
  const { open } = place();
  const learner = open();
  await learner.createPipeline({ ...PIPELINE, maxBufferSize: 100, batchSize: 50 });
  const samples = samplesOf(sea([{ samples: 150, bound: 8 }]));
  await feed(
    learner,
    samples.map(({ label: _, ...rest }) => rest),
  );
  const waiting = await learner.getPipelineStatus(ID);
  assert.deepEqual(
    [waiting.samples.waitForLabel, waiting.samples.labelTooLate, waiting.samples.scored],
    [100, 50, 0],
  );
  await assert.rejects(learner.addLabel(ID, 's0', 1), { code: 'MISSING' });
  for (const { sampleId, label = 0 } of samples.slice(50).reverse()) {
    assert.equal(await learner.addLabel(ID, sampleId, label), 'added');
  }
  assert.equal(await learner.addLabel(ID, 's60', samples[60]?.label ?? 0), 'duplicate');
  await assert.rejects(learner.addLabel(ID, 's60', 1 - (samples[60]?.label ?? 0)), { code: 'EXISTS' });
  await assert.rejects(learner.addLabel(ID, 's61', 7), { code: 'USAGE' });
  await assert.rejects(learner.addLabel(ID, 'nobody', 1), { code: 'MISSING' });
  const { samples: counts, updates } = await learner.getPipelineStatus(ID);
  assert.deepEqual([counts.waitForLabel, counts.scored, updates.made], [0, 100, 1]);
});

test('each strategy updates when it says; what does not fit the buffer is dropped and counted', async () => {
  const { clock, open } = place();
  const learner = open();
  const made = async (strategy: Strategy | undefined, samples: number): Promise<number> => {
    const pipelineId = `${strategy ?? 'none'}`;
    await learner.createPipeline({
      ...{ pipelineId, name: 'x', maxBufferSize: 120 },
      learner: { kind: 'naive-bayes', features: SEA_FEATURES },
      ...(strategy === undefined ? {} : { strategy }),
    });
    await learner.addSamples(pipelineId, samplesOf(sea([{ samples, bound: 8 }])));
    return (await learner.getPipelineStatus(pipelineId)).updates.made;
  };
  assert.equal(await made('incremental', 110), 2);
  assert.equal(await made('mini_batch', 210), 2);
  // Adaptive begins like incremental, and waits for a full buffer once it has seen one.
  assert.equal(await made('adaptive', 270), 3);
  assert.equal(await made(undefined, 130), 0);
  const idle = await learner.getPipelineStatus('none');
  assert.deepEqual([idle.strategy, idle.samples.buffered, idle.samples.dropped], ['periodic', 120, 10]);
  assert.match(idle.nextUpdate, /^not due: 120 samples wait, the next update comes in 3600 s \(periodic\)$/);
  clock.advance(3_600_000);
  await learner.runDue();
  assert.equal((await learner.getPipelineStatus('none')).updates.made, 1);
  await learner.addSamples('none', samplesOf(sea([{ samples: 20, bound: 8 }]), 1000));
  await assert.rejects(learner.triggerUpdate('none'), {
    code: 'REFUSED',
    message: /20 samples wait, an update needs 50/,
  });
  clock.advance(-10_000_000);
  await learner.addSamples('none', samplesOf(sea([{ samples: 40, bound: 8 }]), 2000));
  assert.equal((await learner.triggerUpdate('none')).updates.made, 2);
  const times = (await learner.readLog('none', { limit: 1000 })).map(({ timeMs }) => timeMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test('the pipeline goes on from what somebody else puts in production', async () => {
  const { registry, open } = place();
  const learner = open();
  await learner.createPipeline({ ...PIPELINE, strategy: 'mini_batch' });
  await feed(learner, samplesOf(sea([{ samples: 2500, bound: 8 }])));
  assert.ok((await learner.getPipelineStatus(ID)).updates.swaps > 1);
  const restored = await registry.rollbackModel(ID, { actor: 'ada', reason: 'I know better' });
  await learner.runDue();
  const { champion } = await learner.getPipelineStatus(ID);
  assert.equal(champion.modelId, restored.modelId);
  assert.equal((await learner.readUpdates(ID)).at(-1)?.kind, 'rebase');
  assert.equal((await learner.verifyLog(ID)).isReproduced, true);
});

test('what nobody can go on from is the trouble of that pipeline alone', async () => {
  const { clock, registry, open } = place();
  const learner = open();
  await learner.createPipeline({ ...PIPELINE, pipelineId: 'a', strategy: 'periodic' });
  await learner.createPipeline({ ...PIPELINE, strategy: 'periodic' });
  const metadata = { name: 'a', version: 'forest', algorithm: 'RandomForest', framework: 'scikit-learn' };
  const modelId = await registry.registerModel(metadata, Buffer.from('a forest'));
  const evidence = [
    { kind: 'evaluation', passed: true, summary: 'x' },
    { kind: 'experiment', passed: true, summary: 'x' },
  ];
  for (const to of ['testing', 'staging', 'production'] as const)
    await registry.promoteModel(modelId, to, { evidence });
  await learner.addSamples(ID, samplesOf(sea([{ samples: 60, bound: 8 }])));
  clock.advance(3_600_000);
  await learner.runDue();
  const failed = await learner.getPipelineStatus('a');
  assert.equal(failed.status, 'error');
  assert.match(failed.lastError ?? '', /^UNSUPPORTED: a\/2 is no learner that can go on learning/);
  assert.equal((await learner.getPipelineStatus(ID)).updates.made, 1);
  await registry.archiveModel(modelId);
  clock.advance(60_000);
  await learner.runDue();
  assert.equal((await learner.getPipelineStatus('a')).status, 'active');
});

test('a registered learner goes on; what cannot is refused', async () => {
  const { registry, open } = place();
  const learner = open();
  await learner.createPipeline(PIPELINE);
  await feed(learner, samplesOf(sea([{ samples: 800, bound: 8 }])));
  const { champion } = await learner.getPipelineStatus(ID);
  const next = { pipelineId: 'next', name: 'Next', modelId: champion.modelId };
  assert.deepEqual((await learner.createPipeline(next)).settings.features, ['a', 'b', 'c']);
  const metadata = { name: 'forest', version: 'v1', algorithm: 'RandomForest', framework: 'scikit-learn' };
  const modelId = await registry.registerModel(metadata, Buffer.from('a forest'));
  const refused = (pipeline: Partial<LearningPipeline>, code: string, message = /./) =>
    assert.rejects(learner.createPipeline({ pipelineId: 'p', name: 'P', ...pipeline }), { code, message });
  await refused({ modelId }, 'UNSUPPORTED', /no learner that can go on learning/);
  await refused({ modelId: 'absent' }, 'MISSING');
  await refused({}, 'USAGE', /either with a modelId or with a learner/);
  await refused({ ...PIPELINE, pipelineId: 'sea' }, 'EXISTS');
  await refused({ ...PIPELINE, pipelineId: 'no spaces' }, 'USAGE');
  await refused({ ...PIPELINE, pipelineId: 'p1', strategy: 'hourly' as never }, 'USAGE');
  await refused({ ...PIPELINE, pipelineId: 'p2', minSamples: 0 }, 'USAGE');
  await refused({ ...PIPELINE, pipelineId: 'p3', batchSize: 5000 }, 'USAGE', /batchSize/);
  await refused({ ...PIPELINE, pipelineId: 'p4', features: ['a', 'b'] }, 'SHAPE');
  await refused(
    { ...PIPELINE, pipelineId: 'p5', learner: { kind: 'magic' as never, features: ['a'] } },
    'USAGE',
  );
  await refused(
    { pipelineId: 'p6', learner: { kind: 'logistic', features: ['a', 'a'] } },
    'USAGE',
    /different names/,
  );
  const left = (await registry.listModels({})).map(({ name }) => name).filter((name) => /^p\d/.test(name));
  assert.deepEqual(left, [], 'what is refused leaves no version behind');
  const draft = (await registry.listModels({ name: 'sea' }))[0]?.modelId ?? '';
  assert.notEqual(draft, champion.modelId);
  await refused({ modelId: draft }, 'REFUSED', /is in production: begin with it/);
});

test('a pipeline and the version it begins with are there together, or neither is', async () => {
  const { registry, state, open } = place();
  const sql = (text: string) => state.write(async (each) => void (await each.run(text)));
  await sql("CREATE TRIGGER full BEFORE INSERT ON online_pipelines BEGIN SELECT RAISE(ABORT, 'full'); END");
  await assert.rejects(open().createPipeline(PIPELINE), /full/);
  assert.deepEqual([await registry.listModels(), await registry.audit.entries()], [[], []]);
  await sql('DROP TRIGGER full');
  const { champion, settings } = await open().createPipeline(PIPELINE, { actor: 'ada' });
  const { name, number, status } = await registry.getModel(champion.modelId);
  assert.deepEqual([name, number, status, settings.modelId], ['sea', 1, 'draft', champion.modelId]);
});

test('samples that are none change nothing; the same one again counts once', async () => {
  const { open } = place();
  const learner = open();
  await learner.createPipeline(PIPELINE);
  const good: TrainingSample = { sampleId: 's', features: { a: 1, b: 2, c: 3 }, label: 1 };
  const bad: [Partial<Record<keyof TrainingSample, unknown>>, string][] = [
    [{ features: { a: 1, b: 2 } }, 'SHAPE'],
    [{ features: { a: 1, b: 2, c: 3, d: 4 } }, 'SHAPE'],
    [{ features: { a: Number.NaN, b: 2, c: 3 } }, 'NOT_FINITE'],
    [{ features: { a: 1e99, b: 2, c: 3 } }, 'LIMIT'],
    [{ features: null }, 'USAGE'],
    [{ label: 2 }, 'USAGE'],
    [{ label: Number.NaN }, 'NOT_FINITE'],
    [{ weight: -1 }, 'USAGE'],
    [{ weight: Number.POSITIVE_INFINITY }, 'USAGE'],
    [{ sampleId: '' }, 'USAGE'],
  ];
  for (const [change, code] of bad) {
    await assert.rejects(
      learner.addSamples(ID, [good, { ...good, sampleId: 't', ...change } as TrainingSample]),
      { code },
    );
  }
  assert.equal((await learner.readLog(ID)).length, 0);
  assert.deepEqual(await learner.addSample(ID, good), { sampleId: 's', outcome: 'added', prediction: 0 });
  assert.equal((await open().addSample(ID, good)).outcome, 'duplicate');
  await assert.rejects(learner.addSample(ID, { ...good, label: 0 }), { code: 'EXISTS' });
  const twice = await learner.addSamples(ID, [
    { ...good, sampleId: 'u' },
    { ...good, sampleId: 'u' },
  ]);
  assert.deepEqual(
    twice.map(({ outcome }) => outcome),
    ['added', 'duplicate'],
  );
  const { samples } = await learner.getPipelineStatus(ID);
  assert.deepEqual([samples.scored, samples.duplicates], [2, 2]);
  await assert.rejects(learner.addSample('absent', good), { code: 'MISSING' });
  await learner.pausePipeline(ID);
  await assert.rejects(learner.addSample(ID, { ...good, sampleId: 'v' }), {
    code: 'REFUSED',
    message: /resume/,
  });
  await learner.resumePipeline(ID);
  assert.equal((await learner.addSample(ID, { ...good, sampleId: 'v' })).outcome, 'added');
  await learner.archivePipeline(ID);
  await assert.rejects(learner.resumePipeline(ID), { code: 'REFUSED' });
});
