import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { epsilonOfRho, rhoOfEpsilon } from './accounting.ts';
import { rationalOf, survives, uniformBelow } from './exact.ts';
import { PrivacyLedger } from './ledger.ts';
import { discreteGaussian, discreteLaplace } from './noise.ts';
import { releaseGaussian, releaseLaplace } from './release.ts';

const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/scipy.json', import.meta.url), 'utf8'),
) as { zcdp: [number, number, number][] };

const wordsOf = (seed: number) => {
  const rng = new FastRng(seed);
  return () => rng.nextU32();
};

/** Standard deviations by which Pearson's statistic exceeds its mean (Wilson, Hilferty 1931). */
function surprise(counts: readonly number[], expected: readonly number[]): number {
  const statistic = counts.reduce(
    (sum, count, i) => sum + (count - (expected[i] as number)) ** 2 / (expected[i] as number),
    0,
  );
  const k = counts.length - 1;
  return ((statistic / k) ** (1 / 3) - (1 - 2 / (9 * k))) / Math.sqrt(2 / (9 * k));
}

/** Draws compared with exact probabilities on -reach … reach, everything beyond in one more cell. */
function assertDistribution(draw: () => bigint, weight: (x: number) => number, reach: number): void {
  const draws = 8000;
  const cells = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const far = Array.from({ length: 400 * reach }, (_, i) => i - 200 * reach);
  const total = far.reduce((sum, x) => sum + weight(x), 0);
  const expected = cells.map((x) => (draws * weight(x)) / total);
  expected.push(draws - expected.reduce((sum, count) => sum + count, 0));
  const counts = new Array<number>(cells.length + 1).fill(0);
  for (let i = 0; i < draws; i += 1) {
    const x = Number(draw());
    const cell = Math.abs(x) <= reach ? x + reach : cells.length;
    counts[cell] = (counts[cell] as number) + 1;
  }
  const deviations = surprise(counts, expected);
  assert.ok(deviations < 3.5, `${deviations} standard deviations from the distribution`);
}

test('discrete Laplace noise has its distribution', () => {
  for (const scale of [0.5, 1 / Math.log(3), 3.7]) {
    const words = wordsOf(1);
    const weight = (x: number) => Math.exp(-Math.abs(x) / scale);
    assertDistribution(() => discreteLaplace(rationalOf(scale), words), weight, Math.ceil(2 * scale));
  }
});

test('discrete Gaussian noise has its distribution', () => {
  for (const variance of [0.3, 2, 30]) {
    const words = wordsOf(2);
    const weight = (x: number) => Math.exp((-x * x) / (2 * variance));
    assertDistribution(
      () => discreteGaussian(rationalOf(variance), words),
      weight,
      Math.ceil(2 * Math.sqrt(variance)),
    );
  }
});

test('coin flips of probability exp(-x) and even draws come as often as they should', () => {
  const words = wordsOf(3);
  for (const exponent of [0, 0.2, 1, 2.5]) {
    let heads = 0;
    for (let i = 0; i < 4000; i += 1) heads += Number(survives(rationalOf(exponent), words));
    const p = Math.exp(-exponent);
    assert.ok(Math.abs(heads / 4000 - p) <= 3.5 * Math.sqrt((p * (1 - p)) / 4000), `${exponent}: ${heads}`);
  }
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 5000; i += 1) {
    const draw = Number(uniformBelow(5n, words));
    counts[draw] = (counts[draw] as number) + 1;
  }
  assert.ok(surprise(counts, [1000, 1000, 1000, 1000, 1000]) < 3.5);
  assert.equal(uniformBelow(1n, words), 0n);
  const large = 10n ** 30n;
  for (let i = 0; i < 100; i += 1) assert.ok(uniformBelow(large, words) < large);
});

test('a double becomes exactly its fraction', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const { numerator, denominator } = rationalOf(value);
      const shift = denominator.toString(2).length - 1;
      assert.equal(denominator, 1n << BigInt(shift));
      assert.ok(numerator % 2n !== 0n || shift === 0);
      if (shift <= 1000) assert.equal(Number(numerator) / 2 ** shift, value === 0 ? 0 : value);
    }),
  );
  assert.throws(() => rationalOf(Number.NaN), { code: 'NOT_FINITE' });
});

