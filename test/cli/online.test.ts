// `online`, `jobs` and `worker`: what they print, refuse and end with; and a worker that is killed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { readSettings } from '../../src/app/config.ts';
import { ManualClock } from '../../src/base/index.ts';
import { JobWorker, openRegistry, type PipelineStatus, StateJobQueue } from '../../src/lifecycle/index.ts';
import { SEA_FEATURES, samplesOf, sea } from '../../src/lifecycle/online/testing/streams.ts';
import { blocks } from '../../src/lifecycle/training/testing/blocks.ts';
import { ended, Place, parseOne } from './support.ts';

const DATA = ['--data', 'data'];
const CREATE = [
  'online',
  'create',
  'sea',
  '--learner',
  'logistic',
  '--features',
  SEA_FEATURES.join(','),
  ...DATA,
];

class House extends Place {
  async told<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.inside([...args, ...DATA, '--json']);
    assert.equal(code, 0, stderr);
    return parseOne(stdout) as T;
  }

  async said(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.inside([...args, ...DATA]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async fails(code: string, ...args: string[]): Promise<string> {
    const { code: exit, stderr } = await this.inside([...args, ...DATA]);
    assert.notEqual(exit, 0);
    assert.match(stderr, new RegExp(`^pilotfish: ${code}: `));
    return stderr;
  }
}

const lines = (items: readonly object[]): string => items.map((item) => `${JSON.stringify(item)}\n`).join('');

test('a pipeline is made, fed, asked why it does not update, and its log learnt again', async (t) => {
  const house = new House(t);
  await house.given(...CREATE, '--strategy', 'mini_batch');
  const samples = samplesOf(sea([{ samples: 1030, bound: 8 }]));
  house.write({ 'samples.jsonl': lines(samples) });
  assert.match(
    await house.said('online', 'add', 'sea', 'samples.jsonl'),
    /^1,030 samples added, 0 known already, 0 late labels; next update: not due: 30 of 100 samples wait \(mini_batch\)\n$/,
  );
  assert.match(
    await house.said('online', 'add', 'sea', '--from', 'samples.jsonl'),
    /^0 samples added, 1030 known already/,
  );
  const status = await house.said('online', 'status', 'sea');
  assert.match(status, /^active {2}sea {2}sea {2}mini_batch\n/);
  assert.match(status, /next update: not due: 30 of 100 samples wait \(mini_batch\)/);
  assert.match(status, /accuracy: 0\.\d+; last blocks of 25: .*, trend \+0\.\d+/);
  assert.match(status, /exploration: 0\.0 % of answers, at most 0\.0 %/);
  assert.match(
    await house.said('online', 'status'),
    /^active {4}sea {2}mini_batch {2}sea\.\d+ {2}accuracy 0\.\d+/,
  );
  assert.match(
    await house.said('online', 'log', 'sea', '--limit', '1'),
    / 1 {2}sample {3}s0 {2}[01] {2}[\d.]+ /,
  );
  assert.match(
    await house.said('online', 'log', 'sea', '--updates'),
    / swap {6}sea\.\d+ {2}trialSamples=\d+ logEvidence=/,
  );
  assert.match(
    await house.said('online', 'log', 'sea', '--verify'),
    /^1,030 events learnt again: the same weights, bit for bit\n$/,
  );
  assert.match(
    await house.fails('REFUSED', 'online', 'update', 'sea'),
    /30 samples wait, an update needs 50/,
  );
  house.write({
    'more.jsonl': lines([
      { sampleId: 'late', features: { a: 1, b: 1, c: 1 } },
      { sampleId: 'late', label: 1 },
    ]),
  });
  assert.match(
    await house.said('online', 'add', 'sea', 'more.jsonl'),
    /^1 sample added, 0 known already, 1 late label;/,
  );
  await house.said('online', 'pause', 'sea', '--reason', 'a holiday');
  assert.match(await house.fails('REFUSED', 'online', 'add', 'sea', 'more.jsonl'), /resume it first/);
  assert.match(await house.said('online', 'resume', 'sea'), /^active/);
  const models = await house.told<{ models: { status: string }[] }>('models', 'list');
  assert.equal(models.models.filter(({ status: one }) => one === 'production').length, 1);
});

test('two processes on one data directory: nothing is lost, nothing counted twice', async (t) => {
  const house = new House(t);
  await house.given(...CREATE, '--strategy', 'adaptive');
  const samples = samplesOf(sea([{ samples: 900, bound: 8 }]));
  house.write({ 'first.jsonl': lines(samples.slice(0, 600)), 'second.jsonl': lines(samples.slice(300)) });
  const both = ['first', 'second'].map((name) =>
    ended(house.start(['online', 'add', 'sea', `${name}.jsonl`, ...DATA])),
  );
  for (const { code, stderr } of await Promise.all(both)) assert.equal(code, 0, stderr);
  const { samples: counts, updates, champion } = await house.told<PipelineStatus>('online', 'status', 'sea');
  assert.deepEqual([counts.scored, counts.duplicates], [900, 300]);
  assert.ok(updates.swaps > 0);
  assert.match(await house.said('online', 'log', 'sea', '--verify'), /the same weights/);
  const served = await house.told<{ modelId: string }>('models', 'show', 'sea');
  assert.equal(served.modelId, champion.modelId);
});

test('a policy chooses, learns from rewards, and another is judged by its log', async (t) => {
  const house = new House(t);
  const created = await house.said(
    ...['policy', 'create', 'codec', '--arms', 'zstd,lz4', '--features', 'entropy', '--explore', '50%'],
  );
  assert.match(
    created,
    /^codec {2}zstd, lz4 {2}0 choices, 0 rewarded {2}explored 0\.0 %, at most 50\.0 % of each choice\n$/,
  );
  const context = '{"entropy":0.5}';
  for (let round = 0; round < 12; round += 1) {
    const choice = await house.told<{ choiceId: number; arm: string }>(
      'policy',
      'choose',
      'codec',
      '--context',
      context,
    );
    const reward = choice.arm === 'lz4' ? '1' : '0';
    assert.equal(await house.said('policy', 'reward', 'codec', String(choice.choiceId), reward), 'learnt\n');
  }
  assert.match(
    await house.said('policy', 'choose', 'codec', '--context', context, '--legal', 'zstd'),
    /^zstd {2}choice 13, propensity 1\.0000\n$/,
  );
  assert.match(
    await house.said('policy', 'status'),
    /^codec .* 13 choices, 12 rewarded, mean 0\.\d{4} {2}explored \d+\.\d %/,
  );
  assert.match(
    await house.said('policy', 'evaluate', 'codec', '--arm', 'lz4'),
    /doubly robust: 0\.\d+|doubly robust: 1\.\d+/,
  );
  await house.said('policy', 'create', 'other', '--arms', 'a,b', '--features', 'entropy');
  await house.fails('SHAPE', 'policy', 'evaluate', 'codec', '--candidate', 'other');
  await house.fails('USAGE', 'policy', 'evaluate', 'codec');
  await house.fails('USAGE', 'policy', 'create', 'x', '--arms', 'a', '--features', 'f');
  await house.fails('NOT_FINITE', 'policy', 'reward', 'codec', '13', 'much');
  await house.fails('MISSING', 'policy', 'status', 'absent');
});

test('bad input is refused in words', async (t) => {
  const house = new House(t);
  await house.fails('NO_REPOSITORY', 'online', 'status');
  await house.given(...CREATE);
  await house.fails('EXISTS', ...CREATE.slice(0, -2));
  await house.fails('USAGE', 'online', 'create', 'x', '--learner', 'logistic');
  await house.fails('USAGE', 'online', 'create', 'x');
  await house.fails('USAGE', ...CREATE.slice(0, -2).with(2, 'x'), '--learning-rate', 'fast');
  await house.fails('USAGE', ...CREATE.slice(0, -2).with(2, 'x'), '--strategy', 'often');
  await house.fails('MISSING', 'online', 'status', 'absent');
  house.write({
    'x.json': '{}',
    'bad.jsonl': 'no json\n',
    'nan.jsonl': lines([{ sampleId: 'a', features: { a: null, b: 1, c: 1 } }]),
  });
  assert.match(await house.fails('USAGE', 'online', 'add', 'sea', 'bad.jsonl'), /line 1 is no sample/);
  await house.fails('SHAPE', 'online', 'add', 'sea', '--from', 'nan.jsonl');
  const two = await house.fails('USAGE', 'online', 'add', 'sea', 'a.jsonl', '--from', 'b.jsonl');
  assert.match(two, /FILE and --from are two files: give one/);
  await house.fails('USAGE', 'jobs', 'submit', 'train', 'nothing', '--dataset', 'x.json');
  await house.fails('USAGE', 'jobs', 'submit', 'tune', 'codec', '--dataset', 'x.json', '--space', '{');
  await house.fails('MISSING', 'jobs', 'submit', 'train', 'codec', '--dataset', 'absent.json');
  assert.match(await house.said('jobs', 'list'), /^no jobs/);
  assert.match(await house.fails('MISSING', 'jobs', 'cancel', '9'), /see `pilotfish jobs list`/);
  const status = await house.told<PipelineStatus>('online', 'status', 'sea');
  assert.equal(status.samples.scored, 0);
});

test('the environment says what pipelines have that do not say', () => {
  const read = (environment: Record<string, string>) => readSettings(environment).onlineDefaults?.();
  assert.deepEqual(read({}), { strategy: undefined, batchSize: 100, maxBufferSize: 1000 });
  const set = { ML_ONLINE_STRATEGY: 'adaptive', ML_ONLINE_BATCH_SIZE: '20', ML_ONLINE_MAX_BUFFER: '300' };
  assert.deepEqual(read(set), { strategy: 'adaptive', batchSize: 20, maxBufferSize: 300 });
  for (const [name, value] of [
    ['ML_ONLINE_STRATEGY', 'often'],
    ['ML_ONLINE_BATCH_SIZE', '0'],
    ['ML_ONLINE_MAX_BUFFER', 'many'],
  ] as const) {
    assert.throws(() => read({ [name]: value }), { code: 'USAGE', message: new RegExp(name) });
  }
});

test('a worker that is killed leaves its job to another, and one result is taken', async (t) => {
  const house = new House(t);
  await house.given(...CREATE);
  await blocks(300).save(house.path('blocks.json'));
  const config = '{"numEpochs":200,"earlyStoppingPatience":200,"learningRate":0.02,"logDir":null}';
  await house.said(
    'jobs',
    'submit',
    'train',
    'codec',
    '--dataset',
    'blocks.json',
    '--config',
    config,
    '--key',
    'codec',
  );
  const child = house.start(['worker', '--name', 'first', ...DATA]);
  for await (const line of createInterface({ input: child.stderr ?? assert.fail() })) {
    if (line.includes('first: job 1 claimed')) break;
  }
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.match(
    await house.said('jobs', 'list', '--status', 'running'),
    /running +train codec +first, attempt 1/,
  );
  // Its lease is over by this clock.
  const clock = new ManualClock(Date.now() + 31_000);
  const directory = openRegistry(house.path('data'), { clock });
  t.after(() => directory.close());
  const queue = new StateJobQueue(directory.state, directory.registry, { clock });
  const worker = new JobWorker({
    ...{ queue, registry: directory.registry, workDirectory: house.path('data/jobs'), name: 'second', clock },
    ports: { clock, thread: 'inline' },
  });
  assert.equal((await worker.runNext())?.what, 'done');
  const job = await queue.get(1);
  assert.deepEqual([job.status, job.worker, job.token], ['done', 'second', 2]);
  assert.equal((await directory.registry.listModels({ name: 'codec' })).length, 1);
});

test('a worker ends when nothing waits, or when it is told to', async (t) => {
  const house = new House(t);
  await house.given(...CREATE);
  await blocks(200).save(house.path('blocks.json'));
  await house.said(
    'jobs',
    'submit',
    'train',
    'codec',
    '--dataset',
    'blocks.json',
    '--config',
    '{"numEpochs":2,"logDir":null}',
  );
  const { finished } = await house.told<{ finished: { what: string }[] }>('worker', '--once');
  assert.deepEqual(
    finished.map(({ what }) => what),
    ['done'],
  );
  const child = house.start(['worker', ...DATA]);
  const end = ended(child);
  await once(child, 'spawn');
  // Ready when it has looked once: a job of its own proves it.
  house.write({ 'torn.json': '{' });
  await house.said('jobs', 'submit', 'train', 'codec', '--dataset', 'torn.json');
  for await (const line of createInterface({ input: child.stderr ?? assert.fail() })) {
    if (line.includes('failed: DAMAGED')) break;
  }
  child.kill('SIGTERM');
  assert.equal((await end).code, 0);
});
