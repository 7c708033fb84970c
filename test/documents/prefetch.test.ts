// The code blocks of documents 000 and 001 about prefetching, translated: snake_case becomes camelCase, keyword arguments
// one options object.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { PrefetchEngine } from '../../src/index.ts';
import { temporaryFolder } from '../support.ts';

const modelConfig = { name: 'prefetch_engine', modelType: 'classification', device: 'cuda' } as const;

/** `[['block1', 'block2', …], …]`: the data set as document 001 describes it. */
const accessSequences = Array.from({ length: 12 }, (_, session) =>
  Array.from({ length: 24 }, (_, at) => `block${1 + ((at + 6 * session) % 12)}`),
);

test('document 001, Prefetch Engine: train, predict, save', (t) => {
  const model = new PrefetchEngine(modelConfig, { maxVocabSize: 10_000 });
  model.train(accessSequences);

  const recent = ['block1', 'block2', 'block3'];
  const nextBlocks = model.predict({ recentAccesses: recent });
  assert.equal(nextBlocks[0]?.id, 'block4');
  // Document 000: the top five. Fewer where fewer blocks ever followed: no name is made up.
  assert.ok(nextBlocks.length <= 5 && nextBlocks.every(({ score }) => score >= 0 && score <= 1));

  // A directory of that name: pickles run code when they are read, and are never written or opened.
  const path = join(temporaryFolder(t), 'prefetch_engine.pt');
  model.save(path);
  const loaded = new PrefetchEngine(modelConfig);
  loaded.load(path);
  assert.deepEqual(loaded.predict({ recentAccesses: recent }), nextBlocks);
});

test('document 000, Prefetch Engine: a two-layer LSTM of 64 units over the last ten accesses', () => {
  const model = new PrefetchEngine(modelConfig);
  model.train(accessSequences, { epochs: 1 });
  const { topology, family } = model.draft().manifest;
  assert.deepEqual([family, topology.slice(1, 3)], ['lstm', [64, 64]]);
});
