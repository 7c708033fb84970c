import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LogLevel, ManualClock, type PilotfishError } from '../../base/index.ts';
import { ModelMonitor, ModelServer } from './index.ts';
import { constantModel, late, MemorySource } from './testing/models.ts';
import { damaged, numbered, ROW, serving, versionOf } from './testing/serving.ts';

test('nothing is loaded before it is asked for, and then once', async () => {
  const source = numbered(1).put('b', '1', constantModel(1));
  const server = serving(source);
  assert.deepEqual(source.opened, []);
  assert.deepEqual(await Promise.all([versionOf(server), versionOf(server), versionOf(server)]), [
    '1',
    '1',
    '1',
  ]);
  assert.deepEqual(source.opened, ['a 1']);
  assert.deepEqual(server.describe('a').versions, [{ version: '1', isReady: true }]);
  assert.deepEqual(server.describe('b').versions, [{ version: '1', isReady: false }]);
});

test('an answer says which model and version it is of; a named version is asked for under the policy', async () => {
  const server = serving(numbered(1, 2, 3), { policies: { a: { newest: 2 } } });
  assert.deepEqual(await server.predict('a', ROW), {
    ...{ model: 'a', version: '3', values: Float64Array.of(3), label: null },
  });
  assert.equal(await versionOf(server, 'a', '2'), '2');
  await assert.rejects(versionOf(server, 'a', '1'), { code: 'MISSING', message: /one of these: 2, 3/ });
});

test('questions that cannot be answered are refused alone, with a code', async () => {
  const server = serving(numbered(1));
  const good = server.predict('a', ROW);
  await assert.rejects(server.predict('a', [1]), { code: 'SHAPE' });
  await assert.rejects(server.predict('a', [1, Number.POSITIVE_INFINITY]), { code: 'NOT_FINITE' });
  await assert.rejects(server.predict('a', { size: 1 }), { code: 'USAGE' });
  await assert.rejects(server.predict('a', null as never), { code: 'USAGE' });
  await assert.rejects(server.predict('c', ROW), { code: 'MISSING' });
  await assert.rejects(server.predict('../a', ROW), { code: 'MISSING' });
  assert.equal((await good).version, '1');
});

test('a row is taken when it is given: what the caller then does with it changes nothing', async () => {
  const server = serving(numbered(1));
  await server.load('a');
  const row = Float64Array.of(1, 2);
  const asked = server.predict('a', row);
  row.fill(Number.NaN);
  assert.equal((await asked).values[0], 1);
});

test('when no version can be loaded, the reason is told each time, and a listing is another chance', async () => {
  const source = new MemorySource().put('a', '1', damaged());
  const server = serving(source);
  await assert.rejects(server.predict('a', ROW), { code: 'DAMAGED', message: /flipped/ });
  await assert.rejects(server.predict('a', ROW), { code: 'DAMAGED' });
  assert.equal(source.opened.length, 1);
  source.put('a', '1', constantModel(1));
  await server.refresh('a');
  assert.equal(await versionOf(server), '1');
});

test('a source that tells of a change is listened to, until the end', async () => {
  const source = numbered(1);
  const clock = new ManualClock();
  const server = serving(source, { clock });
  await server.load('a');
  source.put('a', '2', constantModel(2)).tell('a');
  while (server.describe('a').current !== '2') await clock.turn();
  assert.equal(await versionOf(server), '2');
  await server.stop();
  source.put('a', '3', constantModel(3)).tell('a');
  await assert.rejects(server.predict('a', ROW), { code: 'USAGE', message: /start\(\)/ });
});

test('one that does not tell is looked at every so often; what fails is logged', async () => {
  const source = numbered(1);
  const clock = new ManualClock();
  const lines: [LogLevel, string][] = [];
  const log = { write: (level: LogLevel, message: string) => void lines.push([level, message]) };
  const server = serving(source, { clock, refreshMs: 1000, log });
  await server.load('a');
  source.put('a', '2', damaged());
  clock.advance(999);
  assert.equal(source.opened.length, 1);
  clock.advance(1);
  while (lines.length === 0) await clock.turn();
  assert.deepEqual(lines, [['warn', 'flipped; train it again']]);
  assert.equal(await versionOf(server), '1');
});

test('models are let go of when memory is needed, the longest unasked first', async () => {
  const source = new MemorySource();
  for (const name of ['a', 'b', 'c']) source.put(name, '1', constantModel(1));
  const probe = serving(source);
  await probe.load('a');
  const one = probe.memoryBytes;
  const server = serving(source, { maxMemoryBytes: 2 * one });
  const ready = (): string =>
    ['a', 'b', 'c'].filter((name) => server.describe(name).versions[0]?.isReady).join('');
  await versionOf(server, 'a');
  await versionOf(server, 'b');
  await versionOf(server, 'a');
  await versionOf(server, 'c');
  assert.equal(ready(), 'ac');
  assert.equal(server.memoryBytes, 2 * one);
  assert.equal(await versionOf(server, 'b'), '1');
  assert.equal(ready(), 'bc');
});

