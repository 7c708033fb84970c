import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/index.ts';
import type { AheadQuestion } from '../../blocks/index.ts';
import { Guard } from '../guard/index.ts';
import { prefetchRoom } from '../prefetch/index.ts';
import { PrefetchAdviser } from './prefetch.ts';

const idOf = (number: number): string => `block-${number}`;

/** An adviser of a reader with a small cache, and its guard. */
function newAdviser(): { adviser: PrefetchAdviser; guard: Guard<AheadQuestion, number>; receipts: number[] } {
  const receipts: number[] = [];
  const guard = new Guard({
    room: prefetchRoom,
    clock: new ManualClock(),
    onReceipt: ({ bytes }) => receipts.push(bytes),
  });
  return { adviser: new PrefetchAdviser(guard, { cacheBlocks: 8 }), guard, receipts };
}

/** Asks for a loop of 40 blocks and reports every block that was advised in time. */
function loop(adviser: PrefetchAdviser, rounds: number): string[] {
  const all: string[] = [];
  const read = new Set<string>();
  for (let i = 0; i < 40 * rounds; i += 1) {
    const id = idOf(i % 40);
    if (read.delete(id)) adviser.used(id, 100);
    for (const next of adviser.accessed(id, [])) {
      read.add(next);
      all.push(next);
    }
  }
  return all;
}

test('without a model the rule answers; what was used and wasted is reported and settled', () => {
  const { adviser, guard, receipts } = newAdviser();
  const advised = loop(adviser, 10);
  const [last = ''] = advised.slice(-1);
  adviser.wasted(last, 700);
  const report = adviser.report();
  assert.equal(report.aheadBy, 'heuristic');
  assert.ok(report.questions > 0 && report.answeredByModel === 0);
  assert.ok(report.used > 200, `${report.used}`);
  assert.equal(report.wasted, 1);
  assert.equal(guard.counters.receipts, report.used + 1);
  assert.deepEqual([receipts[0], receipts.at(-1)], [0, 700]);
});

test('a model is asked where it serves; one that says nothing reads nothing, one that is ill is as none', () => {
  const expected = loop(newAdviser().adviser, 6);
  const { adviser, guard } = newAdviser();
  guard.install({ version: 'quiet@1', choose: () => 0 });
  assert.deepEqual(loop(adviser, 6), []);
  assert.deepEqual(
    [adviser.report().aheadBy, adviser.report().answeredByModel],
    ['quiet@1', guard.counters.asks],
  );
  const other = newAdviser();
  other.guard.install({ version: 'ill@1', choose: () => Number.NaN });
  assert.deepEqual(loop(other.adviser, 6), expected);
});

test('reports about blocks nobody advised change nothing', () => {
  const { adviser, guard } = newAdviser();
  adviser.used('stranger', 5);
  adviser.wasted('stranger', 5);
  assert.deepEqual([guard.counters.receipts, adviser.report().used, adviser.report().wasted], [0, 1, 1]);
});
