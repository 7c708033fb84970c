import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Rng, seededBytes } from '../../base/index.ts';
import { AesGcmSealer, plainSealer } from '../seal/index.ts';
import { type ExactIndex, MAX_PACK_BLOCKS, type Place, packPlace, unpackPlace } from './exact-index.ts';
import { MemoryIndex } from './memory-index.ts';
import { SqliteIndex } from './sqlite-index.ts';

const REPOSITORY = 'ab'.repeat(16);
const sealer = () => new AesGcmSealer(Buffer.alloc(32, 5), seededBytes(1));

/** Every implementation has to pass everything below. */
const IMPLEMENTATIONS: Readonly<Record<string, () => ExactIndex>> = {
  'in memory': () => new MemoryIndex(),
  'in SQLite': () => new SqliteIndex(':memory:', REPOSITORY, plainSealer),
  'in SQLite, sealed': () => new SqliteIndex(':memory:', REPOSITORY, sealer()),
};

const idOf = (seed: number): string => new Rng(seed).bytes(32).toString('hex');
const ids = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => idOf(from + i));
const inOrder = (places: readonly Place[]): Place[] =>
  [...places].sort((a, b) => a.pack - b.pack || a.block - b.block);

for (const [name, open] of Object.entries(IMPLEMENTATIONS)) {
  describe(`the index ${name}`, () => {
    test('knows nothing at first', () => {
      const index = open();
      assert.deepEqual(index.packNames(), []);
      assert.deepEqual(index.find(idOf(1)), []);
      index.close();
    });

    test('finds every block of every pack, and no other', () => {
      const index = open();
      for (let pack = 0; pack < 20; pack += 1) index.addPack(idOf(1000 + pack), ids(pack * 100, 50));
      for (let pack = 0; pack < 20; pack += 1) {
        for (let block = 0; block < 50; block += 1) {
          assert.deepEqual(index.find(idOf(pack * 100 + block)), [{ pack, block }]);
        }
        assert.deepEqual(index.find(idOf(pack * 100 + 50)), []);
      }
      assert.deepEqual(index.packNames(), ids(1000, 20));
      index.close();
    });

    test('answers with all places of a block that is stored twice', () => {
      const index = open();
      index.addPack(idOf(1), [idOf(7), idOf(8), idOf(7)]);
      index.addPack(idOf(2), [idOf(8)]);
      const places = (seed: number) => inOrder(index.find(idOf(seed)));
      assert.deepEqual(places(7), [
        { pack: 0, block: 0 },
        { pack: 0, block: 2 },
      ]);
      assert.deepEqual(places(8), [
        { pack: 0, block: 1 },
        { pack: 1, block: 0 },
      ]);
      index.close();
    });

    test('answers with all places whose 48 bits agree: the caller checks them', () => {
      const index = open();
      const twins = ['0', '7', 'f'].map((digit) => `fedcba987654${digit.repeat(52)}`);
      index.addPack(idOf(1), twins.slice(0, 2));
      index.addPack(idOf(2), twins.slice(2));
      for (const twin of twins) {
        const places = [
          { pack: 0, block: 0 },
          { pack: 0, block: 1 },
          { pack: 1, block: 0 },
        ];
        assert.deepEqual(inOrder(index.find(twin)), places);
      }
      assert.deepEqual(index.find(`fedcba987655${'0'.repeat(52)}`), []);
      index.close();
    });

    test('takes a pack once', () => {
      const index = open();
      index.addPack(idOf(1), ids(10, 3));
      index.addPack(idOf(1), ids(20, 3));
      assert.deepEqual(index.packNames(), [idOf(1)]);
      assert.deepEqual(index.find(idOf(10)), [{ pack: 0, block: 0 }]);
      assert.deepEqual(index.find(idOf(20)), []);
      index.close();
    });

    test('takes packs without blocks and keys at both ends of their range', () => {
      const index = open();
      const ends = ['0', 'f'].map((digit) => digit.repeat(64));
      index.addPack(idOf(1), []);
      index.addPack(idOf(2), ends);
      assert.equal(index.packNames().length, 2);
      assert.deepEqual(
        ends.map((id) => index.find(id)),
        [[{ pack: 1, block: 0 }], [{ pack: 1, block: 1 }]],
      );
      index.close();
    });

    test('does what a plain list would do', () => {
      const pack = fc.record({ name: fc.nat(12), blocks: fc.array(fc.nat(30), { maxLength: 8 }) });
      fc.assert(
        fc.property(fc.array(pack, { maxLength: 12 }), (packs) => {
          const index = open();
          const names: number[] = [];
          const list: { id: number; pack: number; block: number }[] = [];
          for (const { name: number, blocks } of packs) {
            index.addPack(idOf(1000 + number), blocks.map(idOf));
            if (names.includes(number)) continue;
            const ordinal = names.push(number) - 1;
            for (const [block, id] of blocks.entries()) list.push({ id, pack: ordinal, block });
          }
          assert.deepEqual(
            index.packNames(),
            names.map((number) => idOf(1000 + number)),
          );
          for (let id = 0; id <= 30; id += 1) {
            const places = list.filter((item) => item.id === id).map(({ pack, block }) => ({ pack, block }));
            assert.deepEqual(inOrder(index.find(idOf(id))), inOrder(places));
          }
          index.close();
        }),
        { seed: 1, numRuns: 40 },
      );
    });
  });
}

test('a place packs into one number and back', () => {
  for (const place of [
    { pack: 0, block: 0 },
    { pack: 1, block: MAX_PACK_BLOCKS - 1 },
    { pack: 2 ** 30, block: 77 },
  ]) {
    assert.deepEqual(unpackPlace(packPlace(place)), place);
  }
});
