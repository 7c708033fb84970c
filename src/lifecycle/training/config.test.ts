import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceOn, adviceOnRoom, type TrainingFigures } from './advice.ts';
import { TrainingConfig, type TrainingOptions } from './config.ts';

test('the defaults are those of document 001', () => {
  const config = new TrainingConfig();
  assert.equal(config.learningRate, 0.001);
  assert.equal(config.batchSize, 32);
  assert.equal(config.numEpochs, 50);
  assert.equal(config.earlyStoppingPatience, 3);
  assert.equal(config.minDelta, 0.001);
  assert.equal(config.logDir, './runs');
  assert.deepEqual(config.schedule, { kind: 'cosine', lowest: 1e-5 });
});

test('an option of the model says where it belongs, an unknown one says what there is', () => {
  const refused = (options: object, message: RegExp): void => {
    assert.throws(() => new TrainingConfig(options as TrainingOptions), { code: 'USAGE', message });
  };
  refused(
    { hiddenDim: 64 },
    /hiddenDim belongs to the model.*new CompressionPredictor\(config, \{ hiddenDim \}\)/,
  );
  refused({ seed: 1 }, /belongs to the model/);
  refused({ epochs: 5 }, /no option epochs; it has .*numEpochs/);
  refused({ batchSize: 0 }, /batchSize/);
  refused({ numEpochs: 1.5 }, /numEpochs/);
  refused({ learningRate: Number.NaN }, /learningRate/);
  refused({ device: 'tpu' }, /device/);
  refused({ schedule: 'linear' }, /schedule/);
  refused({ dropout: 1 }, /dropout/);
  assert.throws(() => new TrainingConfig({ precision: 'mixed' }), { code: 'REFUSED' });
});

test('a schedule by name has numbers that suit; the lowest rate is never above the first', () => {
  assert.deepEqual(new TrainingConfig({ schedule: 'constant' }).schedule, { kind: 'constant' });
  assert.equal(new TrainingConfig({ schedule: 'step' }).schedule.kind, 'step');
  assert.equal(new TrainingConfig({ schedule: 'plateau' }).schedule.kind, 'plateau');
  assert.deepEqual(new TrainingConfig({ learningRate: 1e-6 }).schedule, { kind: 'cosine', lowest: 1e-6 });
});

test('advice fits what was seen', () => {
  const figures: TrainingFigures = {
    ...{ trainAccuracy: 0.9, valAccuracy: 0.88, stopped: 'patience', epochs: 20, bestEpoch: 16 },
    ...{ dropout: 0, secondsPerEpoch: 1 },
  };
  const problems = (change: Partial<TrainingFigures>): string[] =>
    adviceOn({ ...figures, ...change }).map(({ problem }) => problem);
  assert.deepEqual(problems({}), []);
  assert.deepEqual(problems({ valAccuracy: 0.7 }), ['overfitting']);
  assert.deepEqual(problems({ trainAccuracy: 0.6, valAccuracy: 0.58 }), ['low-accuracy']);
  assert.deepEqual(problems({ stopped: 'epochs', bestEpoch: 19 }), ['not-converged']);
  assert.deepEqual(problems({ secondsPerEpoch: 100 }), ['slow']);
  assert.match(adviceOn({ ...figures, valAccuracy: 0.7 })[0]?.message ?? '', /dropout to 0\.1 to 0\.3/);
});

test('a model of costs is advised by its regret, and told where the rule stays', () => {
  const problems = (metrics: Record<string, number>): string[] =>
    adviceOnRoom(metrics, { canTune: true }).map(({ problem }) => problem);
  assert.deepEqual(problems({}), []);
  assert.deepEqual(problems({ trainRegret: 0.01, valRegret: 0.015, advantage10M: 0.1 }), []);
  assert.deepEqual(problems({ trainRegret: 0.01, valRegret: 0.06 }), ['overfitting']);
  assert.deepEqual(problems({ trainRegret: 0.06, valRegret: 0.07 }), ['low-accuracy']);
  const advantages = { advantage10M: 0.1, advantage1G: 0, 'advantage a set': -0.2, 'advantage-small': 0 };
  const [found] = adviceOnRoom(advantages, { canTune: true });
  assert.match(found?.message ?? '', /^no better than the rule: 1G, a set, small;/);
  const says = (canTune: boolean): string => adviceOnRoom({ valRegret: 0.07 }, { canTune })[0]?.message ?? '';
  assert.match(says(true), /`tune`/);
  assert.doesNotMatch(says(false), /tune/);
});
