import type { GuardCounters } from '../../decisions/index.ts';
import type { LiveRollout, RolloutStatus, RolloutTrack } from '../../lifecycle/index.ts';

/** A room on its way, as far as it is counted. */
export type FedRoom = {
  readonly guard: { readonly counters: Readonly<GuardCounters> };
  readonly shadowed: number;
  stop(): void;
};

/** Decisions made within one step. */
export type StepAdvice = {
  /** Number of the step, from 0. */
  readonly step: number;
  /** Part of the decisions that was the model's to make. */
  readonly share: number;
  /** Decisions of the model, of the rule, and of the rule that the model was asked about afterwards. */
  readonly model: number;
  readonly rule: number;
  readonly shadow: number;
};

/** What a rollout came to during a run. */
export type RolloutAdvice = {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly region: string;
  readonly phase: string;
  /** Why it paused or ended. */
  readonly reason: string;
  readonly steps: readonly StepAdvice[];
};

type Counted = Omit<StepAdvice, 'step' | 'share'>;
type Place = Pick<StepAdvice, 'step' | 'share'>;
type Of = { readonly live: LiveRollout; readonly region: string; readonly room: FedRoom };

/** Counts the decisions of a room by the steps of its rollout. */
export class StepCounts {
  readonly #status: RolloutStatus;
  readonly #of: Of;
  readonly #track: RolloutTrack;
  readonly #steps: StepAdvice[] = [];
  #place: Place;
  #before: Counted = { model: 0, rule: 0, shadow: 0 };

  constructor(status: RolloutStatus, of: Of) {
    this.#status = status;
    this.#of = of;
    this.#track = of.live.region(of.region);
    this.#place = this.#now();
    of.live.onEvent(() => {
      const now = this.#now();
      if (now.step === this.#place.step && now.share === this.#place.share) return;
      this.end();
      this.#place = now;
    });
  }

  /** Ends the count of the step under way. */
  end(): void {
    const [now, before] = [this.#counted(), this.#before];
    const [model, rule] = [now.model - before.model, now.rule - before.rule];
    const made = { model, rule, shadow: now.shadow - before.shadow };
    if (made.model + made.rule + made.shadow > 0) this.#steps.push({ ...this.#place, ...made });
    this.#before = now;
  }

  report(): Omit<RolloutAdvice, 'phase' | 'reason'> {
    const { id, model, version } = this.#status;
    return { id, model, version, region: this.#of.region, steps: this.#steps };
  }

  #now(): Place {
    return { step: this.#track.step, share: this.#of.live.shareOf(this.#track) };
  }

  #counted(): Counted {
    const { guard, shadowed } = this.#of.room;
    const { asks, model } = guard.counters;
    return { model, rule: asks - model, shadow: shadowed };
  }
}
