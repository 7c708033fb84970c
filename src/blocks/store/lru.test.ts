import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lru } from './lru.ts';

test('what was used longest ago goes first', () => {
  const gone: string[] = [];
  const lru = new Lru<string, string>(3, (value) => gone.push(value));
  for (const key of ['a', 'b', 'c']) lru.set(key, key.toUpperCase());
  assert.equal(lru.get('a'), 'A');
  lru.set('d', 'D');
  assert.deepEqual(gone, ['B']);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => lru.get(key)),
    ['A', undefined, 'C', 'D'],
  );
});

test('a value that is replaced, deleted or cleared is let go once', () => {
  const gone: number[] = [];
  const lru = new Lru<string, number>(10, (value) => gone.push(value));
  lru.set('a', 1);
  lru.set('a', 2);
  lru.set('b', 3);
  lru.delete('b');
  lru.delete('b');
  lru.set('c', 4);
  lru.clear();
  lru.clear();
  assert.deepEqual(gone, [1, 3, 2, 4]);
  assert.equal(lru.get('a'), undefined);
});

test('a value larger than the limit is not kept', () => {
  const gone: number[] = [];
  const lru = new Lru<string, number>(10, (value) => gone.push(value));
  lru.set('big', 1, 11);
  assert.equal(lru.get('big'), undefined);
  assert.deepEqual(gone, [1]);
  lru.set('fits', 2, 10);
  assert.equal(lru.get('fits'), 2);
});

test('it does what a list in order of use would do, within its limit', () => {
  const step = fc.record({ get: fc.boolean(), key: fc.nat(8), size: fc.integer({ min: 1, max: 6 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const lru = new Lru<number, number>(10);
      let list: { key: number; size: number; value: number }[] = [];
      for (const [value, { get, key, size }] of steps.entries()) {
        const known = list.find((item) => item.key === key);
        if (get) assert.equal(lru.get(key), known?.value);
        else lru.set(key, value, size);
        if (get && known === undefined) continue;
        list = [
          ...list.filter((item) => item !== known),
          get && known !== undefined ? known : { key, size, value },
        ];
        while (list.reduce((sum, item) => sum + item.size, 0) > 10) list.shift();
      }
      for (const { key, value } of list) assert.equal(lru.get(key), value);
    }),
    { seed: 1, numRuns: 300 },
  );
});
