import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chainsOf } from '../../../test/golden/chains.ts';
import { SOURCE, Workbench } from '../../../test/golden/workbench.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { treeVersions } from '../../../test/sim/sources.ts';
import { readTree, treeDifferences } from '../../../test/sim/tree-state.ts';
import { MAX_CHAIN_DEPTH, Rng } from '../../base/index.ts';
import { CODEC_IDS } from '../codec/index.ts';
import { type CodecQuestion, type CodecSteps, GROUP_COUNT, type StoreAdviser } from '../questions.ts';
import { Advice } from './advice.ts';
import { OUTCOME } from './encode.ts';

const RAW = Buffer.from('some bytes that are asked about');
const CONTEXT = { fileKind: 3, nameClass: 77, fileOffsetBytes: 0, fileNumber: 1, isTree: false };

/** What no adviser should say, and what hostile ones will. */
const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  -5,
  1e9,
  0.5,
  Number.POSITIVE_INFINITY,
  '1',
  'gzip',
  'zstd-99',
  true,
  {},
  [],
  [0],
  { valueOf: () => 0 },
  1n,
  Symbol('x'),
  () => 0,
];

/** An adviser that gives the same answer to everything. */
const saying = (answer: unknown): StoreAdviser => {
  const say = () => answer as never;
  return { codec: say, group: say };
};
const throwing = (thrown: unknown): StoreAdviser => {
  const fail = () => {
    throw thrown;
  };
  return { codec: fail, group: fail };
};

/** Answers the core acts on; which base it takes is another question (bases.test.ts). */
function decisions(adviser: StoreAdviser): unknown[] {
  const advice = new Advice(adviser);
  return [advice.codec(RAW, CONTEXT), advice.group(RAW.length, CONTEXT)];
}

test('an illegal answer counts as none', () => {
  const builtIn = decisions({});
  for (const answer of NONSENSE) assert.deepEqual(decisions(saying(answer)), builtIn, String(answer));
  assert.deepEqual(decisions(saying(Promise.resolve(1))), builtIn);
});

test('an adviser that throws has no answer', () => {
  const builtIn = decisions({});
  for (const thrown of [new Error('no'), 'no', undefined, null])
    assert.deepEqual(decisions(throwing(thrown)), builtIn);
});

test('legal answers are used', () => {
  for (const algorithm of ['none', 'lz4', 'snappy', 'zstd-1', 'zstd-19']) {
    const { codec, level } = new Advice({ codec: () => algorithm }).codec(RAW, CONTEXT);
    assert.equal(level === 0 ? codec : `${codec}-${level}`, algorithm);
  }
  for (const group of [0, GROUP_COUNT - 1])
    assert.equal(new Advice({ group: () => group }).group(9, CONTEXT), group);
  assert.notEqual(
    new Advice({ group: () => GROUP_COUNT }).group(9, CONTEXT),
    GROUP_COUNT,
    'beyond the groups',
  );
});

test('an adviser is asked as an object: it may keep what it needs', () => {
  class Counting implements StoreAdviser {
    asked = 0;
    codec(): string {
      this.asked += 1;
      return 'lz4';
    }
  }
  const adviser = new Counting();
  new Advice(adviser).codec(RAW, CONTEXT);
  assert.equal(adviser.asked, 1);
});

test('questions hold sizes, classes and counts, and no content', () => {
  const questions: Record<string, unknown>[] = [];
  const note = (question: object): undefined => {
    questions.push({ ...question });
  };
  decisions({ codec: note, group: note });
  const [codec, group] = questions as [Record<string, unknown>, Record<string, unknown>];
  assert.deepEqual(Object.keys(codec).sort(), [
    'cpuPressure',
    'fileKind',
    'fileOffsetBytes',
    'isLeaf',
    'linkBitsPerSecond',
    'number',
    'probeRatio',
    'rawBytes',
    'sampleEntropyBits',
    'siblingRatio',
  ]);
  assert.deepEqual(Object.keys(group).sort(), ['fileKind', 'nameClass', 'rawBytes']);
  const flags = { isLeaf: 0 };
  const numbers = [codec, group].flatMap((question) => Object.values({ ...question, ...flags }));
  for (const value of numbers) assert.equal(typeof value, 'number');
});

