import { FastRng, ManualClock } from '../../../base/index.ts';
import type { Receipt, Room, RoomModel } from '../../../decisions/index.ts';
import { Rollout } from '../machine/rollout.ts';
import type { RolloutEvent } from '../machine/types.ts';
import { COST, type RolloutPlan } from '../plan/plan.ts';
import { RoomRollout, type RoomRolloutOptions } from '../rooms/room-rollout.ts';
import { HOUR_MS } from './walk.ts';

export type Question = { size: number };
interface Settled extends Receipt {
  readonly cost: number;
}

/** A room whose right answer is the size doubled; its rule is right but for every tenth. */
const doubling: Room<Question, number> = {
  name: 'doubling',
  features: [],
  fallback: 0,
  heuristic: ({ size }) => (size % 10 === 0 ? 0 : 2 * size),
  isLegal: (value): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  open: () => modelOf((size) => 2 * size),
};

export const modelOf = (choose: (size: number) => unknown): RoomModel<Question, number> => ({
  version: 'doubling@2',
  choose: ({ size }) => choose(size) as number,
});

const questions = {
  blank: (): Question => ({ size: 0 }),
  copy: (from: Readonly<Question>, to: Question): void => {
    to.size = from.size;
  },
};

export const PLAN: RolloutPlan = {
  name: 'test',
  regions: ['default'],
  guardrails: [COST],
  steps: [
    { share: 0, durationMs: HOUR_MS, minEvidence: { model: 100, rule: 0 } },
    { share: 0.5, durationMs: HOUR_MS, minEvidence: { model: 100, rule: 100 } },
    { share: 1, durationMs: HOUR_MS, minEvidence: { model: 100, rule: 1 } },
  ],
};

type Options = Partial<RoomRolloutOptions<Question, number, Settled>> & { readonly plan?: RolloutPlan };

/** A room on its way, and who asks it. */
export function wired(model: RoomModel<Question, number>, { plan = PLAN, ...more }: Options = {}) {
  const clock = new ManualClock();
  const listeners = new Set<(event: RolloutEvent) => void>();
  const rollout = new Rollout(plan, {
    clock,
    onEvent: (event) => {
      for (const listener of listeners) listener(event);
    },
  });
  const source = {
    ...{ key: 'k', rollout },
    shareOf: (track: Parameters<Rollout['shareOf']>[0]) => rollout.shareOf(track),
    epochOf: (track: Parameters<Rollout['epochOf']>[0]) => rollout.epochOf(track),
    onEvent: (listener: (event: RolloutEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const room = new RoomRollout<Question, number, Settled>(source, {
    ...{ room: doubling, model, clock, questions, measures: { cost: ({ cost }) => cost } },
    ...more,
  });
  /** Asks, settles, and says who answered. */
  const ask = (size: number): string => {
    const { decisionId, value, source: by } = room.guard.ask({ size });
    const cost = value === 2 * size ? 0.5 : 1.5;
    room.guard.settle({ decisionId, ok: true, bytes: 1, seconds: 0, cost });
    return by;
  };
  const askMany = (count: number, rng = new FastRng(1)): Record<string, number> => {
    const by: Record<string, number> = {};
    for (let i = 0; i < count; i += 1) {
      const who = ask(1 + Math.floor(rng.next() * 1000));
      by[who] = (by[who] ?? 0) + 1;
      room.drain();
    }
    return by;
  };
  const next = async (): Promise<void> => {
    clock.advance(HOUR_MS);
    await rollout.advance();
  };
  return { clock, rollout, room, track: rollout.region('default'), ask, askMany, next };
}