test('what a handle holds or somebody waits for is not let go of; what finds no room is refused', async () => {
  const source = new MemorySource();
  for (const name of ['a', 'b']) source.put(name, '1', constantModel(1));
  const probe = serving(source);
  await probe.load('a');
  const server = serving(source, { maxMemoryBytes: probe.memoryBytes });
  const handle = await server.open('a');
  await assert.rejects(server.predict('b', ROW), { code: 'LIMIT', message: /maxMemoryBytes/ });
  await assert.rejects(server.unload('a'), { code: 'USAGE' });
  handle.close();
  assert.equal(await versionOf(server, 'b'), '1');
  const asked = server.predict('b', ROW);
  await assert.rejects(server.predict('a', ROW), { code: 'LIMIT' });
  assert.equal((await asked).version, '1');
  assert.equal(await versionOf(server, 'a'), '1', 'a full memory is no reason to refuse a version for good');
});

test('more questions than a queue holds are refused, while it loads and while it answers', async () => {
  const server = serving(numbered(1), { maxQueue: 3 });
  for (const when of ['loading', 'answering']) {
    const asked = Array.from({ length: 5 }, () => server.predict('a', ROW));
    const settled = await Promise.allSettled(asked);
    const codes = settled.map((each) =>
      each.status === 'rejected' ? (each.reason as PilotfishError).code : 'ok',
    );
    assert.deepEqual(codes, ['ok', 'ok', 'ok', 'LIMIT', 'LIMIT'], when);
  }
});

test('while a version is being loaded no more questions wait for it than a queue holds', async () => {
  const { promise, come } = late(constantModel(1));
  const server = serving(new MemorySource().put('a', '1', promise), { maxQueue: 2 });
  const waiting = [server.predict('a', ROW), server.predict('a', ROW)];
  await assert.rejects(server.predict('a', ROW), { code: 'LIMIT', message: /2 questions wait for a/ });
  come();
  assert.equal((await Promise.all(waiting)).length, 2);
});

test('a version that is asked for by name and cannot be loaded is opened once', async () => {
  const source = new MemorySource().put('a', '1', damaged()).put('a', '2', constantModel(2));
  const server = serving(source, { policy: 'all' });
  await assert.rejects(versionOf(server, 'a', '1'), { code: 'DAMAGED' });
  await assert.rejects(versionOf(server, 'a', '1'), { code: 'MISSING' });
  assert.deepEqual(source.opened, ['a 1']);
  assert.equal(await versionOf(server), '2');
});

test('stop answers what waits, refuses what comes after and lets go of everything', async () => {
  const server = serving(numbered(1));
  const loading = server.predict('a', ROW);
  await assert.doesNotReject(loading);
  const waiting = Array.from({ length: 100 }, () => server.predict('a', ROW));
  const stopped = server.stop();
  await assert.rejects(server.predict('a', ROW), { code: 'USAGE' });
  assert.equal((await Promise.all(waiting)).length, 100);
  await stopped;
  assert.equal(server.memoryBytes, 0);
  server.start();
  assert.equal(await versionOf(server), '1');
});

test('who waits for a load when the server stops is refused', async () => {
  const { promise, come } = late(constantModel(1));
  const server = serving(new MemorySource().put('a', '1', promise));
  const asked = server.predict('a', ROW);
  const stopped = server.stop();
  come();
  await assert.rejects(asked, { code: 'INTERRUPTED' });
  await stopped;
  assert.equal(server.memoryBytes, 0);
});

test('a monitor is told of every answer, how long it took, and which version answers', async () => {
  const clock = new ManualClock();
  const monitor = new ModelMonitor({ clock });
  const source = numbered(1, 2).put('b', '1', damaged());
  const server = serving(source, { clock, monitor, maxDelayMs: 5 });
  await server.load('a');
  const asked = server.predict('a', ROW);
  clock.advance(5);
  await asked;
  // A question that makes no sense says nothing about the model.
  await assert.rejects(server.predict('a', [1]), { code: 'SHAPE' });
  await server.rollbackModel('a');
  const { count, successRate, latencyMax } = monitor.getMetrics('a');
  assert.deepEqual([count, successRate, latencyMax], [1, 1, 5]);
  await assert.rejects(server.predict('b', ROW), { code: 'DAMAGED' });
  assert.equal(monitor.getMetrics('b').successRate, 0);
  const text = monitor.exportPrometheusMetrics();
  assert.match(text, /^pilotfish_model_version_info\{model="a",room="a",version="1"\} 1$/m);
  assert.match(text, /^pilotfish_model_version_changes_total\{model="a"\} 1$/m);
});

test('options that cannot be are refused', () => {
  for (const options of [
    { maxBatchSize: 0 },
    { maxDelayMs: -1 },
    { maxQueue: 1.5 },
    { maxMemoryBytes: 0 },
    { refreshMs: 0 },
    { onnxBudgetMs: 0 },
    { policy: 'newest' as never },
    { policies: { a: { newest: 0 } } },
  ]) {
    assert.throws(() => new ModelServer(options), { code: 'USAGE' }, JSON.stringify(options));
  }
});
