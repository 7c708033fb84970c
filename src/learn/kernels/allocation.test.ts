import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastRng } from '../../base/index.ts';
import { HeadKernel } from './head.ts';
import { LstmKernel } from './lstm.ts';
import { MlpKernel } from './mlp.ts';
import { SampleRing } from './ring.ts';
import { heapChange } from './testing/heap-change.ts';
import { randomGates, randomLayer, randomLayers } from './testing/random-layers.ts';

test('a call grows the heap by at most one byte', () => {
  const rng = new FastRng(1);
  const mlp = new MlpKernel({ sizes: [3, 8, 2], maxBatch: 4 });
  mlp.load(randomLayers(rng, [3, 8, 2]));
  const lstm = new LstmKernel({ inputs: 2, hidden: 8, maxSteps: 2 });
  lstm.load(randomGates(rng, { inputs: 2, hidden: 8, layers: 1 }));
  const head = new HeadKernel({ inputs: 4, outputs: 20 });
  head.load(randomLayer(rng, 4, 20));
  const state = new Float32Array(lstm.stateLength);
  const ring = SampleRing.create({ recordLength: 12, capacity: 4 });
  const record = new Float32Array(12);
  const calls: Record<string, () => void> = {
    run: () => mlp.run(),
    runMany: () => mlp.runMany(4),
    step: () => lstm.step(),
    sequence: () => lstm.sequence(2),
    state: () => {
      lstm.saveState(state);
      lstm.loadState(state);
    },
    head: () => head.run(),
    candidates: () => {
      head.runCandidates(7);
      head.softmax(7);
    },
    ring: () => {
      ring.push(record);
      ring.take(record);
    },
    full: () => ring.push(record),
  };
  for (const [name, call] of Object.entries(calls)) {
    const bytes = heapChange(call, () => process.memoryUsage().heapUsed);
    assert.ok(bytes <= 1, `${name} allocates ${bytes} bytes a call`);
  }
});
