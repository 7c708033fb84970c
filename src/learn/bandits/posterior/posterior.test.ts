import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { ArgmaxShares, type Family } from './argmax-shares.ts';
import { drawBeta, drawGamma } from './draw.ts';
import { BETA, NORMAL } from './sampled-arms.ts';

type Case = { arms: [number, number][]; shares: number[] };
const recorded = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/bandits.json', import.meta.url), 'utf8'),
) as { normals: Case[]; betas: Case[] };

function sharesOf(family: Family, arms: readonly (readonly [number, number])[]): Float64Array {
  const a = Float64Array.from(arms, ([first]) => first);
  const b = Float64Array.from(arms, ([, second]) => second);
  return new ArgmaxShares(arms.length, family).compute({ a, b }, new Float64Array(arms.length));
}

test('shares are those of adaptive quadrature by SciPy', () => {
  for (const [family, cases] of [
    [NORMAL, recorded.normals],
    [BETA, recorded.betas],
  ] as const) {
    for (const { arms, shares } of cases) {
      sharesOf(family, arms).forEach((share, i) => {
        const wanted = shares[i] as number;
        assert.ok(Math.abs(share - wanted) < 2e-6, `${JSON.stringify(arms)}: ${share} for ${wanted}`);
        if (wanted > 1e-6) assert.ok(Math.abs(share / wanted - 1) < 1e-4, `${share} for ${wanted}`);
      });
    }
  }
});

test('a density that cannot be has an end too', () => {
  const odd = [Number.NaN, 0, Number.MIN_VALUE, 1e-300, 1e-20, 1e12, 1e300, Infinity];
  for (const a of odd) {
    for (const b of [...odd, 1]) {
      assert.ok(BETA.reach(a, b, true) !== undefined && BETA.reach(b, a, false) !== undefined);
    }
  }
});

const normalArm = fc.tuple(
  fc.double({ min: -3, max: 3, noNaN: true }),
  fc.double({ min: -4, max: 1, noNaN: true }).map((power) => 10 ** power),
);
const betaArm = fc.tuple(
  fc.double({ min: -1, max: 4, noNaN: true }).map((power) => 10 ** power),
  fc.double({ min: -1, max: 4, noNaN: true }).map((power) => 10 ** power),
);

test('two normal arms split by the distribution function of their difference', () => {
  // P(X > 0) for X ~ N(m, s): Simpson over the density, far finer than the rule under test.
  const above = (mean: number, deviation: number) => {
    const steps = 4000;
    const [from, width] = [mean - 9 * deviation, (18 * deviation) / steps];
    let sum = 0;
    for (let i = 0; i <= steps; i += 1) {
      const x = from + i * width;
      const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
      const height = Math.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI));
      if (x > 0) sum += weight * height;
    }
    return (sum * width) / 3;
  };
  fc.assert(
    fc.property(normalArm, normalArm, (one, other) => {
      const share = sharesOf(NORMAL, [one, other])[0] as number;
      assert.ok(Math.abs(share - above(one[0] - other[0], Math.hypot(one[1], other[1]))) < 2e-3);
    }),
    { numRuns: 100 },
  );
});

test('shares sum to 1, follow the order of the arms, and an arm twice is as likely as its twin', () => {
  const laws = (family: Family, arm: fc.Arbitrary<[number, number]>) =>
    fc.assert(
      fc.property(fc.array(arm, { minLength: 1, maxLength: 7 }), (arms) => {
        const shares = sharesOf(family, arms);
        assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
        const reversed = sharesOf(family, arms.toReversed()).toReversed();
        shares.forEach((share, i) => {
          assert.ok(Math.abs(share - (reversed[i] as number)) < 1e-9);
        });
        const twice = sharesOf(family, [...arms, arms[0] as [number, number]]);
        assert.ok(Math.abs((twice[0] as number) - (twice.at(-1) as number)) < 1e-9);
        assert.ok((twice[0] as number) <= (shares[0] as number) + 4e-6);
      }),
      { numRuns: 150 },
    );
  laws(NORMAL, normalArm);
  laws(BETA, betaArm);
});

test('deviations below float64 resolution are point masses', () => {
  assert.deepEqual(
    [
      ...sharesOf(NORMAL, [
        [1e6, 1e-300],
        [0, 1],
      ]),
    ],
    [1, 0],
  );
  const [first, second] = sharesOf(NORMAL, [
    [5, 0],
    [5, 0],
  ]);
  assert.ok(Math.abs((first as number) - 0.5) < 1e-9 && Math.abs((second as number) - 0.5) < 1e-9);
});

test('gamma and beta draws have the mean and variance of their distributions', () => {
  const rng = new FastRng(4);
  const moments = (draw: () => number) => {
    const draws = Array.from({ length: 40_000 }, draw);
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    return { mean, variance: draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length };
  };
  for (const shape of [0.1, 0.7, 1, 3.5, 400]) {
    const { mean, variance } = moments(() => drawGamma(rng, shape));
    assert.ok(Math.abs(mean - shape) < 5 * Math.sqrt(shape / 40_000), `${shape}: ${mean}`);
    assert.ok(Math.abs(variance / shape - 1) < 0.15, `${shape}: ${variance}`);
  }
  for (const [a, b] of [
    [0.1, 0.1],
    [1, 1],
    [30, 10],
    [2, 500],
  ] as const) {
    const { mean, variance } = moments(() => drawBeta(rng, a, b));
    const wanted = (a * b) / ((a + b) ** 2 * (a + b + 1));
    assert.ok(Math.abs(mean - a / (a + b)) < 5 * Math.sqrt(wanted / 40_000), `${a}, ${b}: ${mean}`);
    assert.ok(Math.abs(variance / wanted - 1) < 0.1, `${a}, ${b}: ${variance}`);
  }
});
