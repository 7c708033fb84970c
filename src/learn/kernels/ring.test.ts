import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SampleRing } from './ring.ts';

test('it is a queue of bounded length that counts what it refuses', () => {
  const anyRing = fc.record({
    recordLength: fc.integer({ min: 1, max: 13 }),
    capacity: fc.constantFrom(2, 4, 16),
    // Where the counters stand at the beginning: they run over after 2^31 and 2^32 records.
    start: fc.constantFrom(0, 2 ** 31 - 3, -3),
    calls: fc.array(fc.boolean(), { maxLength: 200 }),
  });
  fc.assert(
    fc.property(anyRing, ({ recordLength, capacity, start, calls }) => {
      const { buffer } = SampleRing.create({ recordLength, capacity });
      const words = new Int32Array(buffer);
      for (const counter of [32, 64]) words[counter] = start;
      const [producer, consumer] = [SampleRing.attach(buffer), SampleRing.attach(buffer)];
      const queue: number[][] = [];
      let drops = 0;
      calls.forEach((isPush, call) => {
        if (isPush) {
          const record = Array.from({ length: recordLength }, (_, i) => call * 16 + i);
          const fits = queue.length < capacity;
          assert.equal(producer.push(record), fits);
          if (fits) queue.push(record);
          else drops += 1;
        } else {
          const record = new Float32Array(recordLength);
          const expected = queue.shift();
          assert.equal(consumer.take(record), expected !== undefined);
          if (expected !== undefined) assert.deepEqual([...record], expected);
        }
        assert.equal(producer.size, queue.length);
        assert.equal(consumer.drops, drops);
      });
    }),
    { numRuns: 100 },
  );
});

test('records of another length are refused, and nothing is written', () => {
  const ring = SampleRing.create({ recordLength: 3, capacity: 4 });
  assert.throws(() => ring.push([1, 2]), { code: 'SHAPE' });
  assert.throws(() => ring.take(new Float32Array(4)), { code: 'SHAPE' });
  assert.equal(ring.size, 0);
});

test('sizes out of range are refused', () => {
  const refused: readonly [number, number, string][] = [
    [0, 4, 'USAGE'],
    [4097, 4, 'USAGE'],
    [3, 1, 'USAGE'],
    [3, 6, 'USAGE'],
    [3, 2 ** 21, 'USAGE'],
    [4096, 2 ** 20, 'LIMIT'],
  ];
  for (const [recordLength, capacity, code] of refused) {
    assert.throws(() => SampleRing.create({ recordLength, capacity }), { code });
  }
});

test('what is no ring is not attached', () => {
  const { buffer } = SampleRing.create({ recordLength: 2, capacity: 4 });
  const changed = (at: number, value: number) => {
    const copy = buffer.slice(0);
    new Int32Array(copy)[at] = value;
    return copy;
  };
  const others = [
    new ArrayBuffer(500) as unknown as SharedArrayBuffer,
    new SharedArrayBuffer(0),
    new SharedArrayBuffer(417),
    new SharedArrayBuffer(416),
    buffer.slice(0, 400),
    changed(0, 1),
    changed(1, 3),
    changed(1, -2),
    changed(2, 3),
    changed(2, 2 ** 31),
  ];
  for (const other of others) assert.throws(() => SampleRing.attach(other), { code: 'DAMAGED' });
});
