// `pack --similarity`: which stored block a new one is a delta of, and what is said of it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { FastRng } from '../../src/base/index.ts';
import { Place } from './support.ts';

interface Packed {
  readonly root: string;
  readonly bytesStored: number;
  readonly deltaBlocks: number;
  readonly deltasTried: number;
  readonly deltasUseless: number;
  readonly advice: {
    readonly bases?: Record<'questions' | 'kept' | 'notKept' | 'declined', number> & { basesBy: string };
  } | null;
}

/** A text, and the same with a line changed. */
function twoVersions(): Record<string, string> {
  const rng = new FastRng(1);
  const lines = Array.from({ length: 9000 }, () => `${rng.below(1e9)} ${rng.below(1e6)}`);
  const before = lines.join('\n');
  lines[4000] = 'another line';
  return { 'tree/a.txt': before, 'tree/b.txt': lines.join('\n') };
}

test('exact makes no deltas, features and model do; the root is the same', (t) => {
  const place = new Place(t);
  place.write(twoVersions());
  const packed = (...options: string[]): Packed =>
    place.json<Packed>('pack', 'tree', '--repo', options.join(''), ...options);
  const exact = packed('--similarity', 'exact');
  const features = packed('--similarity', 'features');
  const model = packed('--similarity', 'model');
  assert.deepEqual([exact.deltaBlocks, exact.deltasTried], [0, 0]);
  for (const { deltaBlocks, deltasTried, deltasUseless, bytesStored, root } of [features, model]) {
    assert.ok(deltaBlocks > 0 && deltasTried === deltaBlocks + deltasUseless);
    assert.ok(bytesStored < exact.bytesStored);
    assert.equal(root, exact.root);
  }
  assert.equal(exact.advice?.bases?.basesBy, 'exact');
  assert.equal(features.advice?.bases, undefined);
  const { questions = 0, kept, notKept, declined = 0 } = model.advice?.bases ?? {};
  assert.ok(questions >= model.deltasTried && questions - declined >= model.deltasTried);
  assert.deepEqual([kept, notKept], [model.deltaBlocks, model.deltasUseless]);
});

test('optimize asks the room as well, and with --no-hints nobody', (t) => {
  const place = new Place(t);
  place.write(twoVersions());
  place.json('pack', 'tree', '--repo', 'repo', '--similarity', 'exact');
  const optimized = (...options: string[]) =>
    place.json<{ bases: Record<string, unknown> | null; bytesBefore: number; bytesAfter: number }>(
      ...['optimize', '--repo', 'repo', ...options],
    );
  const { bases, bytesBefore, bytesAfter } = optimized();
  assert.match(String(bases?.['basesBy']), /^similar@/);
  assert.ok(Number(bases?.['kept']) > 0);
  assert.ok(bytesAfter < bytesBefore);
  assert.equal(optimized('--no-hints').bases, null);
});

test('without a word the room is asked, and with --no-hints nobody', (t) => {
  const place = new Place(t);
  place.write(twoVersions());
  const usual = place.json<Packed>('pack', 'tree', '--repo', 'usual');
  const asked = place.json<Packed>('pack', 'tree', '--repo', 'asked', '--similarity', 'model');
  assert.deepEqual(usual.advice, asked.advice);
  const alone = place.json<Packed>('pack', 'tree', '--repo', 'alone', '--no-hints');
  assert.equal(alone.advice, null);
  assert.ok(alone.deltaBlocks > 0);
  const plain = ['pack', 'tree', '--repo', 'plain', '--no-hints', '--similarity', 'exact'];
  assert.equal(place.json<Packed>(...plain).deltaBlocks, 0);
});

test('what cannot be is refused before anything is written', (t) => {
  const place = new Place(t);
  place.write({ 'tree/a.txt': 'a' });
  for (const options of [
    ['--similarity', 'simhash'],
    ['--similarity', 'model', '--no-hints'],
    ['--link', '100mbit', '--no-hints'],
  ]) {
    const { code, stderr } = place.run(['pack', 'tree', '--repo', 'none', ...options]);
    assert.equal(code, 1, options.join(' '));
    assert.match(stderr, new RegExp(`USAGE: .*${options[0]}`));
  }
  assert.ok(!existsSync(place.path('none')));
});
