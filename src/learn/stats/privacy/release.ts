import { PilotfishError } from '../../../base/index.ts';
import { checkPositive } from './accounting.ts';
import { type RandomWords, type Rational, rationalOf } from './exact.ts';
import type { PrivacyLedger } from './ledger.ts';
import { discreteGaussian, discreteLaplace } from './noise.ts';

/** What a release needs beside the value. */
export type ReleaseContext = { readonly ledger: PrivacyLedger; readonly words: RandomWords };

const inverse = ({ numerator, denominator }: Rational): Rational => ({
  numerator: denominator,
  denominator: numerator,
});

const times = (a: Rational, b: Rational): Rational => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
});

function checkWhole(name: string, value: number): bigint {
  if (!Number.isSafeInteger(value)) {
    throw new PilotfishError(
      'USAGE',
      `${name} is ${value}; count in whole units, such as bytes or microseconds`,
    );
  }
  return BigInt(value);
}

function checkSensitivity(sensitivity: number): Rational {
  if (checkWhole('sensitivity', sensitivity) < 1n) {
    throw new PilotfishError(
      'USAGE',
      `sensitivity is ${sensitivity}; give how much one person changes it, 1 or more`,
    );
  }
  return rationalOf(sensitivity);
}

/** Rounds what lies beyond 2^53 to the nearest double; nothing is lost, the draw is made and paid for. */
const release = (value: bigint, noise: bigint): number => Number(value + noise);

/**
 * A whole number made ε-differentially private by discrete Laplace noise of scale sensitivity / ε; unbiased, with a
 * variance of 2 e^(-1/b) / (1 - e^(-1/b))² at scale b. The ledger is charged before the draw. Measure real-valued
 * quantities in small whole units first.
 * @throws PilotfishError `REFUSED` when the budget does not suffice, `USAGE` for anything but whole numbers.
 */
export function releaseLaplace(
  value: number,
  { sensitivity, epsilon }: { readonly sensitivity: number; readonly epsilon: number },
  { ledger, words }: ReleaseContext,
): number {
  const [whole, reach] = [checkWhole('value', value), checkSensitivity(sensitivity)];
  ledger.spend({ epsilon });
  return release(whole, discreteLaplace(times(reach, inverse(rationalOf(epsilon))), words));
}

/**
 * A whole number made ρ-zCDP by discrete Gaussian noise of variance sensitivity² / (2 ρ); unbiased. The ledger (of
 * composition `zcdp`) is charged before the draw.
 * @throws PilotfishError `REFUSED` when the budget does not suffice, `USAGE` for anything but whole numbers.
 */
export function releaseGaussian(
  value: number,
  { sensitivity, rho }: { readonly sensitivity: number; readonly rho: number },
  { ledger, words }: ReleaseContext,
): number {
  const [whole, reach] = [checkWhole('value', value), checkSensitivity(sensitivity)];
  checkPositive('rho', rho);
  ledger.spend({ rho });
  return release(whole, discreteGaussian(times(times(reach, reach), inverse(rationalOf(2 * rho))), words));
}
