import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FastRng, ManualClock } from '../../base/index.ts';
import { loadArtefact, saveArtefact } from '../artefact/index.ts';
import { DeduplicationOptimizer, type HistoricalBlock, type SimilarHistoricalBlock } from './index.ts';

const NAMED = { name: 'dedup_optimizer' } as const;
const clock = new ManualClock();

function trained(blocks: Iterable<HistoricalBlock>): DeduplicationOptimizer {
  const model = new DeduplicationOptimizer(NAMED);
  model.train(blocks);
  return model;
}

const ones = (word: bigint): number => word.toString(2).replaceAll('0', '').length;

/** A few centres and what lies around them, under ids in no order. */
const blocks = fc.uniqueArray(
  fc.record({
    id: fc.string({ maxLength: 4 }),
    fingerprint: fc
      .tuple(fc.constantFrom(0n, 0x0123456789abcdefn), fc.array(fc.nat(63), { maxLength: 12 }))
      .map(([centre, flips]) => flips.reduce<bigint>((all, bit) => all ^ (1n << BigInt(bit)), centre)),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 60 },
);

function bruteForce(
  all: readonly { id: string; fingerprint: bigint }[],
  of: bigint,
): SimilarHistoricalBlock[] {
  return all
    .map(({ id, fingerprint }) => ({ id, similarity: 1 - ones(fingerprint ^ of) / 64 }))
    .filter(({ similarity }) => similarity >= 0.85)
    .sort((a, b) => b.similarity - a.similarity || (a.id < b.id ? -1 : 1));
}

test('every similar block, by similarity and id, and only then the first of them', () => {
  fc.assert(
    fc.property(blocks, fc.integer({ min: 1, max: 8 }), (all, topK) => {
      const model = trained(all);
      for (const { id, fingerprint } of all) {
        const near = bruteForce(all, fingerprint);
        assert.deepEqual(model.predict({ fingerprint, topK }), near.slice(0, topK));
        const others = near.filter((one) => one.id !== id);
        assert.deepEqual(model.findSimilarBlocks(id, { topK }), others.slice(0, topK));
        assert.deepEqual(model.findSimilarBlocks(id), others.slice(0, 5));
      }
    }),
    { numRuns: 60 },
  );
});

test('bytes are told by their fingerprint; a training replaces the one before', () => {
  const rng = new FastRng(1);
  const bytes = Uint8Array.from({ length: 20_000 }, () => rng.below(40));
  const edited = Uint8Array.from(bytes);
  edited.fill(7, 5000, 5050);
  const model = trained([
    { id: 'one', bytes },
    { id: 'edited', bytes: edited },
    { id: 'noise', bytes: Uint8Array.from({ length: 20_000 }, () => rng.below(256)) },
    { id: 'tiny', bytes: bytes.subarray(0, 3) },
  ]);
  assert.equal(model.blocks, 3, 'a block below 4 bytes has no fingerprint');
  assert.deepEqual(
    model.findSimilarBlocks('one').map(({ id }) => id),
    ['edited'],
  );
  assert.deepEqual(model.predict({ bytes, topK: 1 }), [{ id: 'one', similarity: 1 }]);
  assert.deepEqual(model.predict({ bytes: bytes.subarray(0, 3) }), []);
  model.train([{ id: 'other', fingerprint: 5n }]);
  assert.throws(() => model.findSimilarBlocks('one'), { code: 'MISSING' });
  assert.deepEqual(model.findSimilarBlocks('other'), []);
});

test('saved and loaded it answers the same; what is no such model is refused', () => {
  const fs = new SimFileSystem({ clock });
  const all = [
    { id: 'b', fingerprint: 3n },
    { id: 'a', fingerprint: 1n },
    { id: 'ü', fingerprint: 2n ** 64n - 1n },
  ];
  const model = trained(all);
  model.save('/dedup_optimizer.pkl', { fs, clock });
  const loaded = new DeduplicationOptimizer(NAMED);
  loaded.load('/dedup_optimizer.pkl', { fs });
  assert.ok(loaded.isTrained);
  assert.deepEqual(loaded.provenance, model.provenance);
  for (const { id } of all) assert.deepEqual(loaded.findSimilarBlocks(id), model.findSimilarBlocks(id));

  const { manifest, files } = loadArtefact(fs, '/dedup_optimizer.pkl');
  const { files: _, format: __, ...rest } = manifest;
  const damage: Record<string, Record<string, Uint8Array>> = {
    'no JSON': { 'ids.json': Buffer.from('[') },
    'no list': { 'ids.json': Buffer.from('{}') },
    'out of order': { 'ids.json': Buffer.from('["b","a","ü"]') },
    'too few ids': { 'ids.json': Buffer.from('["a"]') },
    'numbers for ids': { 'ids.json': Buffer.from('[1,2,3]') },
    'a fingerprint is missing': { 'fingerprints.u64': new Uint8Array(16) },
  };
  for (const [what, changed] of Object.entries(damage)) {
    const draft = { manifest: rest, files: new Map([...files, ...Object.entries(changed)]) };
    saveArtefact(fs, `/${what}`, draft);
    assert.throws(() => loaded.load(`/${what}`, { fs }), { code: 'DAMAGED' }, what);
    assert.deepEqual(loaded.findSimilarBlocks('a'), model.findSimilarBlocks('a'), 'it is what it was');
  }
  saveArtefact(fs, '/weights', { manifest: { ...rest, featureSchema: 'other' }, files });
  assert.throws(() => loaded.load('/weights', { fs }), { code: 'DAMAGED' });
});

test('what is no block is refused, and the model is what it was', () => {
  const model = new DeduplicationOptimizer(NAMED);
  assert.throws(() => model.findSimilarBlocks('a'), { code: 'UNTRAINED' });
  assert.throws(() => model.predict({ fingerprint: 1n }), { code: 'UNTRAINED' });
  assert.throws(() => model.save('/nowhere', { fs: new SimFileSystem({ clock }) }), { code: 'UNTRAINED' });
  model.train([{ id: 'a', fingerprint: 1n }]);
  const bad: Record<string, unknown> = {
    'a sample of features': { id: 'b', features: [1, 2] },
    'no id': { bytes: new Uint8Array(8) },
    nothing: null,
    'a number for a fingerprint': { id: 'b', fingerprint: 1 },
    'a negative fingerprint': { id: 'b', fingerprint: -1n },
    'too long a fingerprint': { id: 'b', fingerprint: 2n ** 64n },
    'too long a block': { id: 'b', bytes: new Uint8Array(2 ** 20 + 1) },
  };
  for (const [what, block] of Object.entries(bad)) {
    assert.throws(() => model.train([block as HistoricalBlock]), { code: 'USAGE' }, what);
  }
  assert.throws(() => model.train([]), { code: 'EMPTY' });
  assert.deepEqual(model.predict({ fingerprint: 1n }), [{ id: 'a', similarity: 1 }]);
  for (const topK of [0, 1001, 0.5]) {
    assert.throws(() => model.findSimilarBlocks('a', { topK }), { code: 'USAGE' });
    assert.throws(() => model.predict({ fingerprint: 1n, topK }), { code: 'USAGE' });
  }
});
