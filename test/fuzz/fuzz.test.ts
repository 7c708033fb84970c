// Random bytes and changed valid bytes into every parser of stored bytes: a value or a coded error, and no more memory
// than a repository may cost. One seed gives the same inputs every time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode, MIB, Rng } from '../../src/base/index.ts';
import { mutated } from './mutate.ts';
import type { Target } from './target.ts';
import { targets } from './targets.ts';

const SEED = 20_240_607;
const RANDOM_INPUTS = 800;
const MUTATED_INPUTS = 2500;
/** What one input may take, beside its own size. */
const MOST_BYTES = 48 * MIB;

/** What a parser made of some bytes: undefined when all is well. */
function complaint(target: Target, bytes: Buffer): string | undefined {
  const before = process.memoryUsage();
  let found: string | undefined;
  try {
    target.parse(bytes);
  } catch (error) {
    if (!hasCode(error)) found = `threw ${error instanceof Error ? error.stack : String(error)}`;
    else if (error.code === 'INTERNAL') found = `called it a bug of ours: ${error.message}`;
  }
  const after = process.memoryUsage();
  const grown = after.arrayBuffers + after.heapTotal - before.arrayBuffers - before.heapTotal;
  return found ?? (grown > MOST_BYTES ? `took ${Math.round(grown / MIB)} MiB` : undefined);
}

function* inputs(target: Target, rng: Rng): Generator<Buffer> {
  for (let i = 0; i < RANDOM_INPUTS; i += 1) yield rng.bytes(rng.below(300));
  for (let i = 0; i < MUTATED_INPUTS; i += 1) yield mutated(rng, target.samples);
}

/** The first input a parser does not take well. */
function fuzz(target: Target): string | undefined {
  const rng = new Rng(SEED);
  for (const bytes of inputs(target, rng)) {
    const what = complaint(target, bytes);
    if (what !== undefined)
      return `${target.name} ${what}\ninput (${bytes.length} bytes): ${bytes.subarray(0, 600).toString('hex')}`;
  }
  return undefined;
}

for (const target of await targets()) {
  test(target.name, () => {
    target.parse(target.samples[0] ?? assert.fail('a target has a sample'));
    const found = fuzz(target);
    if (found !== undefined) assert.fail(found);
  });
}

test('a parser that crashes or takes too much is noticed', () => {
  const samples = [Buffer.from('sample')];
  const crash = (bytes: Buffer) => bytes.readUInt32LE(bytes.length);
  assert.match(fuzz({ name: 'canary', samples, parse: crash }) ?? '', /RangeError/);
  const greedy = (bytes: Buffer) => (bytes.length === 77 ? Buffer.alloc(64 * MIB) : 0);
  assert.match(fuzz({ name: 'canary', samples, parse: greedy }) ?? '', /took .* MiB/);
});
