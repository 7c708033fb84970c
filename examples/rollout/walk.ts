// One version on its way: a night a day, from shadow to its end and a week beyond.
import { type ManualClock, NodeFileSystem, systemClock } from '../../src/base/index.ts';
import type { CodecQuestion } from '../../src/blocks/index.ts';
import {
  type CodecSettlement,
  type CodecValue,
  codecRoom,
  parseManifest,
} from '../../src/decisions/index.ts';
import {
  COST_GUARDRAIL,
  codecCost,
  codecQuestions,
  DOCUMENT_PLAN,
  type LiveRollout,
  type RegistryDirectory,
  type RolloutManager,
  type RolloutPhase,
  type RolloutPlan,
  RoomRollout,
  ShadowLog,
  type TrackReport,
} from '../../src/lifecycle/index.ts';
import { Journal, type Stage } from './journal.ts';
import type { NightlyStore } from './store.ts';

const DAY_MS = 86_400_000;
/** Nights that are watched after the end. */
const NIGHTS_AFTER = 7;
/** A rollout that waits for evidence longer than this says nothing new. */
const MOST_NIGHTS = 200;

/**
 * Document 002's steps and days. Only the cost is watched: what would have been right for a block nobody knows without
 * trying every codec. A step asks for less evidence than there, since this store packs little; the guardrail does not.
 */
const PLAN: RolloutPlan = {
  name: 'document-002-cost',
  regions: ['default'],
  guardrails: [COST_GUARDRAIL],
  steps: DOCUMENT_PLAN.steps.map(({ accuracy: _, ...step }) => ({
    ...step,
    minEvidence: step.share === 0 ? { model: 1000, rule: 0 } : { model: 100, rule: 10 },
  })),
};

export type World = {
  readonly directory: RegistryDirectory;
  readonly rollouts: RolloutManager;
  readonly clock: ManualClock;
  readonly store: NightlyStore;
  readonly nights: readonly string[];
};

/** A version, what its rollout is called, and where the log of its shadow lies. */
export type Candidate = { readonly modelId: string; readonly id: string; readonly log: string };

export type Breach = {
  readonly reason: string;
  readonly day: number;
  /** Number of the decision, of those with a cost, that broke it, and how many of them were the model's. */
  readonly decision: number;
  readonly byModel: number;
  /** Until it was on disk and audited, and the registry knew. */
  readonly keptMs: number;
};

export type Walk = {
  readonly id: string;
  readonly phase: RolloutPhase;
  readonly stages: readonly Stage[];
  readonly breach?: Breach;
  /** Decisions after the end, and how many of them were the model's. */
  readonly after: { readonly decisions: number; readonly byModel: number };
};

const trackOf = (live: LiveRollout): TrackReport => live.rollout.report().tracks[0] as TrackReport;

/** Opens a version from the registry, which checks every file, with the guard that its rollout says. */
async function roomOf(
  { directory, clock }: World,
  live: LiveRollout,
  { modelId }: Candidate,
  log: ShadowLog,
) {
  const { files } = await directory.registry.loadModel(modelId);
  const manifest = parseManifest(files.get('manifest.json') ?? new Uint8Array());
  return new RoomRollout<CodecQuestion, CodecValue, CodecSettlement>(live, {
    ...{ room: codecRoom, model: codecRoom.open({ manifest, files }), clock, questions: codecQuestions },
    ...{ measures: { cost: codecCost }, log, ringPlaces: 8192 },
  });
}

/** Walks a version to its end. @param told is called when a step ends */
export async function walk(world: World, candidate: Candidate, told: (stage: Stage) => void): Promise<Walk> {
  const { rollouts, clock, store, nights } = world;
  const { id, modelId, log } = candidate;
  await rollouts.start({ id, model: { modelId }, plan: PLAN });
  const live = await rollouts.attach(id);
  const shadowLog = new ShadowLog(new NodeFileSystem(), log);
  const room = await roomOf(world, live, candidate, shadowLog);
  const { counters } = room.guard;
  const journal = new Journal(log);
  const startMs = clock.nowMs();
  const today = (): number => Math.round((clock.nowMs() - startMs) / DAY_MS);
  let [breach, asksAtEnd, byModelAtEnd] = [undefined as Breach | undefined, 0, 0];
  live.onEvent(({ kind, reason }) => {
    if (kind === 'succeeded' || kind === 'rolled-back')
      [asksAtEnd, byModelAtEnd] = [counters.asks, counters.model];
    if (kind !== 'rolled-back') return;
    const brokeMs = systemClock.monotonicMs();
    told(journal.end(trackOf(live), today() + 1));
    const [byModel, byRule] = [journal.total('model'), journal.total('rule')];
    const of = { reason, day: today(), decision: byModel + byRule, byModel };
    void Promise.resolve()
      .then(() => live.settled())
      .then(() => {
        breach = { ...of, keptMs: systemClock.monotonicMs() - brokeMs };
      });
  });
  let nightsAfter = 0;
  for (let night = 0; night < MOST_NIGHTS && nightsAfter < NIGHTS_AFTER; night += 1) {
    const [before, wasEnded] = [trackOf(live), live.rollout.isEnded];
    await live.advance();
    const isNewStep = live.rollout.tracks[0]?.step !== before.step || live.rollout.isEnded;
    if (isNewStep && !wasEnded) told(journal.end(before, today()));
    if (live.rollout.isEnded) nightsAfter += 1;
    await store.night(nights[night % nights.length] as string, room.guard);
    room.drain(Number.POSITIVE_INFINITY);
    shadowLog.flush();
    // Or the simulated day would be over before the rollback is kept.
    await live.settled();
    clock.advance(DAY_MS);
  }
  room.stop();
  await live.settled();
  await live.release();
  return {
    ...{ id, phase: live.rollout.phase, stages: journal.stages },
    ...(breach === undefined ? {} : { breach }),
    after: { decisions: counters.asks - asksAtEnd, byModel: counters.model - byModelAtEnd },
  };
}
