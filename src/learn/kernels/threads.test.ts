// What happens while another thread works: this file is its own worker.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { MlpKernel } from './mlp.ts';
import { SampleRing } from './ring.ts';

const RECORDS = 20_000;
const RECORD_LENGTH = 12;
const SIZES = [8, 40, 40, 4];
const LOADS = 300;

/** Weights with which an input of ones gives `value` in every output, and every mixture of two something else. */
const layersFor = (value: number) =>
  SIZES.slice(1).map((outputs, i) => ({
    weights: Array((SIZES[i] as number) * outputs).fill(1 / (SIZES[i] as number)),
    bias: Array(outputs).fill(value),
  }));

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Tries until it succeeds, and now and then makes room for the other thread: there may be one processor only. */
function insist(attempt: () => boolean): void {
  for (let tries = 1; !attempt(); tries += 1) if (tries % 2000 === 0) Atomics.wait(nap, 0, 0, 0.1);
}

/** Pushes records n, n + 1, n + 2, … for every n, each until there is room for it. */
function produce(buffer: SharedArrayBuffer): void {
  const ring = SampleRing.attach(buffer);
  const record = new Float32Array(RECORD_LENGTH);
  for (let n = 0; n < RECORDS; n += 1) {
    for (let i = 0; i < RECORD_LENGTH; i += 1) record[i] = n + i;
    insist(() => ring.push(record));
  }
}

function keepLoading(port: MlpKernel['port']): void {
  for (let load = 1; load <= LOADS; load += 1) MlpKernel.loadInto(port, layersFor(load));
}

/** Begins to load, and is never done. */
function hangLoading(port: MlpKernel['port']): void {
  let reads = 0;
  const bias = {
    length: 1,
    get 0(): number {
      reads += 1;
      if (reads === 2) {
        parentPort?.postMessage('loading');
        Atomics.wait(nap, 0, 0);
      }
      return 0;
    },
  };
  MlpKernel.loadInto(port, [{ weights: [9], bias }]);
}

if (!isMainThread) {
  const { task, buffer, port } = workerData;
  if (task === 'produce') produce(buffer);
  else if (task === 'hang') hangLoading(port);
  else keepLoading(port);
  parentPort?.postMessage('done');
} else {
  test('records of a worker arrive whole and in order, whether the ring is nearly empty or full', async () => {
    for (const capacity of [4, 1024]) {
      const { buffer } = SampleRing.create({ recordLength: RECORD_LENGTH, capacity });
      const ring = SampleRing.attach(buffer);
      const worker = new Worker(new URL(import.meta.url), { workerData: { task: 'produce', buffer } });
      const record = new Float32Array(RECORD_LENGTH);
      let wrong = 0;
      for (let n = 0; n < RECORDS; n += 1) {
        insist(() => ring.take(record));
        for (let i = 0; i < RECORD_LENGTH; i += 1) wrong += record[i] === n + i ? 0 : 1;
      }
      await once(worker, 'exit');
      assert.equal(wrong, 0);
      assert.equal(ring.size, 0);
    }
  });

  test('an inference never sees weights half loaded, however often a worker loads', async () => {
    const kernel = new MlpKernel({ sizes: SIZES });
    kernel.load(layersFor(0));
    kernel.input.fill(1);
    const worker = new Worker(new URL(import.meta.url), { workerData: { task: 'load', port: kernel.port } });
    let latest = -1;
    let versions = 0;
    for (let value = 0; value < LOADS; ) {
      kernel.run();
      value = Math.round((Number(kernel.output[0]) - 1) / 3);
      const expected = 1 + 3 * value;
      assert.ok(
        kernel.output.every((y) => Math.abs(y - expected) < 1e-3 * expected),
        `${kernel.output}`,
      );
      assert.ok(value >= latest, 'weights went back');
      if (value > latest) versions += 1;
      latest = value;
    }
    await once(worker, 'exit');
    assert.ok(versions > 1);
  });

  test('a load within a load is refused, and the outer one goes on', () => {
    const kernel = new MlpKernel({ sizes: [1, 1] });
    let reads = 0;
    const bias = {
      length: 1,
      get 0(): number {
        reads += 1;
        const again = () => kernel.load([{ weights: [9], bias: [9] }]);
        // It is read once to be checked, and once more to be packed.
        if (reads === 2) assert.throws(again, { code: 'LOCKED' });
        return 3;
      },
    };
    kernel.load([{ weights: [2], bias }]);
    kernel.input[0] = 5;
    kernel.run();
    assert.equal(kernel.output[0], 13);
  });

  test('when the thread that loads dies, another can take over', async () => {
    const kernel = new MlpKernel({ sizes: [1, 1] });
    kernel.load([{ weights: [2], bias: [0] }]);
    const worker = new Worker(new URL(import.meta.url), { workerData: { task: 'hang', port: kernel.port } });
    await once(worker, 'message');
    await worker.terminate();
    kernel.input[0] = 5;
    const answer = () => {
      kernel.run();
      return kernel.output[0];
    };
    assert.equal(answer(), 10);
    assert.throws(() => kernel.load([{ weights: [3], bias: [0] }]), { code: 'LOCKED', message: /takeOver/ });
    kernel.load([{ weights: [3], bias: [0] }], { takeOver: true });
    assert.equal(answer(), 15);
    MlpKernel.loadInto(kernel.port, [{ weights: [4], bias: [0] }]);
    assert.equal(answer(), 20);
  });

  test('a load does not overwrite what a run says it reads, and gives up after a second', () => {
    const kernel = new MlpKernel({ sizes: [1, 1] });
    kernel.load([{ weights: [2], bias: [0] }]);
    kernel.input[0] = 5;
    const reading = new Int32Array(kernel.port.buffer, kernel.port.control + 64, 1);
    // The first load went to copy 0: now copy 1 is the idle one.
    reading[0] = 2;
    assert.throws(() => kernel.load([{ weights: [3], bias: [0] }]), { code: 'LOCKED' });
    kernel.run();
    assert.equal(kernel.output[0], 10);
    kernel.load([{ weights: [3], bias: [0] }]);
    kernel.run();
    assert.equal(kernel.output[0], 15);
  });
}
