// The promises about rollouts, small: the same seeds and the same counts on every machine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { rolloutSection } from '../../bench/stats/rollout.ts';

test('rollouts keep their promises on forty runs', async () => {
  const { rows } = await rolloutSection('small');
  assert.deepEqual(
    rows.map(({ measured }) => measured),
    [],
  );
  assert.deepEqual(
    rows.filter(({ isMet }) => isMet === false),
    [],
  );
});
