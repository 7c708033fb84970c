import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryMetrics } from './metrics.ts';

test('counters add up', () => {
  const metrics = new MemoryMetrics();
  metrics.count('blocks');
  metrics.count('blocks', 4);
  metrics.count('packs', 0);
  assert.deepEqual(Object.fromEntries(metrics.counters), { blocks: 5, packs: 0 });
});

test('observations keep count, sum and maximum, also of negative values', () => {
  const metrics = new MemoryMetrics();
  for (const value of [-3, -1, -2]) metrics.observe('saved_bytes', value);
  assert.deepEqual(metrics.observations.get('saved_bytes'), { count: 3, sum: -6, max: -1 });
});
