import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../../../test/support.ts';
import { NodeFileSystem } from '../../../base/index.ts';
import { loadArtefact, type ModelArtefact } from '../../../decisions/index.ts';
import { house } from '../testing/house.ts';
import { roomModel } from './shipped.ts';

const codec = loadArtefact(new NodeFileSystem(), join(root, 'models/codec'));

test('the shipped model of a room goes in with its lineage, and comes out as it was', async () => {
  const { registry } = house();
  const { metadata, files, evidence } = roomModel(codec);
  const modelId = await registry.registerModel(metadata, files);
  const { version, files: loaded } = await registry.loadModel(modelId);
  const { lineage, metrics, family } = codec.manifest;
  assert.deepEqual(
    [version.name, version.version, version.algorithm],
    ['codec', `v${codec.manifest.version}`, family],
  );
  assert.deepEqual(version.metrics, metrics);
  assert.equal(version.lineage?.datasetHash, lineage.tableSha256);
  for (const [name, content] of codec.files) assert.ok(loaded.get(name)?.equals(content), name);
  assert.deepEqual(JSON.parse(loaded.get('manifest.json')?.toString() ?? ''), codec.manifest);
  await registry.transitions.addEvidence({ modelId }, evidence);
  assert.deepEqual((await registry.transitions.evidenceOf({ modelId }))[0]?.report, { metrics, lineage });
});

test('its evaluation passes only with real data and no loss against the rule', () => {
  const { manifest, files } = codec;
  const verdict = (change: Partial<ModelArtefact['manifest']>): boolean =>
    roomModel({ manifest: { ...manifest, ...change }, files }).evidence.passed;
  assert.equal(verdict({ metrics: { advantageA: 0.2, advantageB: -0.1 } }), true);
  assert.equal(verdict({ metrics: { advantageA: 0.1, advantageB: -0.2 } }), false);
  assert.equal(verdict({ metrics: { regret: 0 } }), false);
  assert.equal(verdict({ lineage: { ...manifest.lineage, synthetic: true } }), false);
});
