import { notEmpty, numberWithin } from '../../contract/index.ts';

/** Indices of the values from the smallest to the largest. */
function rising(pValues: readonly number[]): number[] {
  notEmpty('pValues', pValues).forEach((value, i) => {
    numberWithin(`pValues[${i}]`, value, [0, 1]);
  });
  return pValues.map((_, i) => i).sort((a, b) => (pValues[a] as number) - (pValues[b] as number) || a - b);
}

/**
 * p-values adjusted by Holm's step-down rule (1979), in the order given: those below alpha hold together, with
 * probability alpha of any mistake at most, whatever the dependence. Always-valid p-values stay always valid.
 * @throws PilotfishError `EMPTY` without p-values, `USAGE` for one outside [0, 1].
 */
export function holm(pValues: readonly number[]): number[] {
  const adjusted = new Array<number>(pValues.length).fill(1);
  let floor = 0;
  rising(pValues).forEach((at, rank) => {
    floor = Math.max(floor, Math.min(1, (pValues.length - rank) * (pValues[at] as number)));
    adjusted[at] = floor;
  });
  return adjusted;
}

/**
 * p-values adjusted by Benjamini and Hochberg's step-up rule (1995), in the order given: of those below alpha, a
 * share of alpha is false at most, on average, for tests that are independent or positively dependent.
 * @throws PilotfishError as `holm`.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const adjusted = new Array<number>(pValues.length).fill(1);
  let ceiling = 1;
  rising(pValues)
    .reverse()
    .forEach((at, fromTop) => {
      const rank = pValues.length - fromTop;
      ceiling = Math.min(ceiling, (pValues.length / rank) * (pValues[at] as number));
      adjusted[at] = ceiling;
    });
  return adjusted;
}
