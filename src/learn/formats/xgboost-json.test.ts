import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng, sha256Hex } from '../../base/index.ts';
import type { TreeModel, TreeObjective } from '../trees/index.ts';
import { codeOf, damagedCopy } from './testing/damage.ts';
import { treeAnswer } from './testing/plain-models.ts';
import { randomTrees } from './testing/random-models.ts';
import { xgboostCases } from './testing/xgboost-cases.ts';
import { decodeXgboostJson } from './xgboost-read.ts';
import { encodeXgboostJson } from './xgboost-write.ts';

type Theirs = { name: string; model: string; rows: (number | null)[][]; answers: number[][] };
type Ours = { name: string; sha256: string; answers: number[][] };

/** XGBoost adds up in float32. */
const TOLERANCE = 1e-6;
type Recorded = { version: string; theirs: Theirs[]; ours: Ours[] };
const records = ['xgboost-json.json', 'xgboost-json-3.json'].map((name): Recorded => {
  return JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}`, import.meta.url), 'utf8'));
});

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (text: string) => decodeXgboostJson(encode(text));

function assertNear(found: readonly (readonly number[])[], due: readonly (readonly number[])[]): void {
  assert.equal(found.length, due.length);
  for (const [row, numbers] of due.entries()) {
    assert.equal(found[row]?.length, numbers.length);
    for (const [i, number] of numbers.entries()) {
      const off = Math.abs((found[row]?.[i] as number) - number);
      assert.ok(off <= TOLERANCE * Math.max(1, Math.abs(number)), `row ${row}: ${found[row]} for ${numbers}`);
    }
  }
}

const missing = (row: readonly (number | null)[]) => row.map((value) => value ?? Number.NaN);

for (const { version, theirs, ours } of records) {
  for (const { name, model, rows, answers } of theirs) {
    test(`reads what XGBoost ${version} wrote: ${name}`, () => {
      const read = decode(model);
      assertNear(
        rows.map((row) => treeAnswer(read, missing(row))),
        answers,
      );
      assert.deepEqual(decodeXgboostJson(encodeXgboostJson(read)), read);
    });
  }

  for (const { name, model, answers } of xgboostCases()) {
    test(`XGBoost ${version} reads what we wrote: ${name}`, () => {
      const recorded = ours.find((item) => item.name === name) ?? assert.fail('not recorded');
      assert.equal(sha256Hex(model), recorded.sha256, 'the file changed: record anew, see xgboost-json.py');
      assertNear(recorded.answers, answers);
    });
  }
}

test('any model comes back as it was', () => {
  const shapes: [TreeObjective, number][] = [
    ['reg:squarederror', 1],
    ['binary:logistic', 1],
    ['multi:softprob', 4],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...shapes), fc.nat(), fc.nat(4), ([objective, outputs], seed, rounds) => {
      const shape = { objective, outputs, features: 5, trees: rounds * outputs, splitsMax: 12 };
      const model = randomTrees(shape, new FastRng(seed));
      assert.deepEqual(decodeXgboostJson(encodeXgboostJson(model)), model);
    }),
  );
});

test('every float32 comes back', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const leaf = single([[-1], [-1]]).trees[0] as TreeModel['trees'][number];
      const model = { ...single([[-1], [-1]]), trees: [{ ...leaf, value: Float32Array.of(number) }] };
      assert.ok(Object.is(decodeXgboostJson(encodeXgboostJson(model)).trees[0]?.value[0], number));
    }),
  );
});

/** A regression on two features with one tree of the given children; leaves hold their number. */
function single([left, right]: [number[], number[]]): TreeModel {
  const nodes = left.length;
  const ones = new Float32Array(nodes).fill(1);
  const tree = {
    left: Int32Array.from(left),
    right: Int32Array.from(right),
    feature: new Int32Array(nodes),
    threshold: new Float32Array(nodes),
    defaultLeft: new Uint8Array(nodes),
    value: Float32Array.from(left, (child, node) => (child < 0 ? node : 0)),
    gain: new Float32Array(nodes),
    cover: ones,
  };
  return { objective: 'reg:squarederror', features: 2, outputs: 1, baseScore: 0, trees: [tree] };
}

// A tree of two splits: 0 -> (1, 2), 1 -> (3, 4).
const GOOD = new TextDecoder().decode(
  encodeXgboostJson(
    single([
      [1, 3, -1, -1, -1],
      [2, 4, -1, -1, -1],
    ]),
  ),
);

/** The good file with one place changed, which must be there. */
function changed(from: string | RegExp, to: string): Uint8Array {
  assert.notEqual(GOOD.replace(from, to), GOOD, `${from} is not in the file`);
  return encode(GOOD.replace(from, to));
}

const refuses = (code: string, cases: readonly Uint8Array[]) => {
  for (const [index, bytes] of cases.entries()) {
    assert.throws(() => decodeXgboostJson(bytes), { code }, `case ${index}`);
  }
};

test('keys of later versions and numbers in their form are read', () => {
  const later = changed('"base_score":"0E0"', '"base_score":"[0E0]","later":[{}]');
  assert.deepEqual(decodeXgboostJson(later), decode(GOOD));
  const flags = changed('"default_left":[0,0,0,0,0]', '"default_left":[false,true,false,false,false]');
  assert.deepEqual(decodeXgboostJson(flags).trees[0]?.defaultLeft, Uint8Array.of(0, 1, 0, 0, 0));
});

test('nodes that pruning left behind are dropped', () => {
  const pruned = changed('"left_children":[1,3,-1,-1,-1]', '"left_children":[1,-1,-1,-1,-1]');
  const text = new TextDecoder().decode(pruned).replace('[2,4,-1,-1,-1]', '[2,-1,-1,-1,-1]');
  assert.deepEqual(decode(text).trees[0]?.left, Int32Array.of(1, -1, -1));
});

test('children with smaller numbers than their parents are numbered anew', () => {
  // 0 -> (3, 4), 3 -> (1, 2); leaves hold their number.
  const jumbled = changed('"left_children":[1,3,-1,-1,-1]', '"left_children":[3,-1,-1,1,-1]');
  const text = new TextDecoder()
    .decode(jumbled)
    .replace('[2,4,-1,-1,-1]', '[4,-1,-1,2,-1]')
    .replace('"split_conditions":[0E0,0E0,2E0,3E0,4E0]', '"split_conditions":[0,1,2,0,4]');
  const { left, right, value } = decode(text).trees[0] as TreeModel['trees'][number];
  assert.deepEqual([left, right], [Int32Array.of(1, 3, -1, -1, -1), Int32Array.of(2, 4, -1, -1, -1)]);
  assert.deepEqual(value, Float32Array.of(0, 0, 4, 1, 2));
});

test('children that make no tree are refused', () => {
  const left = (list: string) => changed('"left_children":[1,3,-1,-1,-1]', `"left_children":${list}`);
  refuses('DAMAGED', [
    left('[0,3,-1,-1,-1]'),
    left('[1,0,-1,-1,-1]'),
    left('[1,1,-1,-1,-1]'),
    left('[1,2,-1,-1,-1]'),
    left('[1,5,-1,-1,-1]'),
    left('[1,-2,-1,-1,-1]'),
    left('[1,-1,-1,-1,-1]'),
    left('[1,3.5,-1,-1,-1]'),
    left('[1,1e300,-1,-1,-1]'),
    left('[1,"3",-1,-1,-1]'),
    left('[1,3,-1,-1]'),
    left('[]'),
    left('null'),
  ]);
});

test('contents that do not fit together are refused', () => {
  refuses('DAMAGED', [
    encode('{}'),
    encode('[]'),
    encode('{"learner":{'),
    Uint8Array.of(0xff, 0xfe),
    changed('"num_nodes":"5"', '"num_nodes":"6"'),
    changed('"num_trees":"1"', '"num_trees":"999999999"'),
    changed('"num_trees":"1"', '"num_trees":1'),
    changed('"tree_info":[0]', '"tree_info":[1]'),
    changed('"tree_info":[0]', '"tree_info":[0,0]'),
    changed('"split_indices":[0', '"split_indices":[2'),
    changed('"split_indices":[0', '"split_indices":[4294967296'),
    changed('"default_left":[0', '"default_left":[2'),
    changed('"base_score":"0E0"', '"base_score":0'),
    changed('"base_score":"0E0"', '"base_score":"zero"'),
    changed('"base_score":"0E0"', '"base_score":"[1E0,]"'),
    changed('"base_score":"0E0"', '"base_score":"[1E0,2E0]"'),
    changed('"name":"reg:squarederror"', '"name":null'),
    changed('"num_feature":"2","num_target"', '"num_feature":"0","num_target"'),
    changed('"sum_hessian":[1E0', '"sum_hessian":[null'),
  ]);
  refuses('NOT_FINITE', [changed('"sum_hessian":[1E0', '"sum_hessian":[1E39')]);
});

test('a false order of the trees is refused', () => {
  const shape = { objective: 'multi:softprob', outputs: 3, features: 2, trees: 6, splitsMax: 2 } as const;
  const text = new TextDecoder().decode(encodeXgboostJson(randomTrees(shape, new FastRng(1))));
  const five = text
    .replace('"num_trees":"6"', '"num_trees":"5"')
    .replace('"tree_info":[0,1,2,0,1,2]', '"tree_info":[0,0,2,2,1]');
  const { learner } = JSON.parse(five);
  learner.gradient_booster.model.trees.length = 5;
  refuses('DAMAGED', [encode(JSON.stringify({ learner }))]);
});

test('sizes are limited before anything is made of them', () => {
  refuses('LIMIT', [
    changed('"num_feature":"2","num_target"', '"num_feature":"99999999","num_target"'),
    changed('"num_class":"0"', '"num_class":"99999999"'),
    encode('['.repeat(3_000_000)),
    new Uint8Array(128 * 1024 * 1024 + 1),
  ]);
  const depth = 1025;
  const left = Array.from({ length: 2 * depth + 1 }, (_, node) =>
    node < 2 * depth && node % 2 === 0 ? node + 2 : -1,
  );
  const right = left.map((child) => (child < 0 ? -1 : child - 1));
  const { learner } = JSON.parse(GOOD);
  const tree = learner.gradient_booster.model.trees[0];
  Object.assign(tree, { left_children: left, right_children: right });
  tree.tree_param.num_nodes = String(left.length);
  refuses('LIMIT', [encode(JSON.stringify({ learner }))]);
});

test('what a tree model cannot hold is named', () => {
  refuses('UNSUPPORTED', [
    changed('"name":"gbtree"', '"name":"dart"'),
    changed('reg:squarederror', 'rank:ndcg'),
    changed('"num_target":"1"', '"num_target":"2"'),
    changed('"categories_nodes":[]', '"categories_nodes":[0]'),
    changed(/"size_leaf_vector":"0"}}/, '"size_leaf_vector":"3"}}'),
  ]);
});

test('damaged files give a coded error or a model', () => {
  const bytes = encode(GOOD);
  const codes = new Set<string | undefined>();
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      codes.add(codeOf(() => decodeXgboostJson(damagedCopy(bytes, new FastRng(seed)))));
    }),
    { numRuns: 1000 },
  );
  assert.ok(codes.has('DAMAGED') && codes.has(undefined), 'some copies must be read, some refused');
});
