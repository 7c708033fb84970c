// The promises about rollouts, small: the same seeds and the same counts on every machine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { rolloutSection } from '../../bench/stats/rollout.ts';

test('rollouts keep their promises on a hundred runs', async () => {
  const { rows } = await rolloutSection('small');
  assert.deepEqual(
    rows.map(({ measured }) => measured),
    [
      '1.00 % (1 of 100)',
      // What is usually done, beside it: a threshold of 3 points, a floor of 95 %, a z-test at every look.
      '9.00 % (9 of 100)',
      '19.00 % (19 of 100)',
      '29.00 % (29 of 100)',
      '3.33 % (2 of 60)',
      '0.00 % (0 of 60)',
      '19925 (1013 of the model); half by 8712 (439)',
      '3576 (910 of the model); half by 2136 (528)',
      '2992 (1492 of the model); half by 1600 (803)',
      '0',
    ],
  );
  assert.deepEqual(
    rows.filter(({ isMet }) => isMet === false),
    [],
  );
});
