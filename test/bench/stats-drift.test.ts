// The promises about drift, small: the same seeds and the same counts on every machine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { driftSection } from '../../bench/stats/drift.ts';

test('drift keeps its budget on forty streams, and finds what changes', async () => {
  const { rows } = await driftSection('small');
  const promised = rows.filter(({ isMet }) => isMet !== undefined);
  assert.ok(promised.every(({ isMet }) => isMet));
  assert.deepEqual(
    promised.map(({ bound, measured }) => [bound, measured]),
    [
      ['120 ± 20 %', '110 (standard error 21), 0 of them critical'],
      ['≤ 120', '110'],
      ['0', '0'],
    ],
  );
  const ours = rows.find(({ measure }) => measure.endsWith('ours, windows of 200 to 1600'));
  assert.match(ours?.measured ?? '', /^3 of 3 changes found, 299 values after it on average; 0 alarms/);
});
