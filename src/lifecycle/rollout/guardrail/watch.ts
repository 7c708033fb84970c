import type { CheckedGuardrail } from '../plan/check.ts';
import { HarmProcess, type HarmSnapshot } from './harm.ts';
import { LimitProcess, type LimitSnapshot } from './limit.ts';

export type WatchSnapshot = {
  readonly harm: HarmSnapshot;
  readonly limit: LimitSnapshot | null;
  readonly breach: string | null;
};

/** A guardrail as it stands, for people. */
export type GuardrailReport = {
  readonly metric: string;
  readonly model: { readonly count: number; readonly mean: number };
  readonly rule: { readonly count: number; readonly mean: number };
  /** Evidence of harm, as a p-value that is valid at every look; the guardrail breaks below `alpha`. */
  readonly pValue: number;
  readonly alpha: number;
  readonly breach: string | undefined;
};

/** How many tests a guardrail is: against the rule beside it, and against its limit. */
export const testsOf = ({ limit }: Pick<CheckedGuardrail, 'limit'>): number => (limit === undefined ? 1 : 2);

/** One guardrail in one region: the evidence against the model, tested at every decision. */
export class GuardrailWatch {
  readonly guardrail: CheckedGuardrail;
  /** Of each of its tests. */
  readonly alpha: number;
  /** Larger is worse within: what is better higher changes its sign. */
  readonly #sign: number;
  readonly #low: number;
  readonly #high: number;
  #harm: HarmProcess;
  readonly #limit: LimitProcess | undefined;
  #breach: string | undefined;

  constructor(guardrail: CheckedGuardrail, alpha: number) {
    this.guardrail = guardrail;
    this.alpha = alpha;
    const { better, low, high, margin, effect, limit } = guardrail;
    this.#sign = better === 'lower' ? 1 : -1;
    this.#low = better === 'lower' ? low : -high;
    this.#high = better === 'lower' ? high : -low;
    this.#harm = new HarmProcess({ low: this.#low, high: this.#high, margin, effect });
    const bounds = { low: this.#low, high: this.#high, effect };
    this.#limit =
      limit === undefined ? undefined : new LimitProcess({ ...bounds, limit: this.#sign * limit });
  }

  /** What broke it; it stays broken. */
  get breach(): string | undefined {
    return this.#breach;
  }

  get modelCount(): number {
    return this.#harm.modelCount;
  }

  get ruleCount(): number {
    return this.#harm.ruleCount;
  }

  /**
   * What a decision came to; `propensity` is the probability that the model made it.
   * @returns whether the guardrail is broken @throws PilotfishError `NOT_FINITE`, `USAGE`; nothing is counted then.
   */
  add(isModel: boolean, propensity: number, value: number): boolean {
    this.#harm.add(isModel, propensity, this.#sign * value);
    if (isModel) this.#addToLimit(value);
    if (this.#breach === undefined && this.#harm.rejects(this.alpha)) {
      this.#breach = `${this.guardrail.metric} is worse than under the rule beside it`;
    }
    return this.#breach !== undefined;
  }

  /** What a decision of the model in shadow would have come to: held against the limit alone. */
  addShadow(value: number): boolean {
    this.#addToLimit(value);
    return this.#breach !== undefined;
  }

  report(): GuardrailReport {
    const { guardrail, alpha, breach } = this;
    const harm = this.#harm;
    const pValue = Math.min(harm.pValue, this.#limit?.pValue ?? 1);
    return {
      ...{ metric: guardrail.metric, pValue, alpha, breach },
      model: { count: harm.modelCount, mean: this.#sign * harm.modelMean },
      rule: { count: harm.ruleCount, mean: this.#sign * harm.ruleMean },
    };
  }

  snapshot(): WatchSnapshot {
    return {
      harm: this.#harm.snapshot(),
      limit: this.#limit?.snapshot() ?? null,
      breach: this.#breach ?? null,
    };
  }

  /** Goes on where a snapshot of the same guardrail was taken. */
  restore({ harm, limit, breach }: WatchSnapshot): void {
    const { margin, effect } = this.guardrail;
    this.#harm = HarmProcess.restore({ low: this.#low, high: this.#high, margin, effect }, harm);
    if (limit !== null) this.#limit?.adopt(limit);
    this.#breach = breach ?? undefined;
  }

  #addToLimit(value: number): void {
    if (this.#limit === undefined) return;
    this.#limit.add(this.#sign * value);
    if (this.#breach === undefined && this.#limit.rejects(this.alpha)) {
      const { metric, limit } = this.guardrail;
      this.#breach = `${metric} does not reach ${limit}`;
    }
  }
}
