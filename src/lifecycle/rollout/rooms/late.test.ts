import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LateLine } from './late.ts';

test('whatever the order in which decisions are known, they are counted in the order they were made', () => {
  const order = fc.integer({ min: 1, max: 60 }).chain((count) =>
    fc.shuffledSubarray(
      Array.from({ length: count }, (_, i) => 3 * i + 1),
      { minLength: count, maxLength: count },
    ),
  );
  fc.assert(
    fc.property(order, (known) => {
      const line = new LateLine();
      const ids = known.toSorted((a, b) => a - b);
      for (const id of ids) line.open(id, id % 2 === 0, 0.25);
      const counted: number[] = [];
      known.forEach((id, i) => {
        line.settle(id, id, (isModel, share, value) => {
          assert.deepEqual([isModel, share], [value % 2 === 0, 0.25]);
          counted.push(value);
        });
        const open = new Set(known.slice(i + 1));
        const first = ids.findIndex((each) => open.has(each));
        assert.deepEqual(counted, first === -1 ? ids : ids.slice(0, first));
      });
    }),
  );
});

test('a line that is full leaves out decisions, whoever made them, until there is place', () => {
  const line = new LateLine();
  const counted: number[] = [];
  const count = (_isModel: boolean, _share: number, value: number): number => counted.push(value);
  const places = 32_768;
  for (let id = 1; id <= places + 10; id += 1) line.open(id, true, 0.5);
  for (let id = places + 10; id >= 1; id -= 1) line.settle(id, id, count);
  assert.equal(counted.length, places);
  line.open(places + 11, true, 0.5);
  line.settle(places + 11, 7, count);
  assert.deepEqual(counted.slice(-2), [places, 7]);
});
