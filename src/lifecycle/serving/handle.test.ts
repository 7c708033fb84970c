import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/index.ts';
import { heapChange } from '../../learn/kernels/testing/heap-change.ts';
import { ModelHandle, ModelServer } from './index.ts';
import type { ServedModel } from './served-model.ts';
import { constantModel, MemorySource } from './testing/models.ts';

function serving(): { server: ModelServer; source: MemorySource } {
  const source = new MemorySource().put('a', '1', constantModel(1)).put('a', '2', constantModel(2));
  const server = new ModelServer({ source, clock: new ManualClock() });
  server.start();
  return { server, source };
}

test('a handle answers at once, by whatever version is current', async () => {
  const { server, source } = serving();
  const handle = await server.open('a');
  assert.deepEqual([handle.version, handle.predict([1, 2])[0]], ['2', 2]);
  await server.rollbackModel('a');
  assert.deepEqual([handle.version, handle.predict([1, 2])[0]], ['1', 1]);
  source.put('a', '3', constantModel(3));
  await server.refresh();
  assert.deepEqual([handle.version, handle.predict([1, 2])[0]], ['3', 3]);
});

test('what does not fit is refused with a code, and the next row is answered', async () => {
  const handle = await serving().server.open('a');
  assert.throws(() => handle.predict([1]), { code: 'SHAPE' });
  assert.throws(() => handle.predict([1, Number.POSITIVE_INFINITY]), { code: 'NOT_FINITE' });
  assert.equal(handle.predict([1, Number.NaN])[0], 2);
});

test('a model that throws or answers NaN is refused with a code', () => {
  const answers = [() => Float64Array.of(Number.NaN), () => assert.fail('broken'), () => Float64Array.of(4)];
  const runner = { predict: () => (answers.shift() ?? assert.fail)() };
  const current = { version: '1', requireLoaded: () => ({ runner }) };
  const handle = new ModelHandle({ name: 'a', holds: 0, current } as unknown as ServedModel);
  assert.throws(() => handle.predict([1]), { code: 'NOT_FINITE', message: /the model answers NaN/ });
  assert.throws(() => handle.predict([1]), { code: 'INTERNAL', message: /^a threw; .*roll back/ });
  assert.equal(handle.predict([1])[0], 4);
});

test('a handle that was closed, or whose server has stopped, says so; closing twice is closing once', async () => {
  const { server } = serving();
  const [one, other] = [await server.open('a'), await server.open('a')];
  one.close();
  one.close();
  assert.throws(() => one.predict([1, 2]), { code: 'USAGE', message: /closed/ });
  assert.throws(() => one.version, { code: 'USAGE' });
  await assert.rejects(server.unload('a'), { code: 'USAGE' }, 'the other handle is still open');
  await server.stop();
  assert.throws(() => other.predict([1, 2]), { code: 'USAGE', message: /not loaded/ });
  await assert.rejects(server.open('b'), { code: 'USAGE' });
});

test('a handle that cannot be opened holds nothing', async () => {
  const source = new MemorySource().put('a', '1', new Error('broken'));
  const server = new ModelServer({ source, clock: new ManualClock() });
  server.start();
  await assert.rejects(server.open('a'));
  await server.unload('a');
});

test('an answer within the process allocates nothing', async () => {
  const handle = await serving().server.open('a');
  const row = Float64Array.of(1, 2);
  const bytes = heapChange(
    () => handle.predict(row),
    () => process.memoryUsage().heapUsed,
  );
  assert.ok(bytes <= 1, `${bytes} bytes an answer`);
});