/** The questions an adviser of codecs got, as copies. */
function codecQuestions(adviser: Partial<StoreAdviser>, ask: (advice: Advice) => void): CodecQuestion[] {
  const questions: CodecQuestion[] = [];
  const codec = (question: Readonly<CodecQuestion>): undefined => {
    questions.push({ ...question });
  };
  ask(new Advice({ ...adviser, codec }, { linkBitsPerSecond: 1e8, cpuPressure: 0.5 }));
  return questions;
}

test('only what the adviser wants measured is measured; the rest is neutral', () => {
  const raw = text(new Rng(1), 5000);
  const measured = (steps: unknown) => {
    const codecSteps = () => steps as CodecSteps;
    const [question] = codecQuestions({ codecSteps }, (advice) => advice.codec(raw, CONTEXT));
    return [question?.sampleEntropyBits !== 8, question?.probeRatio !== 1];
  };
  assert.deepEqual(measured('none'), [false, false]);
  assert.deepEqual(measured('entropy'), [true, false]);
  for (const steps of ['entropy+probe', undefined, 'everything', 3])
    assert.deepEqual(measured(steps), [true, true]);
});

test('a question knows the link, the load, and how earlier blocks of its file came out', () => {
  const other = { ...CONTEXT, fileNumber: 2, isTree: true };
  const questions = codecQuestions({}, (advice) => {
    advice.codec(RAW, CONTEXT);
    advice.stored(1, 1000, 200);
    advice.codec(RAW, CONTEXT);
    advice.stored(1, 1000, 700);
    advice.codec(RAW, CONTEXT);
    advice.codec(RAW, other);
    // So many files later the first is forgotten.
    for (let file = 10; file < 80; file += 1) advice.stored(file, 10, 1);
    advice.codec(RAW, CONTEXT);
  });
  assert.deepEqual(
    questions.map(({ siblingRatio }) => siblingRatio),
    [0.5, 0.2, 0.3, 0.5, 0.5],
  );
  assert.deepEqual(
    questions.map(({ number }) => number),
    [1, 2, 3, 4, 5],
  );
  assert.deepEqual(
    questions.map(({ isLeaf }) => isLeaf),
    [true, true, true, false, true],
  );
  assert.deepEqual([questions[0]?.linkBitsPerSecond, questions[0]?.cpuPressure], [1e8, 0.5]);
});

test('each question gets its receipt, each pack its own; an adviser that throws disturbs nobody', () => {
  const told: unknown[] = [];
  const keep = (receipt: object): void => {
    told.push({ ...receipt });
    throw new RangeError('an adviser failed');
  };
  codecQuestions({ settleCodec: keep, settleLink: keep }, (advice) => {
    assert.equal(advice.codecQuestions, 0);
    advice.codec(RAW, CONTEXT);
    advice.codec(RAW, CONTEXT);
    assert.equal(advice.codecQuestions, 2);
    const alone = { codecId: CODEC_IDS.zstd, payload: undefined, deltaBytes: 0 };
    const block = { id: 'a', rawLength: 100 };
    const encoded = { outcome: OUTCOME.plain, aloneBytes: 40, aloneSeconds: 0.5 };
    advice.settleCodec(1, block, { ...alone, ...encoded });
    advice.settleCodec(2, block, { ...alone, ...encoded, outcome: OUTCOME.delta });
    advice.written(1000, 0.25);
  });
  const receipt = { blockId: 'a', rawBytes: 100, bytes: 40, seconds: 0.5 };
  assert.deepEqual(told, [
    { number: 1, ...receipt, storedAs: 'zstd' },
    { number: 2, ...receipt, storedAs: 'delta' },
    { bytes: 1000, seconds: 0.25 },
  ]);
});

