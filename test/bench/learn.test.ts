// The learning benchmark, small: rows and the hashes of their results, never times; without a compiler.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { UsageError } from '../../bench/common/command-line.ts';
import { gateRow, hashOf, runRow } from '../../bench/learn/contest.ts';
import { type Candidate, interleave } from '../../bench/learn/interleave.ts';
import { commandText, readOptions } from '../../bench/learn/options.ts';
import { consoleReport } from '../../bench/learn/report/console.ts';
import { markdownReport } from '../../bench/learn/report/markdown.ts';
import { figure, summary } from '../../bench/learn/report/tables.ts';
import { type Results, resultVersion, type Section, verdictOf } from '../../bench/learn/results.ts';
import { makeTask } from '../../bench/learn/rows/rows.ts';
import { gates, type RowName, rowNames } from '../../bench/learn/rows/task.ts';
import { sectionNames } from '../../bench/learn/sections/sections.ts';

/** SHA-256 of what each row computes, the same on every machine. They change when a row or a kernel's bits do. */
const hashes: Readonly<Record<RowName, string>> = {
  'mlp-12-128-64-32-4': 'e10dcc1be85d21825f00ffb65ad8711fa61dcee755014111accaa9e07a07670f',
  'mlp-8-128-128-6': 'db670d38982d7306a74a4556c3c396dcad12dab117e043ffaff3e5d686cbec91',
  'lstm64-step': 'ae8fe0264d25ed825c851e8f73c338ffa5770a98ebb3be45e29da109a21da0a9',
  'lstm64-x20': 'ae8fe0264d25ed825c851e8f73c338ffa5770a98ebb3be45e29da109a21da0a9',
  'lstm64x2-step': '0c7e22762a67082092cc0faba1b6ceac3e9984553e8c20ff2c79e01cc641cf23',
  'head-10k-top5': 'a81d1625bfb6f19b598c22b4706e4f39df959a393a16b8cab5263fb862fe801c',
  'head-256': '9dd25741f62e9bb50f6f71f9e4138000647cb7a8e506107e9be2eac925bf3f6a',
  'trees-600x8': '7086a4f9c346bab5067b65e581ac11fdcb7f1d71204a318c5bd3680d8c4566b1',
  'mlp-batch256': 'f03a42bed577dd086a9829a933eb80b6b8278d35c47ca7cd1473aa590a58b0ba',
  'entropy-64k': '8a177de7abe0137de6264630995e0a0a25132e99693f790ffa6a93f334fd9546',
  'fastcdc-features': '91db9ff4c6a1fb1d5a3fc7b561348bcbdbfc946122c114d38a4d882917b8eca7',
};

/** No time at all: one call a batch, one round. */
const noPace = { warmMs: 0, batchMs: 0, rounds: 1 };

describe('rows', () => {
  test('have the names and the gates that were agreed', () => {
    assert.deepEqual(gates, {
      'mlp-12-128-64-32-4': 3.0,
      'mlp-8-128-128-6': 2.8,
      'lstm64-step': 3.0,
      'lstm64-x20': 3.0,
      'lstm64x2-step': 2.8,
      'head-10k-top5': 2.7,
      'head-256': 2.6,
      'trees-600x8': 1.3,
      'mlp-batch256': 2.6,
      'entropy-64k': 1.9,
      'fastcdc-features': 1.3,
    });
  });

  for (const name of rowNames) {
    test(`${name} computes what it always did`, () => {
      const { product } = makeTask[name]();
      assert.equal(hashOf(product.answer()), hashes[name]);
      // Runs in between do not change the answer.
      product.loop(2);
      assert.equal(hashOf(product.answer()), hashes[name]);
    });
  }

  test('without a compiler a gate is not evaluated', () => {
    const detail = runRow('mlp-8-128-128-6', [], noPace);
    const { productUs, ...row } = gateRow(detail);
    assert.ok(productUs > 0);
    assert.deepEqual(row, { name: 'mlp-8-128-128-6', nativeUs: null, ratio: null, gate: 2.8 });
    assert.equal(detail.sha256, hashes['mlp-8-128-128-6']);
  });
});

