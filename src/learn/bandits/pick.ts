import { type FastRng, PilotfishError } from '../../base/index.ts';

/** A choice that its bandit writes anew at every question. */
export type MutableChoice = { arm: number; propensity: number };

/**
 * Draws one of the arms with the highest score, each of them equally likely. An illegal arm scores -Infinity.
 * @throws PilotfishError `EMPTY` when no arm is legal.
 */
export function pickBest(scores: Float64Array, rng: FastRng, choice: MutableChoice): MutableChoice {
  let best = Number.NEGATIVE_INFINITY;
  let arm = -1;
  let ties = 0;
  for (let i = 0; i < scores.length; i += 1) {
    const score = scores[i] as number;
    if (score > best) {
      best = score;
      arm = i;
      ties = 1;
    } else if (score === best) ties += 1;
  }
  if (arm < 0) throw noLegalArm();
  if (ties > 1) for (let skip = rng.below(ties); skip > 0; skip -= 1) arm = scores.indexOf(best, arm + 1);
  choice.arm = arm;
  choice.propensity = 1 / ties;
  return choice;
}

/** The probability with which `pickBest` draws each arm. @throws PilotfishError `EMPTY` when no arm is legal. */
export function tieShares(scores: Float64Array, shares: Float64Array): Float64Array {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i += 1) best = Math.max(best, scores[i] as number);
  if (best === Number.NEGATIVE_INFINITY) throw noLegalArm();
  let ties = 0;
  for (let i = 0; i < scores.length; i += 1) if (scores[i] === best) ties += 1;
  for (let i = 0; i < scores.length; i += 1) shares[i] = scores[i] === best ? 1 / ties : 0;
  return shares;
}

export const noLegalArm = (): PilotfishError =>
  new PilotfishError('EMPTY', 'no arm is legal; leave at least one in the mask');
