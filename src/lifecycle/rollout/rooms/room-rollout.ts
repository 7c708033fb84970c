import { type Clock, PilotfishError, quieten } from '../../../base/index.ts';
import {
  Breaker,
  type Decision,
  Guard,
  type GuardOptions,
  type Hint,
  type HintReason,
  type Receipt,
  type Room,
  type RoomModel,
  type Tap,
} from '../../../decisions/index.ts';
import type { Rollout } from '../machine/rollout.ts';
import type { Track } from '../machine/track.ts';
import type { RolloutEvent } from '../machine/types.ts';
import type { ShadowLog } from '../shadow/log.ts';
import { ShadowRing } from '../shadow/ring.ts';
import { ShareAssignment } from './assignment.ts';
import { type Count, LateLine } from './late.ts';
import type { QuestionCopy } from './questions.ts';

/** What a room is rolled out by: a `LiveRollout`. */
export interface RoomSource {
  readonly key: string;
  readonly rollout: Rollout;
  shareOf(track: Track): number;
  /** Another number when a share may be another. */
  epochOf(track: Track): number;
  onEvent(listener: (event: RolloutEvent) => void): () => void;
}

export type RoomRolloutOptions<Question, Value, Told extends Receipt> = {
  readonly room: Room<Question, Value>;
  readonly model: RoomModel<Question, Value>;
  /**
   * Decides beside the model, in place of the rule: the version in production, which would serve without the rollout. At
   * 100 % the rule does, for the holdback is to show what all models are worth.
   */
  readonly champion?: RoomModel<Question, Value>;
  readonly clock: Clock;
  /** `default`. */
  readonly region?: string;
  readonly questions: QuestionCopy<Question>;
  /** For each guardrail what a decision came to, in its bounds; undefined where it cannot be said. */
  readonly measures: Readonly<Record<string, (receipt: Readonly<Told>) => number | undefined>>;
  /** What is known at an age that depends on the answer: told to `settleLate`, and counted in the order of decisions. */
  readonly late?: Late<Question>;
  /**
   * Whether an answer is right: the best one, or as good. Without it, shadow asks whether the model says what was done,
   * and later nobody is judged.
   */
  readonly judge?: (question: Readonly<Question>, value: Value) => boolean | undefined;
  readonly log?: ShadowLog;
  /** Decisions that wait to be looked at, at most. 1024. */
  readonly ringPlaces?: number;
  /** A model slower than this failed, in milliseconds. As of the guard. */
  readonly budgetMs?: number;
  /** Told of every receipt as well, as by a guard. */
  readonly onReceipt?: GuardOptions<Question, Value, Told>['onReceipt'];
};

/** A guardrail whose decisions are settled late, each in one of two lines by what was asked, never by the answer. */
export type Late<Question> = {
  readonly metric: string;
  readonly line: (question: Readonly<Question>) => 'quick' | 'slow';
};

/** Decisions that are looked at in one turn. */
const BATCH = 64;
const ROUND_MS = 20;
const FAILURES: ReadonlySet<HintReason> = new Set(['exception', 'illegal', 'over-budget']);
const DEFAULT_BUDGET_MS = 10;

/**
 * A room whose model is on its way: its guard gives the model the share that the rollout says, tells the rollout what
 * decisions came to, and asks the model in shadow, later. When the rollout is rolled back the next decision is the
 * rule's, and the breaker is open.
 *
 * @example
 * const codec = new RoomRollout(live, { room: codecRoom, model, clock, questions: codecQuestions, measures: { cost: codecCost } });
 * const adviser = new CodecAdviser(codec.guard);
 */
export class RoomRollout<Question, Value, Told extends Receipt = Receipt> implements Tap<Question, Value> {
  readonly guard: Guard<Question, Value, Told>;
  readonly ring: ShadowRing<Question, Value>;
  /** Opens when the model fails in shadow: it rests there as it would in service. */
  readonly shadowBreaker: Breaker;
  /** Decisions that the model was asked about in shadow, here. */
  shadowed = 0;
  readonly #source: RoomSource;
  readonly #track: Track;
  readonly #options: RoomRolloutOptions<Question, Value, Told>;
  readonly #assign: ShareAssignment;
  readonly #measures: readonly Measured<Told>[];
  readonly #lines: { readonly quick: LateLine; readonly slow: LateLine } | undefined;
  readonly #countLate: Count = () => undefined;
  readonly #stopListening: () => void;
  #isHoldback = false;
  #stop: (() => void) | undefined;

