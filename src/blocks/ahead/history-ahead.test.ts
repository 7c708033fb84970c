import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryAhead } from './history-ahead.ts';

const idOf = (number: number): string => `block-${number}`;
const NOTHING: readonly string[] = [];

/** Asks for a loop of blocks, tells what was read in time, and returns what was advised. */
function loop(
  ahead: HistoryAhead,
  { rounds, length, follow }: { rounds: number; length: number; follow: boolean },
) {
  const read = new Set<string>();
  let [useful, advised] = [0, 0];
  for (let i = 0; i < rounds * length; i += 1) {
    const id = idOf(i % length);
    if (follow && read.delete(id)) {
      useful += 1;
      ahead.used(id, 100);
    }
    for (const next of ahead.accessed(id, NOTHING)) {
      advised += 1;
      read.add(next);
    }
  }
  return { useful, advised };
}

test('what followed before is advised, in names', () => {
  const ahead = new HistoryAhead({ cacheBlocks: 8 });
  const { useful, advised } = loop(ahead, { rounds: 20, length: 50, follow: true });
  assert.ok(useful > 0.8 * 1000 && useful >= 0.95 * advised, `${useful} of ${advised}`);
  const [next] = ahead.accessed(idOf(0), NOTHING);
  assert.equal(next, idOf(1));
});

test('what a tree says comes next is advised from the first block on', () => {
  const ahead = new HistoryAhead();
  assert.deepEqual(ahead.accessed('a', ['b', 'c', 'd']).slice(0, 2), ['b', 'c']);
});

test('it gets ahead of one who reads in order: what was advised makes room for what comes after', () => {
  const ahead = new HistoryAhead();
  const all = Array.from({ length: 300 }, (_, i) => idOf(i));
  let farthest = 0;
  for (let i = 0; i < 200; i += 1) {
    for (const id of ahead.accessed(idOf(i), all.slice(i + 1, i + 60))) {
      farthest = Math.max(farthest, all.indexOf(id) - i);
    }
    ahead.used(idOf(i), 1);
  }
  assert.ok(farthest > 10, `${farthest}`);
});

test('what was just asked for or advised is not advised again', () => {
  const ahead = new HistoryAhead({ cacheBlocks: 4 });
  ahead.accessed('b', NOTHING);
  assert.deepEqual(ahead.accessed('a', ['b', 'c']), ['c']);
  assert.deepEqual(ahead.accessed('a', ['b', 'c']), []);
});

test('advice that is never used ends by itself: trust and budget are spent', () => {
  const ahead = new HistoryAhead({ cacheBlocks: 32 });
  let late = 0;
  for (let i = 0; i < 4000; i += 1) {
    const advice = ahead.accessed(idOf(i), [`never-${i}`]);
    for (const id of [...advice]) ahead.wasted(id, 100);
    if (i >= 2000) late += advice.length;
  }
  assert.ok(late <= 20, `${late} blocks read for nothing after two thousand`);
});

test('advice nobody follows or reports is let go, and what it held of the budget is free again', () => {
  const ahead = new HistoryAhead({ cacheBlocks: 40 });
  const names = (prefix: string): string[] => [1, 2, 3, 4].map((number) => `${prefix}-${number}`);
  assert.equal(ahead.accessed('first', names('a')).length + ahead.accessed('second', names('b')).length, 8);
  assert.deepEqual(ahead.accessed('third', ['c']), [], 'eight are under way');
  for (let i = 0; i < 68; i += 1) ahead.accessed(`once-${i}`, NOTHING);
  assert.deepEqual(ahead.accessed('last', ['d']), ['d']);
});

test('of more blocks than it remembers the oldest names are forgotten, and nothing breaks', () => {
  const ahead = new HistoryAhead({ cacheBlocks: 4, remembered: 64 });
  for (let i = 0; i < 1000; i += 1) {
    for (const id of ahead.accessed(idOf(i), [idOf(i + 1)])) {
      assert.match(id, /^block-/);
      if (i % 3 === 0) ahead.wasted(id, 1);
    }
  }
  ahead.used('never heard of', 1);
  ahead.wasted('never heard of', 1);
  const { useful } = loop(ahead, { rounds: 40, length: 30, follow: true });
  assert.ok(useful > 600, `${useful}`);
});
