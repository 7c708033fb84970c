// The parts of the store benchmark that decide what is measured and how it is told.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { UsageError } from '../../bench/common/command-line.ts';
import { median, quantile, range } from '../../bench/common/statistics.ts';
import { fixed, markdownTable, seconds, textTable } from '../../bench/common/table.ts';
import { rotated } from '../../bench/store/contest.ts';
import { Figures } from '../../bench/store/figures.ts';
import { goals, judge } from '../../bench/store/goals.ts';
import { powerText, spreadOut, svgPlot } from '../../bench/store/growth/plot.ts';
import { isComplete, readOptions } from '../../bench/store/options.ts';
import { emptyRow, type Results, type Row, resultVersion } from '../../bench/store/results.ts';
import { sample } from '../../bench/store/sets/sample.ts';
import { strangeness } from '../../bench/store/sets/sets.ts';
import { versions } from '../../bench/store/sets/versions.ts';
import { Rng } from '../../src/base/index.ts';

const mib = 1024 * 1024;

describe('statistics', () => {
  test('the median of none, of odd and of even numbers', () => {
    assert.deepEqual([median([]), median([3, 1, 2]), median([4, 1, 3, 2])], [null, 2, 2.5]);
  });

  test('quantiles and ranges', () => {
    const values = Array.from({ length: 100 }, (_, i) => 99 - i);
    assert.deepEqual([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)], [50, 99, 99]);
    assert.deepEqual([range(values), range([])], [[0, 99], null]);
  });
});

describe('sets', () => {
  test('a hundred versions', () => {
    const all = Object.entries(versions).flatMap(([name, list]) => list.map((one) => `${name}@${one}`));
    assert.equal(new Set(all).size, 100);
    assert.ok(
      all.includes('react-dom@19.2.5') && all.includes('webpack@5.101.0') && all.includes('rxjs@7.5.7'),
    );
  });

  test('a sample is the same for the same seed, within its budget, without what is too small or too large', () => {
    const rng = new Rng(1);
    const candidates = Array.from({ length: 500 }, (_, i) => ({ path: `${i}`, bytes: rng.below(5 * mib) }));
    const sizes = [{ path: 'tiny', bytes: 511 }, { path: 'huge', bytes: 21 * mib }, ...candidates];
    const take = (seed: number) => sample(sizes, 10 * mib, new Rng(seed));
    assert.deepEqual(take(7), take(7));
    assert.notDeepEqual(take(7), take(8));
    const total = take(7).reduce((sum, { bytes }) => sum + bytes, 0);
    assert.ok(total <= 10 * mib && total >= 9.7 * mib, `${total}`);
    assert.ok(take(7).every(({ path, bytes }) => path !== 'tiny' && bytes <= 4 * mib));
  });

  test('a set of another size or with other contents says so', () => {
    const listSha256 = '';
    const other = strangeness('B', { files: 58_662, bytes: 697_215_585, listSha256 });
    assert.match(other ?? '', /set B has other contents/);
    assert.equal(strangeness('A', { files: 18_312, bytes: 608e6, listSha256 }), undefined);
    assert.match(strangeness('A', { files: 10, bytes: 603e6, listSha256 }) ?? '', /set A has 10 files/);
  });
});

describe('options', () => {
  test('a complete run is the default', () => {
    assert.ok(isComplete(readOptions([])));
    for (const args of [['--rounds', '1'], ['--sets', 'B'], ['--tools', 'pilotfish'], ['--checkout']])
      assert.ok(!isComplete(readOptions(args)), args.join(' '));
  });

  test('restic max runs only when asked for', () => {
    assert.ok(!readOptions([]).tools.includes('restic-max'));
    assert.ok(readOptions(['--thorough']).tools.includes('restic-max'));
    assert.deepEqual(readOptions(['--tools', 'tar,pilotfish']).tools, ['pilotfish', 'tar']);
  });

  test('what cannot be is refused', () => {
    for (const args of [['--tools', 'rsync'], ['--rounds', '0'], ['--only', 'create'], ['--what'], ['x']])
      assert.throws(() => readOptions(args), UsageError, args.join(' '));
  });
});

