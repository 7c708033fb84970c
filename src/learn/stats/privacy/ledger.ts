import { PilotfishError } from '../../../base/index.ts';
import { checkSnapshot, type Snapshot } from '../../contract/index.ts';
import { checkDelta, checkPositive, epsilonOfRho, rhoOfEpsilon } from './accounting.ts';

/** What a release costs: (ε, δ), or ρ of zero-concentrated differential privacy (Bun, Steinke 2016). */
export type PrivacyCharge = { readonly epsilon: number; readonly delta?: number } | { readonly rho: number };

/** The promise that all releases together keep. */
export type PrivacyBudget = {
  /** Positive. */
  readonly epsilon: number;
  /** In [0, 1); positive where `composition` is `zcdp`. 0. */
  readonly delta?: number;
  /** `basic` adds ε and δ; `zcdp` adds ρ, which allows many more small Gaussian releases. `basic`. */
  readonly composition?: 'basic' | 'zcdp';
};

/** Sums of decimal fractions such as 0.1 + 0.2 against 0.3 must not be refused for their rounding. */
const slack = 1 + 1e-9;

type Spent = { epsilon: number; delta: number; rho: number; releases: number };

/**
 * A budget of differential privacy, spent once: a release that would exceed it is refused before anything is drawn.
 * Charges may depend on earlier answers (Rogers et al. 2016; Whitehouse et al. 2023 for zCDP). The ledger is as
 * good as its memory: store `snapshot()` durably before a result leaves the house.
 */
export class PrivacyLedger {
  readonly kind = 'privacy-ledger';
  readonly #budget: Required<PrivacyBudget>;
  /** All of ρ that fits the budget, under `zcdp`. */
  readonly #rhoLimit: number;
  #spent: Spent = { epsilon: 0, delta: 0, rho: 0, releases: 0 };

  /** @throws PilotfishError `USAGE` for a budget that makes no sense. */
  constructor({ epsilon, delta = 0, composition = 'basic' }: PrivacyBudget) {
    checkPositive('epsilon', epsilon);
    if (delta !== 0) checkDelta(delta);
    if (composition !== 'basic' && composition !== 'zcdp') {
      throw new PilotfishError('USAGE', `composition is ${composition}; give 'basic' or 'zcdp'`);
    }
    if (composition === 'zcdp' && delta === 0) {
      throw new PilotfishError('USAGE', 'zcdp gives no pure guarantee: say a delta, such as 1e-6');
    }
    this.#budget = { epsilon, delta, composition };
    this.#rhoLimit = composition === 'zcdp' ? rhoOfEpsilon(epsilon, delta) : 0;
  }

  /** The guarantee so far: all releases together are (epsilon, delta)-private. */
  get spent(): { readonly epsilon: number; readonly delta: number; readonly releases: number } {
    const { epsilon, delta, rho, releases } = this.#spent;
    if (this.#budget.composition === 'basic') return { epsilon, delta, releases };
    if (rho === 0) return { epsilon: 0, delta: 0, releases };
    return { epsilon: epsilonOfRho(rho, this.#budget.delta), delta: this.#budget.delta, releases };
  }

  /** Whether `spend(charge)` would succeed. @throws PilotfishError `USAGE` as that. */
  affords(charge: PrivacyCharge): boolean {
    return this.#fits(this.#with(charge));
  }

  /**
   * Enters a charge, before the release is drawn.
   * @throws PilotfishError `REFUSED` when it exceeds what is left, which stays available; `USAGE` for a charge that
   *   is not positive, or whose kind this composition cannot add up.
   */
  spend(charge: PrivacyCharge): void {
    const after = this.#with(charge);
    if (!this.#fits(after)) {
      throw new PilotfishError(
        'REFUSED',
        `the privacy budget of ε = ${this.#budget.epsilon} is spent (${this.spent.epsilon} so far): release less, or start a new budget for new data`,
      );
    }
    this.#spent = after;
  }

  snapshot(): Snapshot {
    return {
      kind: this.kind,
      version: 1,
      config: { ...this.#budget, spent: { ...this.#spent } },
      tensors: {},
    };
  }

  /** @throws PilotfishError `DAMAGED` for anything that is not a snapshot of a ledger within its budget. */
  static restore(snapshot: Snapshot): PrivacyLedger {
    const { config } = checkSnapshot(snapshot, 'privacy-ledger', 1);
    const damaged = () =>
      new PilotfishError('DAMAGED', 'the ledger holds no valid budget and sums; restore a copy');
    const { epsilon, delta, composition, spent } = config;
    if (typeof epsilon !== 'number' || typeof delta !== 'number') throw damaged();
    if (composition !== 'basic' && composition !== 'zcdp') throw damaged();
    const isBudget = epsilon > 0 && epsilon < Infinity && delta >= 0 && delta < 1;
    if (!isBudget || (composition === 'zcdp' && delta === 0)) throw damaged();
    const ledger = new PrivacyLedger({ epsilon, delta, composition });
    const sums = { epsilon: 0, delta: 0, rho: 0, releases: 0 };
    for (const name of ['epsilon', 'delta', 'rho', 'releases'] as const) {
      const value = (spent as { readonly [key: string]: unknown } | null | undefined)?.[name];
      if (!(typeof value === 'number' && value >= 0 && value < Infinity)) throw damaged();
      sums[name] = value;
    }
    if (!Number.isInteger(sums.releases) || !ledger.#fits(sums)) throw damaged();
    ledger.#spent = sums;
    return ledger;
  }

  #with(charge: PrivacyCharge): Spent {
    const { epsilon, delta, rho, releases } = this.#spent;
    const zcdp = this.#budget.composition === 'zcdp';
    if ('rho' in charge) {
      checkPositive('rho', charge.rho);
      if (!zcdp) {
        throw new PilotfishError(
          'USAGE',
          "a basic ledger adds ε and δ: use composition 'zcdp', or epsilonOfRho",
        );
      }
      return { epsilon, delta, rho: rho + charge.rho, releases: releases + 1 };
    }
    checkPositive('epsilon', charge.epsilon);
    if (charge.delta !== undefined && charge.delta !== 0) checkDelta(charge.delta);
    if (zcdp && (charge.delta ?? 0) > 0) {
      throw new PilotfishError('USAGE', 'a zcdp ledger cannot add an (ε, δ) charge: give its rho');
    }
    // A pure ε-private release is ε² / 2 zCDP (Bun, Steinke 2016, Proposition 1.4).
    if (zcdp) return { epsilon, delta, rho: rho + charge.epsilon ** 2 / 2, releases: releases + 1 };
    return {
      epsilon: epsilon + charge.epsilon,
      delta: delta + (charge.delta ?? 0),
      rho,
      releases: releases + 1,
    };
  }

  #fits({ epsilon, delta, rho }: Spent): boolean {
    const budget = this.#budget;
    return (
      epsilon <= budget.epsilon * slack && delta <= budget.delta * slack && rho <= this.#rhoLimit * slack
    );
  }
}