// The flaw this noise is free of: a double drawn as value + scale * log(…) can come from one value and not from its
// neighbour, so that a single output tells which it was.
test('every output that one value can give, its neighbour can give too', () => {
  const seen = [new Set<number>(), new Set<number>()];
  for (const value of [0, 1]) {
    const context = { ledger: new PrivacyLedger({ epsilon: 1e6 }), words: wordsOf(4 + value) };
    for (let i = 0; i < 4000; i += 1) {
      seen[value]?.add(releaseLaplace(value, { sensitivity: 1, epsilon: 1 }, context));
    }
  }
  for (let output = -4; output <= 5; output += 1) {
    assert.ok(seen[0]?.has(output) && seen[1]?.has(output), `${output}`);
  }
  for (const outputs of seen) for (const output of outputs) assert.ok(Number.isInteger(output));
});

test('the noise is as large as the guarantee asks', () => {
  const laplace = { ledger: new PrivacyLedger({ epsilon: 1e6 }), words: wordsOf(6) };
  const gaussian = {
    ledger: new PrivacyLedger({ epsilon: 1e6, delta: 1e-6, composition: 'zcdp' }),
    words: wordsOf(7),
  };
  let [first, second] = [0, 0];
  for (let i = 0; i < 4000; i += 1) {
    first += releaseLaplace(1000, { sensitivity: 3, epsilon: 0.5 }, laplace) - 1000;
    second += (releaseGaussian(1000, { sensitivity: 3, rho: 0.125 }, gaussian) - 1000) ** 2;
  }
  // Laplace of scale 6: variance 72; Gaussian: 9 / 0.25 = 36.
  assert.ok(Math.abs(first / 4000) < 3.5 * Math.sqrt(72 / 4000));
  assert.ok(Math.abs(second / 4000 - 36) < 3.5 * 36 * Math.sqrt(2 / 4000), `${second / 4000}`);
  assert.equal(laplace.ledger.spent.releases, 4000);
});

test('epsilon of rho is the least over all orders, and rho of epsilon inverts it', () => {
  for (const [rho, delta, epsilon] of recorded.zcdp) {
    const found = epsilonOfRho(rho, delta);
    assert.ok(Math.abs(found - epsilon) <= 1e-9 * epsilon, `${rho}, ${delta}: ${found}, ${epsilon}`);
    assert.ok(found < rho + 2 * Math.sqrt(rho * Math.log(1 / delta)));
    if (epsilon > 0) assert.ok(Math.abs(rhoOfEpsilon(epsilon, delta) / rho - 1) < 1e-6);
  }
});

test('a Gaussian release of the converted size is (epsilon, delta)-private', () => {
  const [rho, delta] = [0.1, 1e-3];
  const epsilon = epsilonOfRho(rho, delta);
  const sigma = 1 / Math.sqrt(2 * rho);
  const density = (x: number, mean: number) => Math.exp(-((x - mean) ** 2) / (2 * sigma * sigma));
  const reach = Array.from({ length: 401 }, (_, i) => i - 200);
  const norm = reach.reduce((sum, x) => sum + density(x, 0), 0);
  const excess = reach.reduce(
    (sum, x) => sum + Math.max(0, density(x, 1) - Math.exp(epsilon) * density(x, 0)),
    0,
  );
  assert.ok(excess / norm <= delta, `${excess / norm}`);
});

test('a spent budget refuses, and the refusal costs nothing', () => {
  const ledger = new PrivacyLedger({ epsilon: 0.3 });
  const context = { ledger, words: wordsOf(8) };
  ledger.spend({ epsilon: 0.1 });
  releaseLaplace(10, { sensitivity: 1, epsilon: 0.2 }, context);
  assert.ok(!ledger.affords({ epsilon: 1e-6 }));
  assert.throws(() => ledger.spend({ epsilon: 0.1 }), { code: 'REFUSED' });
  assert.throws(() => releaseLaplace(10, { sensitivity: 1, epsilon: 0.2 }, context), { code: 'REFUSED' });
  assert.ok(Math.abs(ledger.spent.epsilon - 0.3) < 1e-12);
  assert.equal(ledger.spent.releases, 2);
  const strict = new PrivacyLedger({ epsilon: 1, delta: 1e-6 });
  assert.throws(() => strict.spend({ epsilon: 0.1, delta: 1e-5 }), { code: 'REFUSED' });
  strict.spend({ epsilon: 0.1, delta: 1e-6 });
  assert.throws(() => strict.spend({ epsilon: 0.1, delta: 1e-9 }), { code: 'REFUSED' });
});

