import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FaultyFileSystem } from '../../../test/sim/faults.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { exists, makeDirectories, Rng } from '../../base/index.ts';
import { doomedNames, readDoomed, writeDoomed } from './doomed.ts';
import { Layout } from './layout.ts';

const layout = new Layout('/repository');
const NAMES = ['ab', 'cd', 'ef'].map((byte) => byte.repeat(32));
const BATCHES = [
  { packs: NAMES.slice(0, 2), sinceMs: 5 },
  { packs: NAMES.slice(2), sinceMs: 7 },
];

function newDisk(): SimFileSystem {
  const fs = new SimFileSystem();
  for (const path of layout.directories) makeDirectories(fs, path);
  fs.sync();
  return fs;
}

test('the list reads back as it was written, and an empty one is no file', () => {
  const fs = newDisk();
  const at = { fs, layout, writerId: 'w' };
  assert.deepEqual(readDoomed(fs, layout), []);
  for (const batches of [BATCHES.slice(0, 1), BATCHES]) {
    writeDoomed(at, batches);
    assert.deepEqual(readDoomed(fs, layout), batches);
    assert.deepEqual(
      [...doomedNames(fs, layout)],
      batches.flatMap(({ packs }) => packs),
    );
  }
  assert.deepEqual(fs.readDirectory(layout.tmp), []);
  writeDoomed(at, []);
  assert.ok(!exists(fs, layout.doomed));
  writeDoomed(at, []);
});

test('the written form: a line of JSON for each run', () => {
  const fs = newDisk();
  writeFile(
    fs,
    layout.doomed,
    `{"packs":["${NAMES[0]}"],"sinceMs":5}\n{"packs":["${NAMES[1]}"],"sinceMs":6}\n`,
  );
  assert.deepEqual(readDoomed(fs, layout), [
    { packs: [NAMES[0]], sinceMs: 5 },
    { packs: [NAMES[1]], sinceMs: 6 },
  ]);
});

test('a list that does not parse dooms nothing', () => {
  const whole = `{"packs":["${NAMES[0]}"],"sinceMs":1}`;
  const texts = ['', '{', 'null', '[]', '7', '{"packs":7,"sinceMs":1}', `{"packs":["${NAMES[0]}"]}`];
  const odd = [`{"packs":["../x"],"sinceMs":1}`, `{"packs":["AB"],"sinceMs":1}`, `{"packs":[7],"sinceMs":1}`];
  // Half a list is no list: it was put in place whole, so this one was damaged.
  const partly = [`${whole}\n{`, `${whole}\nnull\n`, `${whole}${whole}`];
  for (const text of [...texts, ...odd, ...partly, new Rng(1).bytes(100)]) {
    const fs = newDisk();
    writeFile(fs, layout.doomed, text);
    assert.deepEqual(readDoomed(fs, layout), [], String(text));
  }
});

test('a list that is there and cannot be read is not taken for none', () => {
  const disk = newDisk();
  writeDoomed({ fs: disk, layout, writerId: 'w' }, BATCHES);
  const calls = new FaultyFileSystem(disk);
  readDoomed(calls, layout);
  assert.ok(calls.calls >= 3);
  // The last call closes a file that was only read.
  for (let at = 1; at < calls.calls; at += 1) {
    const fs = new FaultyFileSystem(disk, { at, fault: 'EIO' });
    assert.throws(() => readDoomed(fs, layout), { code: 'IO', path: layout.doomed }, calls.log[at - 1]);
  }
});

test('a list put in place, replaced or taken away stays so after a power cut', () => {
  const fs = newDisk();
  const at = { fs, layout, writerId: 'w' };
  for (const batches of [BATCHES.slice(0, 1), BATCHES, []]) {
    writeDoomed(at, batches);
    for (let seed = 0; seed < 20; seed += 1) {
      assert.deepEqual(readDoomed(fs.crash(new Rng(seed), 'power'), layout), batches);
    }
  }
});
