import assert from 'node:assert/strict';
import { test } from 'node:test';
import { house, inProduction, metadataOf } from '../../registry/testing/house.ts';
import { documentMetricsPage } from './alias-page.ts';

test("the documents' names with what the registry holds", async () => {
  const { registry } = house();
  assert.equal(await documentMetricsPage(registry), '');
  const first = await inProduction(registry, 'v1', 'one');
  await inProduction(registry, 'v2', 'second');
  await registry.registerModel(metadataOf('v3'), Buffer.from('third'));
  await registry.archiveModel(await registry.registerModel(metadataOf('v4'), Buffer.from('fourth')));
  const lines = (await documentMetricsPage(registry)).split('\n');
  assert.deepEqual(lines.filter((line) => line.startsWith('ml_models_total')).sort(), [
    'ml_models_total{status="archived"} 2',
    'ml_models_total{status="draft"} 1',
    'ml_models_total{status="production"} 1',
  ]);
  assert.ok(lines.includes(`ml_model_file_size_bytes{model_id="${first}"} 3`));
  assert.ok(lines.includes('ml_model_promotion_total{from_status="staging",to_status="production"} 2'));
  assert.ok(lines.includes('ml_model_promotion_total{from_status="draft",to_status="archived"} 1'));
  assert.ok(lines.includes('ml_model_promotion_total{from_status="draft",to_status="testing"} 2'));
  assert.ok(lines.includes('ml_model_promotion_total{from_status="production",to_status="archived"} 1'));
});
