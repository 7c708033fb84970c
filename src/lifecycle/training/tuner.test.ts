import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { readSmallFile } from '../../base/index.ts';
import { CompressionPredictor, replaceFile } from '../../decisions/index.ts';
import type { JournalRecord, SearchSpace } from '../../learn/index.ts';
import { HyperparameterTuner, ModelEvaluator, ModelTrainer, type TunerOptions } from './index.ts';
import { blocks } from './testing/blocks.ts';

const [trainData, valData, testData] = blocks(200, { costs: false }).split();
const SPACE: SearchSpace = {
  learningRate: ['float', 1e-4, 1e-1, true],
  batchSize: ['int', 16, 64],
  hiddenDim: ['categorical', [8, 16]],
};
const CONFIG = { numEpochs: 4 };
const JOURNAL = '/search/journal.jsonl';

function tunerOn(fs: SimFileSystem, options: Partial<TunerOptions> = {}): HyperparameterTuner {
  return new HyperparameterTuner(
    { ...{ modelClass: CompressionPredictor, trainData, valData, nTrials: 6, config: CONFIG }, ...options },
    { fs, thread: 'inline' },
  );
}

const linesOf = (fs: SimFileSystem): JournalRecord[] =>
  readSmallFile(fs, JOURNAL, 1e6)
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalRecord);

test('the best value is what a training with the best parameters reaches', async () => {
  const tuner = tunerOn(new SimFileSystem());
  const best = await tuner.tune(SPACE, { metric: 'accuracy', direction: 'maximize' });
  const { hiddenDim, ...training } = best;
  const model = new CompressionPredictor({ name: 'compression_predictor' }, { hiddenDim: Number(hiddenDim) });
  const trainer = new ModelTrainer({ ...CONFIG, ...training, logDir: null }, { thread: 'inline' });
  const { accuracy } = await trainer.train({ model, trainData, valData });
  assert.equal(tuner.bestValue, accuracy);
  assert.equal(tuner.bestValue, Math.max(...tuner.trials.map(({ value }) => value)));
});

test('every figure can be searched for; losses are made small unless said otherwise', async () => {
  for (const metric of ['f1', 'loss'] as const) {
    const tuner = tunerOn(new SimFileSystem(), { nTrials: 3 });
    const { hiddenDim, ...training } = await tuner.tune(SPACE, { metric });
    const model = new CompressionPredictor({ name: 'm' }, { hiddenDim: Number(hiddenDim) });
    const trainer = new ModelTrainer({ ...CONFIG, ...training, logDir: null }, { thread: 'inline' });
    const { loss } = await trainer.train({ model, trainData, valData });
    const { f1 } = new ModelEvaluator().evaluate(model, valData);
    assert.equal(tuner.bestValue, metric === 'f1' ? f1 : loss);
    const values = tuner.trials.map(({ value }) => value);
    assert.equal(tuner.bestValue, metric === 'f1' ? Math.max(...values) : Math.min(...values));
  }
  await assert.rejects(tunerOn(new SimFileSystem()).tune(SPACE, { metric: 'regret' }), { code: 'USAGE' });
});

test('a search that was stopped, its last line torn, goes on to the same end', async () => {
  const whole = new SimFileSystem();
  const expected = await tunerOn(whole, { journal: JOURNAL }).tune(SPACE);
  const fs = new SimFileSystem();
  const stop = new AbortController();
  let trials = 0;
  const onTrial = (): void => {
    trials += 1;
    if (trials === 3) stop.abort();
  };
  const stopped = tunerOn(fs, { journal: JOURNAL }).tune(SPACE, { signal: stop.signal, onTrial });
  await assert.rejects(stopped, { code: 'INTERRUPTED' });
  replaceFile(
    fs,
    JOURNAL,
    Buffer.concat([readSmallFile(fs, JOURNAL, 1e6), Buffer.from(`{"type":"as${' '.repeat(500)}`)]),
  );
  const tuner = tunerOn(fs, { journal: JOURNAL });
  assert.deepEqual(await tuner.tune(SPACE), expected);
  const tells = (of: SimFileSystem) => linesOf(of).filter(({ type }) => type === 'tell');
  assert.deepEqual(tells(fs), tells(whole));
  // All trials are told: a third run trains nothing.
  const lines = linesOf(fs).length;
  assert.deepEqual(await tunerOn(fs, { journal: JOURNAL }).tune(SPACE), expected);
  assert.equal(linesOf(fs).length, lines);
});

test('the journal of another search is refused, and so is a file that is none', async () => {
  const fs = new SimFileSystem();
  await tunerOn(fs, { journal: JOURNAL, nTrials: 1 }).tune(SPACE);
  await assert.rejects(tunerOn(fs, { journal: JOURNAL }).tune({ batchSize: ['int', 1, 2] }), {
    code: 'REFUSED',
  });
  replaceFile(fs, JOURNAL, Buffer.from('no journal\n'));
  await assert.rejects(tunerOn(fs, { journal: JOURNAL }).tune(SPACE), { code: 'DAMAGED' });
});

test('what falls behind is pruned', async () => {
  const ends: unknown[] = [];
  const space: SearchSpace = { learningRate: ['float', 1e-6, 1e-1, true] };
  await tunerOn(new SimFileSystem(), { nTrials: 10 }).tune(space, {
    onTrial: ({ value }) => ends.push(value),
  });
  assert.ok(ends.includes('pruned'));
});

test('the tuner cannot be given a test part', () => {
  const options = { modelClass: CompressionPredictor, trainData, valData };
  for (const wrong of [testData, testData.open()]) {
    const cast = wrong as unknown as typeof valData;
    assert.throws(() => new HyperparameterTuner({ ...options, valData: cast }), { code: 'REFUSED' });
    assert.throws(() => new HyperparameterTuner({ ...options, trainData: cast }), { code: 'REFUSED' });
  }
  assert.throws(() => new HyperparameterTuner({ ...options, nTrials: 0 }), { code: 'USAGE' });
});

test('a file that is no journal keeps every byte', async () => {
  const study = '{"type":"study","settings":{}}\n';
  for (const text of ['a letter without an end of line', '{"name":"package"}', '{}\n', `${study}null\n`]) {
    const fs = new SimFileSystem();
    fs.makeDirectory('/search');
    replaceFile(fs, JOURNAL, Buffer.from(text));
    await assert.rejects(tunerOn(fs, { journal: JOURNAL }).tune(SPACE), { code: 'DAMAGED' }, text);
    assert.equal(readSmallFile(fs, JOURNAL, 1e6).toString(), text);
  }
  for (const torn of ['', '{"ty', '{"type":"study","sett']) {
    const fs = new SimFileSystem();
    fs.makeDirectory('/search');
    replaceFile(fs, JOURNAL, Buffer.from(torn));
    await tunerOn(fs, { journal: JOURNAL, nTrials: 1 }).tune(SPACE);
    assert.equal(linesOf(fs)[0]?.type, 'study');
  }
});
