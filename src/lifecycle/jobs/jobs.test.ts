import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { temporaryFolder } from '../../../test/support.ts';
import { type FileSystem, ManualClock, NodeFileSystem } from '../../base/index.ts';
import { openRegistry } from '../registry/index.ts';
import { blocks } from '../training/testing/blocks.ts';
import { type JobDraft, JobWorker, StateJobQueue } from './index.ts';

const LEASE_MS = 30_000;
const CONFIG = { numEpochs: 6, learningRate: 0.02, logDir: null } as const;

/** A registry with a queue, a data set, and workers on it that share a clock. */
async function workshop(t: TestContext) {
  const folder = temporaryFolder(t);
  const clock = new ManualClock();
  const directory = openRegistry(`${folder}/data`, { clock });
  t.after(() => directory.close());
  await blocks(300).save(`${folder}/blocks.json`);
  const queue = new StateJobQueue(directory.state, directory.registry, { clock, maxJobs: 4 });
  const train = {
    kind: 'train' as const,
    request: {
      ...{ modelName: 'compression_predictor', datasetPath: `${folder}/blocks.json` },
      ...{ config: CONFIG, modelOptions: { hiddenDim: 16 } },
    },
  };
  const worker = (name: string, fs: FileSystem = new NodeFileSystem()): JobWorker =>
    new JobWorker({
      ...{ queue, registry: directory.registry, workDirectory: `${folder}/data/jobs`, name, clock },
      ...{ leaseMs: LEASE_MS, fs, ports: { clock, thread: 'inline' } },
    });
  return { folder, clock, directory, queue, train, worker };
}

test('a training leaves one draft with its evaluation, and says so in the audit log', async (t) => {
  const { directory, queue, train, worker } = await workshop(t);
  const { id } = await queue.submit(train, { actor: 'ada' });
  const event = await worker('w').runNext();
  assert.equal(event?.what, 'done', event?.detail ?? 'no job');
  const job = await queue.get(id);
  assert.deepEqual([job.status, job.createdBy, job.worker, job.token], ['done', 'ada', 'w', 1]);
  const [version] = await directory.registry.listModels();
  assert.equal(version?.modelId, job.result?.modelId);
  assert.deepEqual([version?.status, version?.trainingData?.jobId], ['draft', String(id)]);
  const evidence = await directory.registry.transitions.evidenceOf({ modelId: version?.modelId ?? '' });
  assert.deepEqual(
    evidence.map(({ kind }) => kind),
    ['evaluation'],
  );
  const trail = await directory.registry.audit.entries({ subject: `job/${id}` });
  assert.deepEqual(
    trail.map(({ action, actor }) => [action, actor]),
    [
      ['job.submit', 'ada'],
      ['job.claim', 'pilotfish worker'],
      ['job.accept', 'pilotfish worker'],
    ],
  );
  assert.equal(await worker('w').runNext(), undefined);
});

test('a worker that was thought dead hands in nothing: one job, one version', async (t) => {
  const { clock, directory, queue, train, worker } = await workshop(t);
  const { id } = await queue.submit(train);
  const slow = await queue.claim('slow', LEASE_MS);
  assert.ok(slow);
  assert.equal(await queue.claim('early', LEASE_MS), undefined);
  clock.advance(LEASE_MS);
  assert.equal((await worker('quick').runNext())?.what, 'done');
  for (const late of [
    () => queue.finish(slow, { figures: {} }),
    () => queue.renew(slow, LEASE_MS),
    () => queue.fail(slow, 'x'),
    () => queue.release(slow),
  ]) {
    await assert.rejects(late, { code: 'REFUSED', message: /another worker has it/ });
  }
  const metadata = { name: 'late', version: 'v1', algorithm: 'a', framework: 'f' };
  const registered = directory.registry.registerModel(metadata, Buffer.from('x'), {
    within: (sql, modelId) => queue.accept(sql, slow, { figures: {}, modelId }),
  });
  await assert.rejects(registered, { code: 'REFUSED' });
  assert.deepEqual(
    (await directory.registry.listModels()).map(({ name }) => name),
    ['compression_predictor'],
  );
  assert.deepEqual([(await queue.get(id)).worker, (await queue.get(id)).token], ['quick', 2]);
});

