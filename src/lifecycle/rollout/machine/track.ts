import { PilotfishError } from '../../../base/index.ts';
import { type GuardrailReport, GuardrailWatch, testsOf } from '../guardrail/watch.ts';
import type { CheckedPlan } from '../plan/check.ts';
import { ACCURACY, DAY_MS, type RolloutStep } from '../plan/plan.ts';
import { newTally, type Tally } from '../plan/verdict.ts';
import { RecentAccuracy } from './accuracy.ts';
import type { TrackControl, TrackEvidence } from './types.ts';

/** A region as people see it. */
export type TrackReport = {
  readonly region: string;
  readonly step: number;
  readonly share: number;
  readonly stepStartedMs: number;
  readonly isDone: boolean;
  readonly waitsFor: string;
  readonly shadowed: number;
  readonly errors: number;
  readonly guardrails: readonly GuardrailReport[];
};

/** A region on its way: the step it is in, and what was observed there. */
export class Track {
  readonly region: string;
  readonly watches: readonly GuardrailWatch[];
  step = 0;
  /** Grows with every change of the step. */
  epoch = 0;
  stepStartedMs = 0;
  isDone = false;
  isApproved = false;
  /** What the step lacks to end; empty: nothing was looked for yet, or nothing lacks. */
  waitsFor = '';
  tally: Tally = newTally();
  shadowed = 0;
  errors = 0;
  readonly #plan: CheckedPlan;
  readonly #accuracy: RecentAccuracy;
  readonly #accuracyAt: number;
  readonly #broke: (reason: string) => void;
  #before: { readonly model: number; readonly rule: number }[] = [];

  /** @param broke called, at once, when a guardrail breaks */
  constructor(plan: CheckedPlan, region: string, broke: (reason: string) => void) {
    const tests = plan.guardrails.reduce((sum, guardrail) => sum + testsOf(guardrail), 0);
    const alpha = plan.alpha / (tests * plan.regions.length);
    this.region = region;
    this.#plan = plan;
    this.#broke = broke;
    this.watches = plan.guardrails.map((guardrail) => new GuardrailWatch(guardrail, alpha));
    this.#accuracyAt = plan.guardrails.findIndex(({ metric }) => metric === ACCURACY.metric);
    const over = plan.steps.flatMap(({ accuracy }) => (accuracy === undefined ? [] : [accuracy.overMs]));
    this.#accuracy = new RecentAccuracy(over.length === 0 ? DAY_MS : Math.min(...over));
    this.#before = this.#counts();
  }

  get current(): RolloutStep {
    return this.#plan.steps[this.step] as RolloutStep;
  }

  get next(): RolloutStep | undefined {
    return this.#plan.steps[this.step + 1];
  }

