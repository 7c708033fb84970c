// Whole rollouts, simulated: every decision is observed, and every decision is a look.
import { type FastRng, ManualClock } from '../../../src/base/index.ts';
import {
  ACCURACY_GUARDRAIL,
  COST_GUARDRAIL,
  Rollout,
  type RolloutPlan,
  type RolloutTrack,
} from '../../../src/lifecycle/index.ts';

const HOUR_MS = 3_600_000;
/** Decisions of each step, from 5 % to the holdback. */
const DECISIONS = [8000, 4000, 4000, 4000, 20_000];

/** Document 002's shares and guardrails, in hours in place of weeks; the shadow before it makes no decisions. */
export const plan: RolloutPlan = {
  name: 'document-002-in-hours',
  regions: ['default'],
  guardrails: [{ ...ACCURACY_GUARDRAIL, effect: 0.03, limit: 0.95 }, COST_GUARDRAIL],
  steps: [0.05, 0.25, 0.5, 0.75, 1].map((share) => ({
    share,
    durationMs: HOUR_MS,
    minEvidence: { model: 200, rule: 50 },
  })),
};

/** How often the model and the rule are right at a decision, by its number. */
export type World = {
  readonly model: (at: number) => number;
  readonly rule: (at: number) => number;
};

export const steady = (model: number, rule = model): World => ({ model: () => model, rule: () => rule });

/** Another rule, asked at the same decisions: whether it takes the model back now. */
export interface Other {
  add(isModel: boolean, isRight: boolean): boolean;
}

export type Walked = {
  /** Decisions until it was rolled back; undefined: it was not. */
  readonly decisions: number | undefined;
  /** How many of them the model made. */
  readonly ofModel: number;
  /** Whether each of the others took it back on its way. */
  readonly others: readonly boolean[];
};

export type WalkOptions = {
  readonly plan?: RolloutPlan;
  readonly decisions?: readonly number[];
  readonly others?: readonly Other[];
};

/** A cost that is smaller where the choice is right, with a tail. */
function costOf(isRight: boolean, rng: FastRng): number {
  return (isRight ? 0.4 : 0.6) + 0.2 * -Math.log(1 - rng.next());
}

/** One rollout from its first decision to its last, or to its rollback. */
export async function walk(world: World, rng: FastRng, options: WalkOptions = {}): Promise<Walked> {
  const { decisions = DECISIONS, others = [] } = options;
  const clock = new ManualClock();
  const rollout = new Rollout(options.plan ?? plan, { clock });
  await rollout.advance();
  const [track] = rollout.tracks as readonly [RolloutTrack];
  const took = others.map(() => false);
  let [at, ofModel] = [0, 0];
  for (const count of decisions) {
    const share = rollout.shareOf(track);
    for (let i = 0; i < count; i += 1) {
      at += 1;
      const isModel = rng.next() < share;
      const isRight = rng.next() < (isModel ? world.model(at) : world.rule(at));
      const cost = costOf(isRight, rng);
      for (let k = 0; k < others.length; k += 1)
        if (others[k]?.add(isModel, isRight) === true) took[k] = true;
      if (isModel) ofModel += 1;
      track.observe(0, isModel, share, isRight ? 1 : 0);
      track.observe(1, isModel, share, cost);
      if (rollout.phase === 'rolled-back') return { decisions: at, ofModel, others: took };
    }
    clock.advance(HOUR_MS);
    await rollout.advance();
  }
  return { decisions: undefined, ofModel, others: took };
}