test('an adviser that freezes or spoils what it is given spoils its own answers only', () => {
  const freezing = new Advice({
    codec: (question) => (Object.isFrozen(Object.freeze(question)) ? 'lz4' : ''),
    settleCodec: Object.freeze,
  });
  const numbers: unknown[] = [];
  const codec = (question: CodecQuestion): string => {
    numbers.push([question.number, question.linkBitsPerSecond]);
    Object.assign(question, { number: Symbol('x'), linkBitsPerSecond: 1n });
    return 'lz4';
  };
  const spoiling = new Advice({ codec }, { linkBitsPerSecond: 1e8, cpuPressure: 0 });
  const encoded = {
    ...{ codecId: CODEC_IDS.lz4, payload: undefined, deltaBytes: 0 },
    outcome: OUTCOME.plain,
  };
  for (const advice of [freezing, spoiling]) {
    assert.equal(advice.codec(RAW, CONTEXT).codec, 'lz4');
    advice.codec(RAW, CONTEXT);
    for (const number of [1, 2])
      advice.settleCodec(number, { id: 'a', rawLength: 9 }, { ...encoded, aloneBytes: 9, aloneSeconds: 0 });
    assert.equal(advice.codecQuestions, 2);
  }
  assert.deepEqual(numbers, [
    [1, 1e8],
    [2, 1e8],
  ]);
});

test('equal name endings share a group as long as there are groups', () => {
  const advice = new Advice({});
  const group = (nameClass: number): number => advice.group(9, { ...CONTEXT, nameClass });
  const groups = Array.from({ length: 3 * GROUP_COUNT }, (_, i) => group(1000 + i));
  assert.equal(new Set(groups.slice(0, GROUP_COUNT)).size, GROUP_COUNT);
  for (const [i, number] of groups.entries()) {
    assert.equal(group(1000 + i), number);
    assert.ok(Number.isInteger(number) && number >= 0 && number < GROUP_COUNT);
  }
});

/** Answers by a generator of its own: legal, illegal, exceptions, and abuse of the question. */
function hostile(seed: number): StoreAdviser {
  const rng = new Rng(seed);
  const answer = (question: object, legal: readonly unknown[]): never => {
    const kind = rng.below(10);
    if (kind === 0) throw new Error('an adviser failed');
    if (kind === 1) for (const key of Object.keys(question)) Reflect.set(question, key, rng.below(9) - 4);
    const from = kind < 4 ? NONSENSE : legal;
    return from[rng.below(from.length)] as never;
  };
  const small = Array.from({ length: GROUP_COUNT + 2 }, (_, i) => i - 1);
  return {
    codec: (question) => answer(question, ['none', 'lz4', 'snappy', 'zstd', 'zstd-1', 'zstd-19']),
    base: (question) => answer(question, small.slice(0, question.candidates.length + 1)),
    group: (question) => answer(question, small),
  };
}

async function packVersions(
  seed: number,
  adviser: StoreAdviser,
): Promise<{ bench: Workbench; roots: string[] }> {
  const bench = new Workbench();
  const roots: string[] = [];
  for (const sources of treeVersions(new Rng(seed), 3, { files: 10, maxFileBytes: 40_000 })) {
    bench.build(sources);
    const { root } = await bench.pack({ adviser });
    roots.push(root.toString());
    const { tree, errors } = await bench.restored();
    assert.deepEqual(errors, []);
    assert.deepEqual(treeDifferences(readTree(bench.fs, SOURCE), tree), []);
  }
  return { bench, roots };
}

test('random, hostile and throwing advisers: the same roots, every byte restored, chains within their limit', async () => {
  const check = async (tree: number, seed: number): Promise<void> => {
    const { roots } = await packVersions(tree, {});
    const advised = await packVersions(tree, hostile(seed));
    assert.deepEqual(advised.roots, roots);
    const chains = await advised.bench.open(chainsOf);
    for (const { steps, declared } of chains) assert.ok(steps <= declared && declared <= MAX_CHAIN_DEPTH);
  };
  await fc.assert(fc.asyncProperty(fc.nat(50), fc.nat(), check), { seed: 1, numRuns: 12 });
});

test('what nothing but nonsense advises is written as if nobody advised', async () => {
  const { bench: alone } = await packVersions(1, {});
  for (const answer of NONSENSE.slice(0, 12)) {
    const { bench } = await packVersions(1, { codec: () => answer as never, group: () => answer as never });
    assert.deepEqual(bench.files(), alone.files(), String(answer));
  }
});
