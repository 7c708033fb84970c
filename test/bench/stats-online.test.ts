// The promises about online learning, small: the same seeds and the same figures on every machine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { onlineSection } from '../../bench/stats/online.ts';

test('as right as River, back after a change, unimpressed by poison, and without bias about policies', async () => {
  const { rows } = await onlineSection('small');
  const promised = rows.filter(({ isMet }) => isMet !== undefined);
  assert.deepEqual(
    promised.filter(({ isMet }) => isMet !== true),
    [],
  );
  assert.equal(promised.length, 27);
  const measured = (start: string): string =>
    rows.find(({ measure }) => measure.startsWith(start))?.measured ?? 'no such row';
  assert.equal(measured('phishing, logistic-regression: accuracy'), '0.8928');
  assert.equal(measured('chick-weights, linear-regression: mean absolute error'), '23.7587');
  assert.equal(measured('SEA, change at 5000, logistic-regression'), '0.69 × (0.0090 against 0.0130)');
  assert.equal(
    measured('SEA with a tenth of the labels wrong, 2 streams of 3 changes, hoeffding-tree'),
    '1.07 × (0.1255 against 0.1177)',
  );
  assert.equal(measured('trials of 600 samples of labels by lot'), '0.00 % (0 of 40)');
  assert.equal(measured('a batch of 100 samples with labels turned round'), '100.00 % (40 of 40)');
  assert.equal(measured('of these runs, the poisoned candidate was thrown away'), '100.00 % (40 of 40)');
});
