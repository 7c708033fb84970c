import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { exists, makeDirectories, Rng } from '../../base/index.ts';
import { pardonDoomed, readDoomed, writeDoomed } from './doomed.ts';
import { Layout } from './layout.ts';

const layout = new Layout('/repository');
const NAMES = ['ab', 'cd'].map((byte) => byte.repeat(32));
const NONE = { packs: [], sinceMs: 0 };

function newDisk(): SimFileSystem {
  const fs = new SimFileSystem();
  for (const path of layout.directories) makeDirectories(fs, path);
  return fs;
}

test('the list reads back as it was written, and an empty one is no file', () => {
  const fs = newDisk();
  const at = { fs, layout, writerId: 'w' };
  assert.deepEqual(readDoomed(fs, layout), NONE);
  writeDoomed(at, { packs: NAMES, sinceMs: 5 });
  assert.deepEqual(readDoomed(fs, layout), { packs: NAMES, sinceMs: 5 });
  assert.deepEqual(fs.readDirectory(layout.tmp), []);
  writeDoomed(at, NONE);
  assert.ok(!exists(fs, layout.doomed));
  writeDoomed(at, NONE);
});

test('a list that does not parse dooms nothing', () => {
  const texts = ['', '{', 'null', '[]', '7', '{"packs":7,"sinceMs":1}', `{"packs":["${NAMES[0]}"]}`];
  const odd = [`{"packs":["../x"],"sinceMs":1}`, `{"packs":["AB"],"sinceMs":1}`, `{"packs":[7],"sinceMs":1}`];
  for (const text of [...texts, ...odd, new Rng(1).bytes(100)]) {
    const fs = newDisk();
    writeFile(fs, layout.doomed, text);
    assert.deepEqual(readDoomed(fs, layout), NONE, String(text));
  }
});

test('a list taken back stays away after a power cut', () => {
  const fs = newDisk();
  writeDoomed({ fs, layout, writerId: 'w' }, { packs: NAMES, sinceMs: 5 });
  fs.sync();
  pardonDoomed(fs, layout);
  for (let seed = 0; seed < 20; seed += 1) {
    assert.deepEqual(readDoomed(fs.crash(new Rng(seed), 'power'), layout), NONE);
  }
  pardonDoomed(fs, layout);
});