test('the order of tools moves on', () => {
  assert.deepEqual(
    [0, 1, 4].map((by) => rotated(['a', 'b', 'c'], by).join('')),
    ['abc', 'bca', 'bca'],
  );
});

describe('goals', () => {
  const row = (set: string, tool: string, stored: number, wallSeconds: number): Row => {
    const usage = { wallSeconds, cpuSeconds: wallSeconds, peakBytes: 100 * mib };
    return {
      ...emptyRow(set, tool),
      stored: [stored],
      usage: { create: [usage], restore: [usage], verify: [], rerun: [usage] },
    };
  };
  const rows = [
    row('B', 'pilotfish', 29, 2),
    row('B', 'restic-auto', 100, 1),
    row('B', 'tar-zstd-long', 20, 1),
  ];
  const results = { version: resultVersion, tools: [], sets: [], rows } as unknown as Results;
  const judged = judge(new Figures(results), 'pilotfish');
  const verdicts = (set: string, text: RegExp): string[] =>
    judged.filter((one) => one.set === set && text.test(one.text)).map(({ verdict }) => verdict);

  test('each line has its verdict', () => {
    assert.equal(judged.length, goals.length);
    assert.deepEqual(verdicts('B', /stored bytes/), ['aim reached', 'missed']);
    assert.deepEqual(verdicts('B', /create, wall/), ['missed']);
    assert.deepEqual(verdicts('B', /peak/), ['met']);
    assert.deepEqual(
      verdicts('A', /./).filter((verdict) => verdict !== 'not measured'),
      [],
    );
  });

  test('a limit within the spread of the rounds is marked', () => {
    const usage = (wallSeconds: number) => ({ wallSeconds, cpuSeconds: null, peakBytes: null });
    const times = (tool: string, ...seconds: number[]): Row => {
      const row = emptyRow('B', tool);
      row.usage.create.push(...seconds.map(usage));
      return row;
    };
    const isClose = (...ours: number[]): boolean[] => {
      const both = [times('pilotfish', ...ours), times('restic-auto', 10, 11)];
      const list = judge(new Figures({ ...results, rows: both }), 'pilotfish');
      return list
        .filter((one) => one.set === 'B' && one.text.startsWith('create, wall'))
        .map((one) => one.isClose);
    };
    assert.deepEqual([isClose(8, 9), isClose(8, 12), isClose(12, 13)], [[false], [true], [false]]);
  });
});

describe('tables and plots', () => {
  test('cells and columns', () => {
    assert.deepEqual([fixed(null, 1), seconds(9.876), seconds(98.76)], ['–', '9.88', '98.8']);
    const table = { head: ['a', 'b'], rows: [['x | y', '1']] };
    assert.equal(markdownTable(table), '| a | b |\n|---|--:|\n| x \\| y | 1 |');
    assert.equal(textTable(table), 'a      b\n-----  -\nx | y  1');
  });

  test('labels keep apart', () => {
    const places = spreadOut([10, 10, 100, 11], 15);
    const sorted = [...places].sort((a, b) => a - b);
    assert.ok(sorted.every((y, i) => i === 0 || y - (sorted[i - 1] ?? 0) >= 15 - 1e-9));
  });

  test('powers of ten', () => {
    assert.deepEqual([1e-5, 0.1, 1, 100, 1e5, 1e12].map(powerText), [
      '10⁻⁵',
      '0.1',
      '1',
      '100',
      '10⁵',
      '10¹²',
    ]);
  });

  test('a plot is text that a browser takes', () => {
    const line = {
      label: 'a < b',
      points: [
        [1e5, 3],
        [1e6, 30],
      ],
    } as const;
    const svg = svgPlot([{ title: 't', xLabel: 'x', lines: [line] }], 'd & e');
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /);
    assert.ok(svg.includes('a &#60; b') && svg.includes('d &#38; e') && !svg.includes('NaN'));
    assert.equal(svg.match(/<circle/g)?.length, 2);
  });
});
