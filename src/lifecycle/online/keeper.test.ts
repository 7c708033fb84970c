import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, PilotfishError } from '../../base/index.ts';
import type { RegistryState } from '../registry/index.ts';
import { house } from '../registry/testing/house.ts';
import { OnlineLearner, Strategy } from './index.ts';
import { SEA_FEATURES, samplesOf, sea } from './testing/streams.ts';

const ID = 'sea';

test('what was learnt and not kept is forgotten, also where another process goes on in its place', async () => {
  const { clock, registry, state } = house();
  let isFull = false;
  const failing: RegistryState = {
    read: (work) => state.read(work),
    write: (work) =>
      state.write(async (sql) => {
        const result = await work(sql);
        if (isFull) throw new PilotfishError('NO_SPACE', 'the disk is full');
        return result;
      }),
    onCommit: (listener) => state.onCommit(listener),
    backup: (path) => state.backup(path),
    close: () => state.close(),
  };
  const [one, other] = [failing, state].map((each) => new OnlineLearner(each, registry, { clock })) as [
    OnlineLearner,
    OnlineLearner,
  ];
  await one.createPipeline({
    ...{ pipelineId: ID, name: 'SEA', strategy: Strategy.Adaptive },
    learner: { kind: 'logistic', features: SEA_FEATURES },
  });
  const samples = samplesOf(sea([{ samples: 30, bound: 8 }]));
  await one.addSamples(ID, samples.slice(0, 10));
  isFull = true;
  await assert.rejects(one.addSamples(ID, samples.slice(10, 20)), (error) => hasCode(error, 'NO_SPACE'));
  isFull = false;
  await other.addSamples(ID, samples.slice(20, 30));
  assert.deepEqual(await one.getPipelineStatus(ID), await other.getPipelineStatus(ID));
  assert.equal((await one.verifyLog(ID)).isReproduced, true);
});
