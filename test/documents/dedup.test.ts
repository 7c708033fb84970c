// The code block "Deduplication Optimizer" of document 001, translated: snake_case becomes camelCase, keyword arguments
// one options object. Its train_data are historical blocks, as its comment says: features and labels, which the data set
// of the same page holds, do not tell what resembles what.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Rng } from '../../src/base/index.ts';
import { DeduplicationOptimizer, type HistoricalBlock } from '../../src/index.ts';
import { edited, text } from '../sim/file-bytes.ts';
import { noise } from '../sim/noise.ts';
import { temporaryFolder } from '../support.ts';

const modelConfig = { name: 'dedup_optimizer', modelType: 'classification', device: 'cuda' } as const;

/** Versions of one text, and what has nothing to do with them. */
function historicalBlocks(): HistoricalBlock[] {
  const rng = new Rng(1);
  const first = text(rng, 20_000);
  const versions = ['abc123', 'abc124', 'abc125'].map((id, i) => ({
    id,
    bytes: i === 0 ? first : edited(rng, first),
  }));
  const others = Array.from({ length: 20 }, (_, i) => ({ id: `other-${i}`, bytes: noise(rng, 20_000) }));
  return [...others, ...versions];
}

test('Deduplication Optimizer', (t) => {
  const folder = temporaryFolder(t);
  const trainData = historicalBlocks();

  const model = new DeduplicationOptimizer(modelConfig);

  // Build LSH index from historical blocks
  model.train(trainData);

  // Test similarity detection
  const similarBlocks = model.findSimilarBlocks('abc123', { topK: 5 });
  const found = `Found ${similarBlocks.length} similar blocks`;
  assert.equal(found, 'Found 2 similar blocks');
  assert.deepEqual(similarBlocks.map(({ id }) => id).sort(), ['abc124', 'abc125']);
  // Document 000: similarity > 0.85.
  assert.ok(similarBlocks.every(({ similarity }) => similarity > 0.85));

  // Save
  model.save(join(folder, 'dedup_optimizer.pkl'));
  const loaded = new DeduplicationOptimizer(modelConfig);
  loaded.load(join(folder, 'dedup_optimizer.pkl'));
  assert.deepEqual(loaded.findSimilarBlocks('abc123', { topK: 5 }), similarBlocks);
});