  /** @throws PilotfishError `MISSING` for a region that the plan has not; `USAGE` when a guardrail is not measured. */
  constructor(source: RoomSource, options: RoomRolloutOptions<Question, Value, Told>) {
    const { room, model, clock, region = 'default', questions, measures, late, ringPlaces } = options;
    this.#source = source;
    this.#options = options;
    this.#track = source.rollout.region(region);
    this.#refuseUnmeasured();
    const isWatched = (name: string): boolean =>
      this.#track.watches.some(({ guardrail }) => guardrail.metric === name);
    this.#measures = Object.entries(measures)
      .filter(([name]) => isWatched(name))
      .map(([name, measure]) => ({ metric: this.#track.metric(name), measure }));
    if (late !== undefined && isWatched(late.metric)) {
      const metric = this.#track.metric(late.metric);
      this.#lines = { quick: new LateLine(), slow: new LateLine() };
      this.#countLate = (isModel, share, value) => this.#track.observe(metric, isModel, share, value);
    }
    const track = this.#track;
    this.#assign = new ShareAssignment(`${source.key}/${region}`, {
      get epoch() {
        return source.epochOf(track);
      },
      share: () => {
        const share = source.shareOf(track);
        this.#isHoldback = track.current.share === 1 && share > 0;
        return share;
      },
    });
    this.ring = new ShadowRing(questions, room.fallback, ringPlaces);
    this.shadowBreaker = new Breaker(clock);
    this.guard = new Guard<Question, Value, Told>({
      ...{ room, clock, assign: this.#assign, tap: this },
      ...(options.budgetMs === undefined ? {} : { budgetMs: options.budgetMs }),
      onReceipt: (receipt, decision) => this.#settle(receipt, decision),
    });
    this.guard.install(model, options.champion && this.#besideOf(options.champion));
    if (source.rollout.phase === 'rolled-back') this.guard.breaker.veto();
    this.#stopListening = source.onEvent(({ kind }) => {
      if (kind === 'rolled-back') this.guard.breaker.veto();
    });
  }

  /** Of every decision: a copy for later where someone is to look at it, and no more. */
  offer(question: Readonly<Question>, hint: Readonly<Hint<Value>>): void {
    if (FAILURES.has(hint.reason)) this.#track.observeError(this.#options.clock.nowMs());
    this.#wait(question, hint.decisionId);
    if (this.#options.judge !== undefined || this.#source.rollout.isShadow(this.#track))
      this.ring.push(question, hint);
  }

  /**
   * Looks at up to `most` decisions that wait, and writes the log.
   * @returns how many there were
   * @throws PilotfishError `NO_SPACE`, `IO`; the lines are dropped, and the log counts them.
   */
  drain(most: number = BATCH): number {
    const done = this.#look(most);
    this.#options.log?.flush();
    return done;
  }

  #look(most: number): number {
    let done = 0;
    for (let each = this.ring.take(); each !== undefined; each = this.ring.take()) {
      if (this.#source.rollout.isShadow(this.#track)) this.#shadow(each.question, each);
      else this.#judge(each.question, each);
      done += 1;
      if (done >= most) break;
    }
    return done;
  }

  /** Looks every 20 ms at what waits and writes the log, until `stop`; what it throws is dropped with the log's lines. */
  start(): void {
    this.#stop ??= this.#options.clock.every(ROUND_MS, () => {
      this.#look(BATCH);
      try {
        this.#options.log?.flush();
      } catch {
        // The log counts what it dropped.
      }
    });
  }

  /** Looks at everything that waits, writes the log and lets go of the rollout. @throws PilotfishError `NO_SPACE`, `IO`. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    while (this.#look(BATCH) > 0);
    this.#stopListening();
    this.#options.log?.flush();
  }

  #besideOf(champion: RoomModel<Question, Value>): RoomModel<Question, Value> {
    return {
      version: champion.version,
      serves: (question) => !this.#isHoldback && champion.serves?.(question) !== false,
      choose: (question) => champion.choose(question),
    };
  }

  /** What a decision came to for the guardrail that is known late. */
  settleLate(decisionId: number, value: number): void {
    // It waits in one line, and the other knows nothing of it.
    this.#lines?.quick.settle(decisionId, value, this.#countLate);
    this.#lines?.slow.settle(decisionId, value, this.#countLate);
  }