test('while another works on it, who held it before changes nothing', async (t) => {
  const { clock, queue, train } = await workshop(t);
  const { id } = await queue.submit(train);
  const before = (await queue.claim('before', LEASE_MS)) ?? assert.fail();
  clock.advance(LEASE_MS);
  const now = (await queue.claim('now', LEASE_MS)) ?? assert.fail();
  for (const late of [
    () => queue.finish(before, { figures: {} }),
    () => queue.renew(before, LEASE_MS),
    () => queue.fail(before, 'x'),
    () => queue.release(before),
  ]) {
    await assert.rejects(late, { code: 'REFUSED' });
  }
  await queue.finish(now, { figures: { loss: 1 } });
  assert.deepEqual((await queue.get(id)).result?.figures, { loss: 1 });
});

test('a job whose workers fall silent three times is given up', async (t) => {
  const { clock, queue, train } = await workshop(t);
  const { id } = await queue.submit(train);
  for (const worker of ['a', 'b', 'c']) {
    assert.equal((await queue.claim(worker, LEASE_MS))?.worker, worker);
    clock.advance(LEASE_MS);
  }
  assert.equal(await queue.claim('d', LEASE_MS), undefined);
  const { status, error } = await queue.get(id);
  assert.equal(status, 'failed');
  assert.match(error ?? '', /fell silent 3 times/);
});

test('a claim that is renewed is nobody else’s; one given back is', async (t) => {
  const { clock, queue, train } = await workshop(t);
  await queue.submit(train);
  const claim = await queue.claim('a', LEASE_MS);
  assert.ok(claim);
  clock.advance(LEASE_MS - 1);
  await queue.renew(claim, LEASE_MS);
  clock.advance(LEASE_MS - 1);
  assert.equal(await queue.claim('b', LEASE_MS), undefined);
  await queue.release(claim);
  assert.equal((await queue.claim('b', LEASE_MS))?.token, 2);
});

test('a training that broke off goes on from its checkpoint, in a folder of its own', async (t) => {
  const { folder, clock, queue, train, worker } = await workshop(t);
  const { id } = await queue.submit({
    ...train,
    request: { ...train.request, config: { ...CONFIG, numEpochs: 12 } },
  });
  const below = `${folder}/data/jobs/${id}/1/checkpoint`;
  const broken = new FaultyFileSystem(new NodeFileSystem(), { at: 40, fault: 'kill-before', below });
  assert.equal((await worker('first', broken).runNext())?.what, 'failed');
  clock.advance(60_000);
  assert.equal((await worker('second').runNext())?.what, 'done');
  const { figures } = (await queue.get(id)).result ?? assert.fail();
  assert.ok(Number(figures['resumedFrom']) > 0, 'it did not begin anew');
  assert.equal(existsSync(`${folder}/data/jobs/${id}`), false, 'both attempts are cleared away');
});

test('a search brings back the best parameters, also when its first worker was killed', async (t) => {
  const { clock, queue, train, worker } = await workshop(t);
  const { id } = await queue.submit({
    kind: 'tune',
    request: { ...train.request, space: { learningRate: ['float', 0.001, 0.05, true] }, trials: 2 },
  });
  assert.ok(await queue.claim('killed', LEASE_MS));
  clock.advance(LEASE_MS);
  assert.equal((await worker('next').runNext())?.what, 'done');
  const { figures } = (await queue.get(id)).result ?? assert.fail();
  assert.equal(figures['trials'], 2);
  assert.ok((figures['best'] as { learningRate: number }).learningRate >= 0.001);
});

test('what fails is tried three times, later each time', async (t) => {
  const { folder, clock, queue, worker } = await workshop(t);
  const request = { modelName: 'codec', datasetPath: `${folder}/absent.json` };
  const { id } = await queue.submit({ kind: 'train', request });
  for (const [waitMs, status] of [
    [0, 'waiting'],
    [60_000, 'waiting'],
    [120_000, 'failed'],
  ] as const) {
    clock.advance(waitMs - 1);
    if (waitMs > 0) assert.equal(await worker('w').runNext(), undefined);
    clock.advance(1);
    assert.equal((await worker('w').runNext())?.what, 'failed');
    assert.equal((await queue.get(id)).status, status);
  }
  assert.match((await queue.get(id)).error ?? '', /^MISSING: /);
  const left = () =>
    existsSync(`${folder}/data/jobs/${id}`) ? readdirSync(`${folder}/data/jobs/${id}`) : [];
  assert.deepEqual(left(), ['3'], 'the last attempt may be looked into');
  clock.advance(7 * 24 * 3_600_000 - 1);
  await worker('w').runNext();
  assert.deepEqual(left(), ['3']);
  clock.advance(1);
  await worker('w').runNext();
  assert.deepEqual(left(), []);
});

