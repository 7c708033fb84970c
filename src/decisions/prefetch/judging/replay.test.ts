import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { ReplayCache } from './cache.ts';
import { BASELINES, baseline, oracle, plain, policy } from './contenders.ts';
import { type Entrant, replay } from './replay.ts';
import { restoreTrace, type Versions } from './restore.ts';
import { type Trace, traceOf } from './trace.ts';

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

const hitsOf = (trace: Trace, entrant: Entrant): number => sum(replay(trace, entrant).hits);

/** Keys with gaps, so that a block and the one after it are seldom both accessed. */
function loopOf(length: number, period: number): Trace {
  return {
    ...traceOf(
      Float64Array.from({ length }, (_, i) => ((i % period) * 37) % 997),
      'first',
    ),
    cacheBlocks: 20,
  };
}

const limited = (name: string): Entrant => baseline(BASELINES[name] as (trace: Trace) => never, true);
const unlimited = (name: string): Entrant => baseline(BASELINES[name] as (trace: Trace) => never, false);

test('without reading ahead the cache is an LRU', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(12)), fc.integer({ min: 1, max: 6 }), (keys, limit) => {
      const cache = new ReplayCache(13, limit, () => assert.fail('nothing was read ahead'));
      const model: number[] = [];
      for (const key of keys) {
        const at = model.indexOf(key);
        assert.equal(cache.ask(key), at === -1 ? 'miss' : 'hit');
        if (at !== -1) model.splice(at, 1);
        model.push(key);
        if (model.length > limit) model.shift();
      }
    }),
  );
});

test('blocks read ahead hold a tenth of the cache at most, and are evicted in turn', () => {
  const wasted: number[] = [];
  const cache = new ReplayCache(100, 20, (key) => wasted.push(key));
  for (let key = 0; key < 20; key += 1) cache.ask(key);
  for (let key = 50; key < 60; key += 1) cache.readAhead(key);
  assert.deepEqual(wasted, [50, 51, 52, 53, 54, 55, 56, 57]);
  assert.deepEqual(
    [1, 2, 19, 57, 58, 59].map((key) => cache.has(key)),
    [false, true, true, false, true, true],
  );
  assert.deepEqual([cache.ask(59), cache.ask(59)], ['ahead', 'hit']);
});

test('a block read ahead that nobody wants ages as all others, and holds nobody up', () => {
  const wasted: number[] = [];
  const cache = new ReplayCache(100, 4, (key) => wasted.push(key));
  for (let key = 0; key < 3; key += 1) cache.ask(key);
  cache.readAhead(50);
  for (let key = 3; key < 6; key += 1) cache.ask(key);
  assert.deepEqual([cache.has(50), wasted], [true, []]);
  cache.ask(6);
  assert.deepEqual([cache.has(50), wasted], [false, [50]]);
});

test('a loop larger than the cache: an LRU never hits, whoever remembers does, the oracle always', () => {
  const trace = loopOf(4000, 200);
  assert.equal(hitsOf(trace, plain), 0);
  assert.ok(hitsOf(trace, policy()) > 3500);
  assert.ok(hitsOf(trace, unlimited('recency-markov')) > 3500);
  assert.ok(hitsOf(trace, limited('markov-1')) > 3500);
  assert.equal(hitsOf(trace, oracle), 3999);
});

test('on random keys the limit holds for baselines and policy, and the policy loses nothing', () => {
  const rng = new FastRng(5);
  const keys = Float64Array.from({ length: 6000 }, () => Math.min(rng.below(900), rng.below(900)));
  const trace = { ...traceOf(keys, 'first'), cacheBlocks: 60 };
  const lru = hitsOf(trace, plain);
  const served = replay(trace, policy());
  assert.ok(sum(served.hits) >= lru - 0.005 * keys.length);
  assert.ok(served.wasted <= 0.1 * keys.length);
  for (const name of Object.keys(BASELINES)) {
    const tally = replay(trace, limited(name));
    assert.ok(tally.wasted <= 0.1 * keys.length, `${name} wastes ${tally.wasted}`);
    assert.ok(tally.used <= tally.issued && tally.usedSoon <= tally.used);
  }
  assert.ok(replay(trace, unlimited('markov-1')).wasted > 0.1 * keys.length);
});

test('guesses are counted against the next access, also where it is cached', () => {
  const keys = Float64Array.from({ length: 400 }, (_, i) => i % 4);
  const tally = replay(traceOf(keys, 'first'), policy());
  assert.equal(tally.asked, 400);
  assert.ok(tally.right >= 390 && tally.right <= tally.guessed);
  assert.equal(replay(traceOf(keys, 'first'), plain).guessed, 0);
});

test('of a run the model learnt from only the end counts; the rest warms up', () => {
  const keys = Float64Array.from({ length: 1000 }, (_, i) => i % 50);
  const sealed = traceOf(keys, 'sealed');
  assert.equal(sealed.countFrom, 850);
  const tally = replay({ ...sealed, cacheBlocks: 50 }, plain);
  assert.deepEqual([sum(tally.demand), sum(tally.hits)], [150, 150]);
  const long = traceOf(new Float64Array(5_000_000), 'sealed');
  assert.deepEqual([long.keys.length, long.countFrom], [600_000, 0]);
  assert.equal(traceOf(new Float64Array(700_000), 'first').keys.length, 600_000);
});

test('keys of 64 bits are kept apart, and the block after one is found', () => {
  const trace = traceOf(BigInt64Array.from([2n ** 60n, 2n ** 60n + 1n, 2n ** 60n]), 'first');
  assert.deepEqual([...trace.keys], [0, 1, 0]);
  assert.deepEqual([trace.distinct, trace.count, trace.next[0], trace.next[1]], [2, 3, 1, 2]);
});

test('a restore asks in path order, and the tree knows the rest of the directory; shuffled, the rest of the file', () => {
  const file = (directory: string, ...blocks: number[]) => ({ directory, blocks });
  const cut: Versions = {
    versions: [
      [file('1/a', 0, 1), file('1/a', 2), file('1/b', 3)],
      [file('2/a', 0, 1), file('2/a', 4)],
    ],
    distinct: 5,
  };
  const trace = restoreTrace(cut, false);
  assert.deepEqual([...trace.keys], [0, 1, 2, 3, 0, 1, 4]);
  assert.deepEqual([...(trace.knownUpTo ?? [])], [3, 3, 3, 4, 7, 7, 7]);
  assert.equal(trace.cacheBlocks, 2000);
  const mixed = restoreTrace(cut, false, 3);
  assert.deepEqual([...mixed.keys].sort(), [...trace.keys].sort());
  mixed.keys.forEach((key, at) => {
    const isFirstOfTwo = key === 0;
    assert.equal((mixed.knownUpTo?.[at] ?? 0) - at, isFirstOfTwo ? 2 : 1);
  });
});
