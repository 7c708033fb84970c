// The promises about experiments, small: the same seeds and the same counts on every machine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { experimentsSection } from '../../bench/stats/experiments.ts';
import { broken, consoleReport, markdownReport } from '../../bench/stats/report.ts';
import type { Results } from '../../bench/stats/results.ts';

const machine = {
  cpu: 'a processor',
  cores: 2,
  memoryBytes: 2 ** 33,
  system: 'a system',
  kernel: '6',
  fileSystem: 'ext4',
  node: '26',
  loadBefore: 0,
};

const kept = [
  ['false winners, rate 0.10: ours (differenceSequence)', '2.00 % (8 of 400)'],
  ['false winners, rate 0.10, treatment 10 %: ours (differenceSequence)', '3.75 % (15 of 400)'],
  ['false winners, rate 0.01: ours (differenceSequence)', '3.50 % (14 of 400)'],
  ['false winners, log-normal times, variation 1: ours (differenceSequence)', '0.00 % (0 of 10)'],
  [
    'false winners, 95th percentile of such times, from a sketch: ours (differenceSequence)',
    '0.00 % (0 of 10)',
  ],
  [
    'power at 10 % more than 0.10: ours (differenceSequence)',
    '75.3 % (301 of 400), half stopped by 12225 per arm',
  ],
  [
    'power at 5 % more than 0.10: ours (differenceSequence)',
    '21.8 % (87 of 400), half stopped by 20000 per arm',
  ],
  [
    'power at 30 % more than 0.10: ours (differenceSequence)',
    '100.0 % (400 of 400), half stopped by 2250 per arm',
  ],
  ['sequential SRM alarms at 0.001, correct split 50/50, every unit', '0.000 % (0 of 60)'],
  ['sequential SRM alarms at 0.001, correct split 90/10, every unit', '0.000 % (0 of 60)'],
  [
    'false winners, rate 0.10: exact interval (BettingDifference), every value from the first',
    '0.00 % (0 of 5)',
  ],
  ['exact test "a rate is 0.10 at most", every value, the rate is 0.10: false alarms', '2.00 % (4 of 200)'],
  ['CUPED, variance left at correlation 0.3', '0.9132'],
  ['CUPED, variance left at correlation 0.5', '0.7513'],
  ['CUPED, variance left at correlation 0.7', '0.5142'],
  ['CUPED, variance left at correlation 0.9', '0.1895'],
];

test('experiments keep their promises on four hundred runs', async () => {
  const { rows } = await experimentsSection('small');
  const promised = rows.filter(({ isMet }) => isMet !== undefined);
  assert.deepEqual(
    promised.map(({ measure, measured }) => [measure, measured]),
    kept,
  );
  assert.ok(promised.every(({ isMet }) => isMet));
  const naive = rows.find(({ measure }) => measure === 'false winners, rate 0.10: p < 0.05 at every look');
  assert.equal(naive?.measured, '36.50 % (146 of 400)');
});

test('a broken promise is named, in the page as well', () => {
  const row = { measure: 'm', bound: '≤ 1', measured: '2', isMet: false };
  const beside = { measure: 'n', bound: '', measured: '3', isMet: undefined };
  const section = { title: 'T', note: 'N.', rows: [row, beside], date: '2026-01-01', seconds: 5 };
  const results: Results = { machine, sections: { experiments: section } };
  assert.deepEqual(broken(results), [row]);
  assert.match(markdownReport(results), /^\| m \| 2 \| ≤ 1 \| NO \|\n\| n \| 3 \| – \| – \|$/mu);
  assert.match(consoleReport(results), /^m +2 +≤ 1 +NO$/mu);
});