test('what killed workers left goes when a worker starts, also when that one is killed; open jobs keep theirs', async (t) => {
  const { folder, clock, queue, train, worker } = await workshop(t);
  const done = (await queue.submit(train)).id;
  await queue.finish((await queue.claim('w', LEASE_MS)) ?? assert.fail(), { figures: {} });
  const open = (await queue.submit(train)).id;
  assert.ok(await queue.claim('silent', LEASE_MS));
  clock.advance(LEASE_MS);
  assert.equal((await queue.claim('busy', LEASE_MS))?.token, 2, 'which goes on from what the first has left');
  const jobs = `${folder}/data/jobs`;
  const lay = (job: number | string) => {
    mkdirSync(`${jobs}/${job}/1/checkpoint`, { recursive: true });
    for (const file of ['journal.jsonl', 'checkpoint/model']) writeFileSync(`${jobs}/${job}/1/${file}`, 'x');
  };
  for (const job of [open, 'notes']) lay(job);
  symlinkSync(`${jobs}/notes`, `${jobs}/98`);
  for (let at = 1; at <= 12; at += 1) {
    for (const job of [done, 99]) lay(job);
    const fault = { at, fault: 'kill-before', below: `${jobs}/${done}` } as const;
    await worker('killed', new FaultyFileSystem(new NodeFileSystem(), fault)).runNext();
    await worker('next').runNext();
    assert.deepEqual(readdirSync(jobs).sort(), [String(open), 'notes'].sort(), `killed at call ${at}`);
  }
  for (const kept of [open, 'notes'])
    assert.deepEqual(readdirSync(`${jobs}/${kept}/1`).sort(), ['checkpoint', 'journal.jsonl']);
  lay(done);
  const same = worker('long');
  await same.runNext();
  lay(done);
  await same.runNext();
  assert.ok(existsSync(`${jobs}/${done}`), 'not at every look for work');
  await queue.cancel(open);
  clock.advance(3_600_000);
  await same.runNext();
  assert.ok(!existsSync(`${jobs}/${done}`));
});

test('jobs of one key are one while it is open; too many and impossible ones are refused', async (t) => {
  const { queue, train } = await workshop(t);
  const first = await queue.submit({ ...train, dedupeKey: 'drift:codec' });
  assert.equal((await queue.submit({ ...train, dedupeKey: 'drift:codec' })).id, first.id);
  const refused = (draft: unknown, code: string) => assert.rejects(queue.submit(draft as JobDraft), { code });
  const request = { ...train.request };
  await refused({ kind: 'train', request: { ...request, modelName: 'nothing' } }, 'USAGE');
  await refused({ kind: 'train', request: { ...request, datasetPath: 'x.csv' } }, 'USAGE');
  await refused({ kind: 'tune', request: { ...request, space: {} } }, 'USAGE');
  await refused({ kind: 'dance', request }, 'USAGE');
  await refused({ ...train, priority: Number.NaN }, 'USAGE');
  await refused({ ...train, dedupeKey: '' }, 'USAGE');
  await assert.rejects(async () => queue.claim('', LEASE_MS), { code: 'USAGE' });
  await assert.rejects(async () => queue.claim('w', 1), { code: 'USAGE' });
  for (let more = 0; more < 3; more += 1) await queue.submit(train);
  await refused(train, 'LIMIT');
  await queue.cancel(first.id, { actor: 'ada' });
  await assert.rejects(queue.cancel(first.id), { code: 'REFUSED' });
  await assert.rejects(queue.get(99), { code: 'MISSING' });
  assert.notEqual((await queue.submit({ ...train, dedupeKey: 'drift:codec' })).id, first.id);
});

test('the higher priority first, then the older; a stopped worker gives its job back', async (t) => {
  const { queue, train, worker } = await workshop(t);
  await queue.submit(train);
  const urgent = await queue.submit({ ...train, priority: 5 });
  const stop = new AbortController();
  stop.abort();
  const event = await worker('w').runNext(stop.signal);
  assert.deepEqual([event?.jobId, event?.what], [urgent.id, 'released']);
  const [, open] = await queue.list({ status: 'waiting' });
  assert.equal((await queue.list()).length, 2);
  assert.equal(open?.status, 'waiting');
});
