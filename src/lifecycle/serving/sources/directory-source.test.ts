import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../../test/sim/disk.ts';
import { type FileSystem, makeDirectories, writeAll } from '../../../base/index.ts';
import { saveArtefact } from '../../../decisions/index.ts';
import { encodeXgboostJson } from '../../../learn/index.ts';
import { constantLearner, constantTrees, draftOf } from '../testing/models.ts';
import { DirectorySource } from './directory-source.ts';
import { readModel } from './read-model.ts';

const XGBOOST = encodeXgboostJson(constantTrees(1));

const save = (fs: FileSystem, path: string, version: string, value = 1): void =>
  void saveArtefact(fs, path, draftOf(constantLearner(value), { version }));

function put(fs: FileSystem, path: string, content: Uint8Array): void {
  makeDirectories(fs, path.slice(0, path.lastIndexOf('/')));
  const fd = fs.open(path, 'truncate');
  writeAll(fs, fd, content, 0);
  fs.close(fd);
}

test('versions are folders by number, then the artefact before, then the newest', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a', 'v7', 7);
  save(fs, '/models/a', 'v8', 8);
  for (const version of ['v1.10.0', 'v1.9.0', 'v1.2.0']) save(fs, `/models/a/${version}`, version);
  put(fs, '/models/a/12/model.json', XGBOOST);
  put(fs, '/models/a/notes/readme.txt', Buffer.from('not a model'));
  const source = new DirectorySource(fs, '/models');
  assert.deepEqual(source.names(), ['a']);
  assert.deepEqual(source.versions('a'), ['12', 'v1.2.0', 'v1.9.0', 'v1.10.0', 'v7', 'v8']);
  assert.equal(source.open('a', 'v7').manifest?.version, 'v7');
  assert.equal(source.open('a', '12').manifest, null);
});

test('two artefacts of one version text are told apart, and each keeps the name it was first listed under', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a', '1', 1);
  save(fs, '/models/a', '1', 2);
  const source = new DirectorySource(fs, '/models');
  const [older, newer, ...others] = source.versions('a');
  assert.match(older ?? '', /^1\+[0-9a-f]{8}$/);
  assert.deepEqual([newer, ...others], ['1']);
  save(fs, '/models/a', '1', 3);
  const [before, now] = source.versions('a');
  assert.equal(before, '1', 'the same bytes as before, so the same name');
  assert.match(now ?? '', /^1\+[0-9a-f]{8}$/);
  assert.notEqual(now, older);
});

test('an artefact that was saved twice is one version', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a', '1');
  save(fs, '/models/a', '1');
  assert.deepEqual(new DirectorySource(fs, '/models').versions('a'), ['1']);
});

test('what was replaced since it was listed is not opened under the old name', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a', '1', 1);
  const source = new DirectorySource(fs, '/models');
  source.versions('a');
  save(fs, '/models/a', '2', 2);
  assert.throws(() => source.open('a', '1'), { code: 'DAMAGED', message: /list it anew/ });
  assert.deepEqual(source.versions('a'), ['1', '2']);
  assert.equal(source.open('a', '1').manifest?.version, '1');
});

test('a version that cannot be read costs no other; when none can, the reason is told', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a/2', '2');
  put(fs, '/models/a/3/manifest.json', Buffer.from('{'));
  put(fs, '/models/b/manifest.json', Buffer.from('{'));
  const source = new DirectorySource(fs, '/models');
  assert.deepEqual(source.versions('a'), ['2']);
  assert.throws(() => source.versions('b'), { code: 'DAMAGED' });
});

test('names that are no model, or would leave the folder, have no versions', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a', '1');
  save(fs, '/secret', '1');
  fs.symlink(Buffer.from('/secret'), '/models/link');
  const source = new DirectorySource(fs, '/models');
  assert.deepEqual(source.names(), ['a']);
  for (const name of ['b', '..', '../secret', 'link', '', '.', 'a/'])
    assert.deepEqual(source.versions(name), []);
  assert.throws(() => source.open('a', '1'), { code: 'MISSING' }, 'not listed yet');
  assert.throws(() => new DirectorySource(fs, '/nowhere').names(), { code: 'MISSING' });
});

test('a manifest whose version could not be asked for is refused', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a', 'one two');
  assert.throws(() => new DirectorySource(fs, '/models').versions('a'), {
    code: 'DAMAGED',
    message: /"one two"/,
  });
});

test('a path may be a file of a form that is only read, never one that runs code', () => {
  const fs = new SimFileSystem();
  put(fs, '/x/threats.json', XGBOOST);
  put(fs, '/x/threats.onnx', Buffer.from('onnx'));
  assert.deepEqual([...readModel(fs, '/x/threats.json').files.keys()], ['model.json']);
  assert.deepEqual([...readModel(fs, '/x/threats.onnx').files.keys()], ['model.onnx']);
  for (const ending of ['pt', 'pth', 'pkl', 'pickle', 'joblib']) {
    put(fs, `/x/threats.${ending}`, Buffer.from('pickle'));
    assert.throws(() => readModel(fs, `/x/threats.${ending}`), { code: 'REFUSED', message: /never opened/ });
  }
  put(fs, '/x/threats.h5', Buffer.from('hdf'));
  assert.throws(() => readModel(fs, '/x/threats.h5'), { code: 'UNSUPPORTED' });
  assert.throws(() => readModel(fs, '/x'), { code: 'MISSING' });
  assert.throws(() => readModel(fs, '/y'), { code: 'MISSING' });
});

test('a folder with two models is refused; recorded answers count to its digest', () => {
  const fs = new SimFileSystem();
  put(fs, '/x/model.json', XGBOOST);
  const { digest } = readModel(fs, '/x');
  put(fs, '/x/golden.json', Buffer.from('{}'));
  assert.notEqual(readModel(fs, '/x').digest, digest);
  put(fs, '/x/model.onnx', Buffer.from('onnx'));
  assert.throws(() => readModel(fs, '/x'), { code: 'USAGE', message: /keep one/ });
});

test('every flipped byte of an artefact is found when it is opened, also with a sound one before it', () => {
  const fs = new SimFileSystem();
  save(fs, '/models/a', '1', 1);
  save(fs, '/models/a', '2', 2);
  const source = new DirectorySource(fs, '/models');
  source.versions('a');
  const path = '/models/a/model.safetensors';
  const whole = Buffer.from(source.open('a', '2').files.get('model.safetensors') ?? '');
  for (let at = 0; at < whole.length; at += 7) {
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
    put(fs, path, flipped);
    assert.throws(() => source.open('a', '2'), { code: 'DAMAGED' });
    assert.throws(() => readModel(fs, '/models/a'), { code: 'DAMAGED' });
  }
  put(fs, path, whole);
  assert.equal(source.open('a', '2').manifest?.version, '2');
});
