import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support.ts';
import { FastRng, NodeFileSystem } from '../../base/index.ts';
import { loadArtefact, saveArtefact } from '../artefact/index.ts';
import { prefetchRoom } from '../prefetch/index.ts';
import { PrefetchEngine } from './prefetch-engine.ts';

const NAMED = { name: 'prefetch_engine', modelType: 'classification', device: 'cpu' } as const;
const TINY = { epochs: 3 };

/** Sessions that each read one of a few files: runs of blocks in a fixed order. */
function sessions(count = 30): string[][] {
  const rng = new FastRng(4);
  return Array.from({ length: count }, () =>
    Array.from({ length: 6 }, () => rng.below(5)).flatMap((file) =>
      Array.from({ length: 8 }, (_, i) => `file${file}-block${i}`),
    ),
  );
}

const model = new PrefetchEngine(NAMED, { maxVocabSize: 10_000 });
model.train(sessions(), TINY);

test('it names the block that always follows first, ids in and ids out, with scores that fall', () => {
  let right = 0;
  for (let i = 0; i < 7; i += 1) {
    const next = model.predict({ recentAccesses: [`file1-block${i - 1}`, `file1-block${i}`] });
    assert.ok(next.length <= 5);
    assert.ok(next.every(({ score }, at) => score >= 0 && score <= (next[at - 1]?.score ?? 1)));
    if (next[0]?.id === `file1-block${i + 1}`) right += 1;
  }
  assert.ok(right >= 6, `${right} of 7`);
});

test('a prediction is a function of what is asked: it learns nothing from it', () => {
  const ask = () => model.predict({ recentAccesses: ['file0-block1', 'file0-block2'] });
  const first = ask();
  for (let i = 0; i < 20; i += 1) model.predict({ recentAccesses: ['file0-block2', 'file3-block7'] });
  assert.deepEqual(ask(), first);
});

test('nothing is named that is unknown: strangers are no context and never an answer', () => {
  assert.deepEqual(model.predict({ recentAccesses: ['stranger'] }), []);
  assert.deepEqual(model.predict({ recentAccesses: [] }), []);
  const small = new PrefetchEngine(NAMED, { maxVocabSize: 4 });
  small.train([Array.from({ length: 400 }, (_, i) => `b${i % 4 === 0 ? i : i % 4}`)], TINY);
  for (const id of ['b1', 'b2', 'b3', 'b40']) {
    for (const next of small.predict({ recentAccesses: [id] })) assert.match(next.id, /^b[0-3]$/);
  }
});

test('it comes back from where it was saved, and the room can open it without letting it serve', (t) => {
  const path = `${temporaryFolder(t)}/prefetch_engine.pt`;
  model.save(path);
  const other = new PrefetchEngine(NAMED);
  other.load(path);
  for (const { recentAccesses } of [
    { recentAccesses: ['file2-block3'] },
    { recentAccesses: sessions(1)[0] ?? [] },
  ]) {
    assert.deepEqual(other.predict({ recentAccesses }), model.predict({ recentAccesses }));
  }
  const opened = prefetchRoom.open(loadArtefact(new NodeFileSystem(), path));
  assert.equal(opened.serves?.({} as never), false);
});

test('what cannot be learnt or asked is refused, and the model stays what it was', () => {
  const fresh = new PrefetchEngine(NAMED);
  assert.throws(() => fresh.predict({ recentAccesses: ['a'] }), { code: 'UNTRAINED' });
  assert.throws(() => fresh.save('/nowhere'), { code: 'UNTRAINED' });
  assert.throws(() => fresh.train([['a', 'b', 'c']]), { code: 'EMPTY' });
  assert.throws(() => fresh.train([]), { code: 'EMPTY' });
  assert.throws(() => fresh.train([[1, 2]] as never), { code: 'USAGE' });
  assert.throws(() => fresh.train('a b' as never), { code: 'USAGE' });
  assert.throws(() => model.predict({ recentAccesses: 'a' as never }), { code: 'USAGE' });
  assert.throws(() => new PrefetchEngine(NAMED, { maxVocabSize: 0 }), { code: 'USAGE' });
  const before = model.predict({ recentAccesses: ['file1-block1'] });
  assert.throws(() => model.train([['a', 'b']]), { code: 'EMPTY' });
  assert.deepEqual(model.predict({ recentAccesses: ['file1-block1'] }), before);
});

test('a memory that `train` could not have made is refused, soon', (t) => {
  const fs = new NodeFileSystem();
  const path = `${temporaryFolder(t)}/forged`;
  const { manifest, files } = model.draft();
  const accesses = Array.from({ length: 1_000_001 }, () => 0);
  const memories = [null, [], { ids: ['a'], sequences: [null] }, { ids: ['a'], sequences: [accesses] }];
  for (const memory of memories) {
    const forged = new Map([...files, ['accesses.json', Buffer.from(JSON.stringify(memory))]]);
    saveArtefact(fs, path, { manifest, files: forged });
    assert.throws(() => new PrefetchEngine(NAMED).load(path), { code: 'DAMAGED' });
  }
});
