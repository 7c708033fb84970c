import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../../base/index.ts';
import { Ewma, persistence } from './index.ts';

test('an average weighs the past, and persistence is its limit', () => {
  const value = fc.double({ min: -1e308, max: 1e308, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, weight) => {
        const [ewma, last] = [new Ewma({ weight }), persistence()];
        for (const one of values) {
          ewma.learnOne(one);
          last.learnOne(one);
        }
        // Zero and minus zero are the same value here.
        assert.ok(last.predict() === values.at(-1), `${last.predict()}`);
        const [least, most] = [Math.min(...values), Math.max(...values)];
        const slack = 1e-12 * Math.max(Math.abs(least), Math.abs(most));
        assert.ok(ewma.predict() >= least - slack && ewma.predict() <= most + slack);
      },
    ),
  );
  const ewma = new Ewma({ weight: 0.25 });
  for (const one of [8, 4, 0]) ewma.learnOne(one);
  assert.equal(ewma.predict(), 0.75 * (0.75 * 8 + 0.25 * 4));
});

test('a restored average goes on where it was, also before its first value', () => {
  const ewma = new Ewma();
  assert.throws(() => Ewma.restore(ewma.snapshot()).predict(), { code: 'UNTRAINED' });
  ewma.learnOne(3);
  ewma.learnOne(4);
  const restored = Ewma.restore(ewma.snapshot());
  assert.deepEqual(restored.snapshot(), ewma.snapshot());
  ewma.learnOne(-1);
  restored.learnOne(-1);
  assert.equal(restored.predict(), ewma.predict());
});

test('what is no value, weight or snapshot is refused', () => {
  assert.throws(() => new Ewma().predict(), { code: 'UNTRAINED' });
  assert.throws(() => new Ewma().learnOne(Number.POSITIVE_INFINITY), { code: 'NOT_FINITE' });
  assert.throws(() => new Ewma({ weight: 0 }), { code: 'USAGE' });
  const whole = new Ewma().snapshot();
  for (const config of [{}, { ...whole.config, weight: 2 }, { ...whole.config, mean: null }]) {
    assert.throws(
      () => Ewma.restore({ ...whole, config }),
      (error) => hasCode(error),
    );
  }
});