  /** Probability of the model to make a decision in this step. */
  get share(): number {
    return Math.min(this.current.share, 1 - this.#plan.holdback);
  }

  /** The place of a metric among the guardrails. @throws PilotfishError `MISSING`. */
  metric(name: string): number {
    const at = this.watches.findIndex(({ guardrail }) => guardrail.metric === name);
    if (at !== -1) return at;
    const known = this.watches.map(({ guardrail }) => guardrail.metric).join(', ');
    throw new PilotfishError('MISSING', `no guardrail watches ${name}: the plan has ${known}`);
  }

  /**
   * What a decision came to, by the place of its metric; `propensity` is the probability that the model made it.
   * @throws PilotfishError `NOT_FINITE`, `USAGE`; nothing is counted then.
   */
  observe(metric: number, isModel: boolean, propensity: number, value: number): void {
    const watch = this.watches[metric] as GuardrailWatch;
    if (watch.add(isModel, propensity, value)) this.#broke(`${this.region}: ${watch.breach}`);
  }

  /** The same for a decision that was judged: right or wrong. */
  observeAccuracy(isModel: boolean, propensity: number, { isRight, nowMs }: Judged): void {
    if (isModel) this.#accuracy.add(isRight, nowMs);
    if (this.#accuracyAt !== -1) this.observe(this.#accuracyAt, isModel, propensity, isRight ? 1 : 0);
  }

  /** The model was asked in shadow; `isRight` is undefined where nobody can tell. */
  observeShadow(isRight: boolean | undefined, nowMs: number): void {
    this.shadowed += 1;
    if (isRight === undefined) return;
    this.#accuracy.add(isRight, nowMs);
    const watch = this.watches[this.#accuracyAt];
    if (watch?.addShadow(isRight ? 1 : 0) === true) this.#broke(`${this.region}: in shadow, ${watch.breach}`);
  }

  /** The model failed: threw, was late, said nonsense. */
  observeError(nowMs: number): void {
    this.errors += 1;
    if (this.current.isErrorFree === true) this.stepStartedMs = nowMs;
  }

  /** What the step lacks to end, whatever its duration; undefined: nothing. */
  lacks(nowMs: number): string | undefined {
    const { share, minEvidence, accuracy } = this.current;
    if (share === 0) {
      if (this.shadowed < minEvidence.model) {
        return `${this.shadowed} of ${minEvidence.model} decisions in shadow`;
      }
    } else {
      for (const [i, watch] of this.watches.entries()) {
        const { model, rule } = this.#before[i] as { model: number; rule: number };
        const { metric } = watch.guardrail;
        const [ofModel, ofRule] = [watch.modelCount - model, watch.ruleCount - rule];
        if (ofModel < minEvidence.model)
          return `${ofModel} of ${minEvidence.model} decisions of the model with a known ${metric}`;
        if (ofRule < minEvidence.rule)
          return `${ofRule} of ${minEvidence.rule} decisions of the rule with a known ${metric}`;
      }
    }
    if (accuracy === undefined) return undefined;
    const recent = this.#accuracy.over(nowMs);
    if (recent.count < minEvidence.model) return `${recent.count} of ${minEvidence.model} judged decisions`;
    const text = `an accuracy of ${recent.accuracy.toFixed(4)} over the last ${recent.count}`;
    return recent.accuracy >= accuracy.atLeast ? undefined : `${text}, below ${accuracy.atLeast}`;
  }

  /** Begins a step; its evidence is counted from here. */
  enter(step: number, nowMs: number): void {
    this.step = step;
    this.epoch += 1;
    this.stepStartedMs = nowMs;
    this.isApproved = false;
    this.waitsFor = '';
    this.shadowed = 0;
    this.tally = newTally();
    this.#accuracy.reset();
    this.#before = this.#counts();
  }

  report(): TrackReport {
    const { region, step, share, stepStartedMs, isDone, waitsFor, shadowed, errors } = this;
    const guardrails = this.watches.map((watch) => watch.report());
    return { ...{ region, step, share, stepStartedMs, isDone, waitsFor, shadowed, errors }, guardrails };
  }

  control(): TrackControl {
    const { region, step, stepStartedMs, isDone, isApproved, waitsFor } = this;
    return { region, step, stepStartedMs, isDone, isApproved, waitsFor };
  }

  adopt({ step, stepStartedMs, isDone, isApproved, waitsFor }: TrackControl): void {
    this.epoch += 1;
    Object.assign(this, { step, stepStartedMs, isDone, isApproved, waitsFor });
  }

  evidence(): TrackEvidence {
    const { shadowed, errors } = this;
    return {
      ...{ shadowed, errors, tally: { ...this.tally }, before: [...this.#before] },
      watches: this.watches.map((watch) => watch.snapshot()),
      accuracy: this.#accuracy.snapshot(),
    };
  }

  /** @throws PilotfishError `DAMAGED` when it is of another plan. */
  restore({ watches, before, shadowed, errors, tally, accuracy }: TrackEvidence): void {
    if (watches.length !== this.watches.length || before.length !== watches.length) {
      throw new PilotfishError('DAMAGED', 'the evidence is not of this plan: restore a backup');
    }
    for (const [i, watch] of this.watches.entries()) watch.restore(watches[i] as (typeof watches)[number]);
    Object.assign(this, { shadowed, errors, tally: { ...tally } });
    this.#before = [...before];
    this.#accuracy.restore(accuracy);
  }

  #counts(): { readonly model: number; readonly rule: number }[] {
    return this.watches.map(({ modelCount, ruleCount }) => ({ model: modelCount, rule: ruleCount }));
  }
}

/** A decision that someone could judge. */
export type Judged = { readonly isRight: boolean; readonly nowMs: number };