  #wait(question: Readonly<Question>, decisionId: number): void {
    const { late } = this.#options;
    const assign = this.#assign;
    if (late === undefined || this.#lines === undefined || !assign.isCompared(decisionId)) return;
    const line = this.#lines[late.line(question)];
    line.open(decisionId, assign.isModelAt(decisionId), assign.shareAt(decisionId));
  }

  #settle(receipt: Readonly<Told>, decision: Readonly<Decision<Value>>): void {
    const { decisionId } = decision;
    for (const { metric, measure } of this.#measures) this.#observe(metric, decisionId, measure(receipt));
    quieten(this.#options.onReceipt?.(receipt, decision));
  }

  #observe(metric: number, decisionId: number, value: number | undefined): void {
    const assign = this.#assign;
    if (value === undefined || !assign.isCompared(decisionId)) return;
    this.#track.observe(metric, assign.isModelAt(decisionId), assign.shareAt(decisionId), value);
  }

  #judge(question: Question, { value, decisionId }: Answered<Value>): void {
    const isRight = this.#options.judge?.(question, value);
    if (isRight === undefined || !this.#assign.isCompared(decisionId)) return;
    const judged = { isRight, nowMs: this.#options.clock.nowMs() };
    const [isModel, share] = [this.#assign.isModelAt(decisionId), this.#assign.shareAt(decisionId)];
    this.#track.observeAccuracy(isModel, share, judged);
  }

  #shadow(question: Question, { value, decisionId }: Answered<Value>): void {
    const { room, model, clock, region = 'default', judge, log } = this.#options;
    if (!this.shadowBreaker.allows()) return;
    const timeMs = clock.nowMs();
    const line = { timeMs, room: room.name, region, model: model.version, decisionId, choice: value };
    const said = this.#predict(question);
    if (said.kind === 'not-served') return;
    this.shadowed += 1;
    if (said.kind === 'failed') {
      this.shadowBreaker.failure();
      this.#track.observeError(timeMs);
      this.#track.observeShadow(false, timeMs);
      log?.add({ ...line, correct: false, error: said.why });
      return;
    }
    this.shadowBreaker.success();
    const correct = judge?.(question, said.value) ?? said.value === value;
    this.#track.observeShadow(correct, timeMs);
    log?.add({ ...line, prediction: said.value, correct });
  }

  #predict(question: Question): Said<Value> {
    const { room, model, clock, budgetMs = DEFAULT_BUDGET_MS } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      if (model.serves?.(question) === false) return { kind: 'not-served' };
      const value: unknown = model.choose(question);
      quieten(value);
      if (clock.monotonicMs() - startedMs > budgetMs) return { kind: 'failed', why: 'over-budget' };
      if (!room.isLegal(value, question)) return { kind: 'failed', why: 'illegal' };
      return { kind: 'said', value };
    } catch (error) {
      return { kind: 'failed', why: error instanceof Error ? error.name : 'exception' };
    }
  }

  /** Or its rollout would wait for ever. */
  #refuseUnmeasured(): void {
    const { measures, late, judge } = this.#options;
    for (const { guardrail } of this.#track.watches) {
      const { metric } = guardrail;
      const isJudged = metric === 'accuracy' && judge !== undefined;
      if (Object.hasOwn(measures, metric) || late?.metric === metric || isJudged) continue;
      throw new PilotfishError(
        'USAGE',
        `nothing measures ${metric}, which the plan watches: say how, in \`measures\``,
      );
    }
  }
}

/** A guardrail by its place, and what a decision came to for it. */
type Measured<Of> = {
  readonly metric: number;
  readonly measure: (of: Readonly<Of>) => number | undefined;
};
type Answered<Value> = { readonly value: Value; readonly decisionId: number };
type Said<Value> =
  | { readonly kind: 'said'; readonly value: Value }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'not-served' };
