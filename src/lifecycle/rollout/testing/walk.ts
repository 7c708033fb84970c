import { type FastRng, ManualClock } from '../../../base/index.ts';
import { Rollout, type RolloutOptions } from '../machine/rollout.ts';
import type { RolloutEvent } from '../machine/types.ts';
import type { RolloutPlan } from '../plan/plan.ts';

/** What a simulated model and its rule come to. */
export type World = {
  /** Probability to be right. */
  readonly model: number;
  readonly rule: number;
};

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A rollout with a clock of its own, and what happened. */
export function newRollout(plan: RolloutPlan, options: Omit<RolloutOptions, 'clock'> = {}) {
  const clock = new ManualClock();
  const events: RolloutEvent[] = [];
  const rollout = new Rollout(plan, { clock, onEvent: (event) => events.push(event), ...options });
  return { clock, events, rollout };
}

/** Lets every region make so many decisions now: every metric of the plan is observed, 1 for right and 0 for wrong. */
export function decide(rollout: Rollout, count: number, { world, rng, nowMs }: Deciding): void {
  for (const track of rollout.tracks) {
    for (let i = 0; i < count; i += 1) {
      const share = rollout.shareOf(track);
      if (rollout.isShadow(track)) {
        track.observeShadow(rng.next() < world.model, nowMs);
        continue;
      }
      if (share === 0) return;
      const isModel = rng.next() < share;
      const isRight = rng.next() < (isModel ? world.model : world.rule);
      for (const [at, { guardrail }] of track.watches.entries()) {
        if (guardrail.metric === 'accuracy') track.observeAccuracy(isModel, share, { isRight, nowMs });
        else track.observe(at, isModel, share, isRight ? 0.5 : 0.8);
      }
    }
  }
}

export type Deciding = { readonly world: World; readonly rng: FastRng; readonly nowMs: number };
