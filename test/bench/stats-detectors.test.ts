// The detectors' part of the promises, small: the same seeds and the same counts on every machine, and no times.
import assert from 'node:assert/strict';
import test from 'node:test';
import { detectorsSection } from '../../bench/stats/detectors.ts';

test("detectors find what River's find, and alarm on stationary streams as often as they did", async () => {
  const { rows } = await detectorsSection('small');
  assert.deepEqual(
    rows.filter(({ isMet }) => isMet === false),
    [],
  );
  assert.deepEqual(
    rows.map(({ measured }) => measured),
    [
      '16 of 16 streams and settings (integers: 1023)',
      '16 of 16 streams and settings (integers: 1020, 1397, 1548, 1988)',
      '8 of 8 streams and settings (integers: 1042)',
      '4 of 4 streams and settings (errors: 1049)',
      '4 of 4 streams and settings (errors: 663, 828, 1007, 1078)',
      '6 of 6 streams and settings (errors: 1047)',
      '6 of 6 streams and settings (errors: 1018)',
      '0.00 (0 in 20000); River 0',
      '5.00 (10 in 20000); River 5.8',
      '12.50 (25 in 20000); River 17.8',
      '1.00 (2 in 20000)',
      '8.50 (17 in 20000)',
      '0.00 (0 in 20000)',
      '0.00 (0 in 20000)',
      '4.50 % (45 of 1000); above 0.1: 87.50 % (875 of 1000)',
      '5.40 % (54 of 1000); above 0.1: 39.90 % (399 of 1000)',
      '3.60 % (36 of 1000); above 0.1: 2.20 % (22 of 1000)',
      '5.50 % (55 of 1000); above 0.1: 0.00 % (0 of 1000)',
    ],
  );
});