test('zCDP composition allows many more small releases than adding up', () => {
  const counts = (['basic', 'zcdp'] as const).map((composition) => {
    const ledger = new PrivacyLedger({ epsilon: 1, delta: 1e-6, composition });
    let count = 0;
    for (; ledger.affords({ epsilon: 0.01 }); count += 1) ledger.spend({ epsilon: 0.01 });
    assert.ok(ledger.spent.epsilon <= 1 + 1e-6 && ledger.spent.epsilon > 0.98);
    return count;
  });
  assert.equal(counts[0], 100);
  assert.ok((counts[1] as number) > 350, `${counts[1]}`);
});

test('a restored ledger has spent what its original had, and damage is refused', () => {
  for (const composition of ['basic', 'zcdp'] as const) {
    const ledger = new PrivacyLedger({ epsilon: 1, delta: 1e-6, composition });
    ledger.spend({ epsilon: 0.12 });
    const snapshot = ledger.snapshot();
    const twin = PrivacyLedger.restore(JSON.parse(JSON.stringify(snapshot)));
    assert.deepEqual(twin.spent, ledger.spent);
    assert.equal(twin.affords({ epsilon: 0.95 }), ledger.affords({ epsilon: 0.95 }));
    const { config } = snapshot;
    const spent = config['spent'] as Record<string, number>;
    for (const damage of [
      { epsilon: -1 },
      { epsilon: '1' },
      { delta: 2 },
      { composition: 'none' },
      { spent: null },
      { spent: { ...spent, rho: 1e9 } },
      { spent: { ...spent, epsilon: -0.5 } },
      { spent: { ...spent, releases: 0.5 } },
    ]) {
      assert.throws(() => PrivacyLedger.restore({ ...snapshot, config: { ...config, ...damage } }), {
        code: 'DAMAGED',
      });
    }
    assert.throws(() => PrivacyLedger.restore({ ...snapshot, kind: 'mlp' }), { code: 'DAMAGED' });
  }
});

test('what makes no sense is refused before anything is spent', () => {
  const usage = { code: 'USAGE' };
  assert.throws(() => new PrivacyLedger({ epsilon: 0 }), usage);
  assert.throws(() => new PrivacyLedger({ epsilon: 1, delta: 1 }), usage);
  assert.throws(() => new PrivacyLedger({ epsilon: 1, composition: 'zcdp' }), usage);
  const basic = new PrivacyLedger({ epsilon: 1 });
  const zcdp = new PrivacyLedger({ epsilon: 1, delta: 1e-6, composition: 'zcdp' });
  assert.throws(() => basic.spend({ rho: 0.1 }), usage);
  assert.throws(() => zcdp.spend({ epsilon: 0.1, delta: 1e-9 }), usage);
  assert.throws(() => basic.spend({ epsilon: Number.NaN }), usage);
  const context = { ledger: basic, words: wordsOf(9) };
  assert.throws(() => releaseLaplace(0.5, { sensitivity: 1, epsilon: 0.1 }, context), usage);
  assert.throws(() => releaseLaplace(1, { sensitivity: 0, epsilon: 0.1 }, context), usage);
  assert.throws(() => releaseGaussian(1, { sensitivity: 1, rho: 0 }, { ...context, ledger: zcdp }), usage);
  assert.deepEqual([basic.spent.releases, zcdp.spent.releases], [0, 0]);
  assert.throws(() => discreteLaplace({ numerator: 0n, denominator: 1n }, wordsOf(1)), usage);
  assert.throws(() => discreteLaplace({ numerator: 5n, denominator: 1n }, () => 0.5), usage);
});
