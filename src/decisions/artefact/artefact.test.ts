import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { type FileSystem, hasCode, readSmallFile, writeAll } from '../../base/index.ts';
import { loadArtefact, type ModelDraft, saveArtefact } from './artefact.ts';
import { featureSchemaOf, parseManifest } from './manifest.ts';

const SCHEMA = featureSchemaOf([{ name: 'size', unit: 'bytes' }]);
const ZEROS = '0'.repeat(64);

const draft: ModelDraft = {
  manifest: {
    room: 'codec',
    name: 'codec',
    version: '1',
    family: 'mlp',
    topology: [12, 128, 64, 32, 4],
    featureSchema: SCHEMA,
    date: '2026-01-01',
    lineage: {
      sets: [{ path: 'compression/a.tar.br', sha256: ZEROS, use: 'train+ship' }],
      tableSha256: ZEROS,
      seed: 1,
      command: 'pilotfish train codec',
      synthetic: false,
      testEvaluations: 1,
      sealedGroups: 3,
    },
    metrics: { regret: 0.01 },
    privacy: null,
    device: 'cpu',
  },
  files: new Map([['model.safetensors', Buffer.from('weights of a model')]]),
};

function newDisk(): FileSystem {
  const fs = new SimFileSystem();
  saveArtefact(fs, '/models/codec', draft);
  return fs;
}

function overwrite(fs: FileSystem, path: string, bytes: Uint8Array): void {
  const fd = fs.open(path, 'truncate');
  writeAll(fs, fd, bytes, 0);
  fs.close(fd);
}

const code =
  (...codes: Parameters<typeof hasCode>[1][]) =>
  (error: unknown): boolean =>
    hasCode(error, ...codes);

test('a model comes back as it was saved', () => {
  const fs = newDisk();
  const { manifest, files } = loadArtefact(fs, '/models/codec', SCHEMA);
  assert.equal(manifest.family, 'mlp');
  assert.deepEqual([...files.keys()], ['model.safetensors']);
  assert.equal(Buffer.from(files.get('model.safetensors') ?? []).toString(), 'weights of a model');
});

test('saving again replaces it', () => {
  const fs = newDisk();
  saveArtefact(fs, '/models/codec', { ...draft, files: new Map([['trees.json', Buffer.from('{}')]]) });
  assert.deepEqual([...loadArtefact(fs, '/models/codec').files.keys()], ['trees.json']);
});

test('every flipped byte of every file is refused', () => {
  const fs = newDisk();
  for (const name of ['manifest.json', 'model.safetensors']) {
    const path = `/models/codec/${name}`;
    const whole = readSmallFile(fs, path, 1e6);
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      overwrite(fs, path, changed);
      if (name === 'manifest.json') {
        // A manifest is not signed: a changed word may still be one, but never one about other bytes.
        try {
          loadArtefact(fs, '/models/codec', SCHEMA);
        } catch (error) {
          assert.ok(hasCode(error), String(error));
        }
      } else assert.throws(() => loadArtefact(fs, '/models/codec', SCHEMA), code('DAMAGED'));
    }
    overwrite(fs, path, whole);
  }
});

test('other features, no manifest, a file that is gone or cut', () => {
  const fs = newDisk();
  assert.throws(() => loadArtefact(fs, '/models/codec', featureSchemaOf([])), code('SHAPE'));
  assert.throws(() => loadArtefact(fs, '/models/other'), code('MISSING'));
  overwrite(fs, '/models/codec/model.safetensors', Buffer.from('weights'));
  assert.throws(() => loadArtefact(fs, '/models/codec'), code('DAMAGED'));
  overwrite(fs, '/models/codec/model.safetensors', Buffer.from('weights of a model and more'));
  assert.throws(() => loadArtefact(fs, '/models/codec'), code('DAMAGED'));
  fs.unlink('/models/codec/model.safetensors');
  assert.throws(() => loadArtefact(fs, '/models/codec'), code('MISSING'));
});

test('a manifest that lies about its files, or is from the future', () => {
  const fs = newDisk();
  const text = readSmallFile(fs, '/models/codec/manifest.json', 1e6).toString();
  const { files, ...rest } = JSON.parse(text) as { files: Record<string, unknown> };
  const { 'model.safetensors': file } = files;
  const manifestOf = (change: object): Buffer => Buffer.from(JSON.stringify({ ...rest, files, ...change }));
  for (const name of ['../secret', 'a/b', '.hidden', 'manifest.json', '']) {
    assert.throws(() => parseManifest(manifestOf({ files: { [name]: file } })), code('DAMAGED'), name);
  }
  assert.throws(() => parseManifest(manifestOf({ files: {} })), code('DAMAGED'));
  const huge = { files: { a: { bytes: 2 ** 40, sha256: ZEROS } } };
  assert.throws(() => parseManifest(manifestOf(huge)), code('LIMIT'));
  assert.throws(() => parseManifest(manifestOf({ format: 2 })), code('NEWER_VERSION'));
  assert.throws(() => parseManifest(manifestOf({ lineage: {} })), code('DAMAGED'));
  assert.throws(() => parseManifest(manifestOf({ metrics: { regret: 'low' } })), code('DAMAGED'));
});

test('any bytes as a manifest: a manifest or a coded error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        assert.throws(() => parseManifest(bytes), code('DAMAGED', 'NEWER_VERSION', 'LIMIT'));
      },
    ),
  );
});
