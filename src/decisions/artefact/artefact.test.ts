import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { type FileSystem, hasCode, Rng, readSmallFile, writeAll } from '../../base/index.ts';
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
  for (const name of ['../secret', 'a/b', '.hidden', 'manifest.json', 'previous', '']) {
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

const draftOf = (version: string, names: readonly string[]): ModelDraft => ({
  manifest: { ...draft.manifest, version },
  files: new Map(names.map((name) => [name, Buffer.from(`${name} of ${version}`)])),
});

/** The version of the model in the room; fails when it is a mixture of two. */
function servedFrom(fs: FileSystem): string {
  const { manifest, files } = loadArtefact(fs, '/models/codec', SCHEMA);
  for (const [name, content] of files) {
    assert.equal(Buffer.from(content).toString(), `${name} of ${manifest.version}`);
  }
  return manifest.version;
}

/** A room that was written twice, so that it has a model before. */
function twice(): SimFileSystem {
  const fs = new SimFileSystem();
  for (const version of ['1', '2'])
    saveArtefact(fs, '/models/codec', draftOf(version, ['a', 'b', `c${version}`]));
  fs.sync();
  return fs;
}

/** Does `save` with one fault at every call it makes. @returns the number of calls */
function atEveryCall(
  fault: 'kill-before' | 'EIO' | 'ENOSPC' | 'torn',
  start: () => SimFileSystem,
  check: (fs: SimFileSystem, at: number) => void,
): number {
  for (let at = 1; ; at += 1) {
    const fs = start();
    const faulty = new FaultyFileSystem(fs, { at, fault });
    try {
      saveArtefact(faulty, '/models/codec', draftOf('3', ['a', 'b', 'd']));
    } catch {
      // What is left is looked at below.
    }
    if (!faulty.reached) return at;
    check(fs, at);
  }
}

test('at every call of a save the old model or the new one is served, also after a power cut', () => {
  for (const fault of ['kill-before', 'EIO', 'ENOSPC', 'torn'] as const) {
    const seen = new Set<string>();
    const calls = atEveryCall(fault, twice, (fs, at) => {
      seen.add(servedFrom(fs));
      for (const mode of ['lost', 'power'] as const) seen.add(servedFrom(fs.crash(new Rng(at), mode)));
      // The next save stands on whatever is left, and is not in its turn a danger.
      saveArtefact(fs, '/models/codec', draftOf('4', ['a', 'e']));
      assert.equal(servedFrom(fs), '4');
    });
    assert.ok(calls > 40);
    assert.deepEqual([...seen].sort(), ['2', '3']);
  }
});

test('a save that follows a killed one may be killed as well', () => {
  const names = ['b', 'a', 'f'];
  atEveryCall('kill-before', twice, (left, at) => {
    for (const next of [1, 20, 30, 35, 40, 45, 50, 55, 60, 65]) {
      const fs = left.crash(new Rng(at), 'process');
      try {
        saveArtefact(
          new FaultyFileSystem(fs, { at: next, fault: 'kill-before' }),
          '/models/codec',
          draftOf('4', names),
        );
      } catch {
        // What is left is looked at below.
      }
      assert.ok(['2', '3', '4'].includes(servedFrom(fs)));
    }
  });
});

test('files no manifest names any more are deleted, those of others stay', () => {
  const fs = twice();
  const namesIn = (path: string): string[] => fs.readDirectory(path).map(String).sort();
  fs.close(fs.open('/models/codec/notes.txt', 'create'));
  saveArtefact(fs, '/models/codec', draftOf('3', ['a']));
  assert.deepEqual(namesIn('/models/codec'), ['a', 'manifest.json', 'notes.txt', 'previous']);
  assert.deepEqual(namesIn('/models/codec/previous'), ['a', 'b', 'c2', 'manifest.json']);
});

test('the model before serves only where this one is not whole, and only with the same features', () => {
  const fs = twice();
  overwrite(fs, '/models/codec/a', Buffer.from('x'));
  assert.equal(servedFrom(fs), '1');
  assert.throws(() => loadArtefact(fs, '/models/codec', featureSchemaOf([])), code('SHAPE'));
  fs.unlink('/models/codec/previous/a');
  assert.throws(() => loadArtefact(fs, '/models/codec'), code('DAMAGED'));
  fs.unlink('/models/codec/manifest.json');
  assert.throws(() => loadArtefact(fs, '/models/codec'), code('MISSING'));
});