test('a round runs each candidate once', () => {
  const calls: string[] = [];
  const candidate = (name: string): Candidate => ({
    name,
    loop: () => {
      calls.push(name);
      return 1e9;
    },
  });
  const timings = interleave([candidate('a'), candidate('b')], { warmMs: 0, batchMs: 1, rounds: 3 });
  assert.deepEqual(calls.slice(-6), ['a', 'b', 'a', 'b', 'a', 'b']);
  assert.deepEqual(timings.get('b'), { p50Us: 1e6, p99Us: 1e6, minUs: 1e6 });
});

test('options', () => {
  assert.deepEqual(readOptions([]).rows, rowNames);
  const few = readOptions(['--only', 'latency,head-256', '--quick', '--json', 'x']);
  assert.deepEqual([few.rows, few.sections, few.isQuick, few.json], [['head-256'], ['latency'], true, 'x']);
  assert.equal(commandText(['--docs', '--only', 'streams']), 'npm run bench:learn -- --only streams');
  for (const args of [['--only', 'head'], ['--fast'], ['x']])
    assert.throws(() => readOptions(args), UsageError);
});

describe('the report', () => {
  const section: Section = {
    id: 'streams',
    title: 'Stream learners',
    about: 'Few samples.',
    findings: [
      {
        name: 'a learner',
        unit: 'samples/s',
        product: 1000,
        others: [{ name: 'River', value: 100 }],
        goals: [{ text: '/ River', value: 10, limit: 20, must: 'at least' }],
      },
    ],
    absent: ['river IS ABSENT'],
  };
  const timing = (p50Us: number) => ({ p50Us, p99Us: 2 * p50Us, minUs: p50Us });
  const detail = (name: RowName, product: number, clang?: number) => ({
    ...{ name, flop: 1000, sha256: 'ab'.repeat(32), heapBytes: 0 },
    timings: { product: timing(product), ...(clang === undefined ? {} : { clang: timing(clang) }) },
    differences: clang === undefined ? {} : { clang: 1e-7 },
  });
  const details = [detail('lstm64-step', 9, 1), detail('head-256', 2, 1), detail('trees-600x8', 5)];
  const machine = {
    ...{ cpu: 'a processor', cores: 2, memoryBytes: 2 ** 33, system: 'a system', kernel: '1' },
    ...{ fileSystem: 'ext4', node: '26', loadBefore: 0 },
  };
  const results: Results = {
    ...{
      version: resultVersion,
      date: '2026-01-01T00:00:00.000Z',
      command: 'npm test',
      machine,
      compilers: [],
    },
    ...{ rows: details.map(gateRow), details, sections: [section] },
  };

  test('judges every gate and goal', () => {
    const [rows, aim, goals] = summary(results);
    assert.match(rows ?? '', /^gates: 1 of 3 met; missed: lstm64-step \(9.00 of 3\); not evaluated: 1$/);
    assert.equal(aim, 'aim, ratio 2.0 everywhere: 1 of 3 reached');
    assert.match(goals ?? '', /^other goals: 0 of 1 met; missed: a learner/);
    assert.equal(verdictOf({ value: 1, limit: 1, must: 'at most' }), 'met');
    assert.equal(verdictOf({ value: null, limit: 1, must: 'at least' }), 'not evaluated');
  });

  test('says what is absent, at a terminal and on the page', () => {
    for (const text of [consoleReport(results), markdownReport(results)]) {
      assert.match(text, /river IS ABSENT/);
      assert.match(text, /not evaluated/);
      assert.match(text, /LSTM, one more step/);
    }
    assert.match(markdownReport(results), /\| lstm64-step \|.*\*\*missed\*\* \|/);
  });

  test('the results survive being written down', () => {
    const again = JSON.parse(JSON.stringify(results)) as Results;
    assert.equal(markdownReport(again), markdownReport(results));
  });

  test('figures keep three digits', () => {
    assert.deepEqual([0, 0.01234, 1.234, 123.4, 12345, null].map(figure), [
      '0',
      '0.0123',
      '1.23',
      '123',
      '12345',
      '–',
    ]);
  });
});

test('every section has a name to ask for it by', () => {
  assert.deepEqual(readOptions([]).sections, sectionNames);
});
