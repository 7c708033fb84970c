import { PilotfishError } from '../../../base/index.ts';

/** @throws PilotfishError `USAGE` unless `delta` is strictly between 0 and 1. */
export function checkDelta(delta: number): number {
  if (!(delta > 0 && delta < 1)) {
    throw new PilotfishError('USAGE', `delta is ${delta}; give a chance between 0 and 1, such as 1e-6`);
  }
  return delta;
}

/** @throws PilotfishError `USAGE` unless `value` is positive and finite. */
export function checkPositive(name: string, value: number): number {
  if (!(value > 0 && value < Infinity)) {
    throw new PilotfishError('USAGE', `${name} is ${value}; give a positive finite number`);
  }
  return value;
}

/** ε for one order α = 1 + e^u of Rényi divergence; every order gives a valid bound. */
function epsilonAt(u: number, rho: number, delta: number): number {
  const gap = Math.exp(u);
  const alpha = 1 + gap;
  return alpha * rho + Math.log1p(-1 / alpha) - (Math.log(delta) + Math.log(alpha)) / gap;
}

const golden = (Math.sqrt(5) - 1) / 2;

/**
 * The smallest known ε at which a release of `rho` zero-concentrated differential privacy is (ε, δ)-private:
 * Canonne, Kamath, Steinke 2020, Corollary 13, minimised over the order by golden section. The search can only end
 * at a valid bound, within 1e-9 of the smallest.
 * @throws PilotfishError `USAGE` unless `rho` is positive and `delta` in (0, 1).
 */
export function epsilonOfRho(rho: number, delta: number): number {
  checkPositive('rho', rho);
  checkDelta(delta);
  // The order of the simpler bound ρ + 2 √(ρ log(1 / δ)) lies near the best one.
  const centre = Math.log(-Math.log(delta) / rho) / 2;
  let [low, high] = [centre - 8, centre + 8];
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [atLeft, atRight] = [epsilonAt(left, rho, delta), epsilonAt(right, rho, delta)];
  for (let i = 0; i < 80; i += 1) {
    if (atLeft < atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = epsilonAt(left, rho, delta);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = epsilonAt(right, rho, delta);
    }
  }
  return Math.max(0, Math.min(atLeft, atRight));
}

/** The most zCDP that stays within (ε, δ): the inverse of `epsilonOfRho`, from below. @throws as that. */
export function rhoOfEpsilon(epsilon: number, delta: number): number {
  checkPositive('epsilon', epsilon);
  checkDelta(delta);
  let [low, high] = [0, epsilon + 1];
  while (epsilonOfRho(high, delta) < epsilon) high *= 2;
  for (let i = 0; i < 100; i += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (epsilonOfRho(middle, delta) <= epsilon) low = middle;
    else high = middle;
  }
  return low;
}
