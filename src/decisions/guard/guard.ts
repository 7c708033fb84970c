import { type Clock, PilotfishError, quieten } from '../../base/index.ts';
import type { Hint, HintReason, HintSource, Receipt, Room, RoomModel } from '../contract/index.ts';
import { Breaker, type BreakerOptions } from './breaker.ts';

/** Whether a decision goes to the model or to the rule, and with which probability it went there. */
export interface Assign {
  /** @param decisionId the decision that is about to be made. Must not throw or allocate. */
  useModel(decisionId: number): boolean;
  /** Probability of the latest answer of `useModel`. */
  readonly propensity: number;
}

/** What became of decisions: the sum of all paths is `asks`. */
export type GuardCounters = {
  asks: number;
  receipts: number;
  unknownReceipts: number;
  failedReceipts: number;
} & {
  -readonly [Reason in HintReason]: number;
};

export type GuardOptions<Question, Value, Told extends Receipt = Receipt> = {
  readonly room: Room<Question, Value>;
  readonly clock: Clock;
  /** A model slower than this failed, even if its answer was good, in milliseconds. */
  readonly budgetMs?: number;
  readonly breaker?: BreakerOptions;
  /** Which decisions the model makes; all of them unless given. */
  readonly assign?: Assign;
  /** Hears of every decision; what it throws disturbs nobody. */
  readonly tap?: Tap<Question, Value>;
  /** Told of every receipt whose decision is still known, with the hint it belongs to; both are reused. */
  readonly onReceipt?: (receipt: Readonly<Told>, decision: Readonly<Decision<Value>>) => void;
};

/** Hears of every decision when it is made: what would another model have said? */
export interface Tap<Question, Value> {
  /** Must be quick, for the asker waits. The question and the hint are reused: what is to last is copied. */
  offer(question: Readonly<Question>, hint: Readonly<Hint<Value>>): void;
}

/** What is remembered of a decision until its receipt comes: its hint. */
export type Decision<Value> = Hint<Value>;

/** Decisions whose receipts are waited for, more than any core has open; of older ones receipts count as unknown. */
const REMEMBERED = 2048;
/** Time budget of a guard that is given none, in milliseconds. */
export const DEFAULT_BUDGET_MS = 10;

/** Thrown by a model that waits for its answer elsewhere and gave up: counted as over budget, not as an exception. */
export class LateAnswer extends PilotfishError {
  constructor(budgetMs: number) {
    super('LIMIT', `the model has not answered after ${budgetMs} ms; the rule answers instead`);
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * The only door between a core and learning. `ask` never throws, allocates nothing in steady state and always has a
 * legal answer; whatever a model does (throw, answer NaN, take too long, lie) costs a little performance and no more.
 * `Told` is what its receipts say beside what all receipts do.
 */
export class Guard<Question, Value, Told extends Receipt = Receipt> {
  readonly room: Room<Question, Value>;
  readonly counters: GuardCounters = {
    asks: 0,
    model: 0,
    'no-model': 0,
    'not-served': 0,
    assigned: 0,
    'breaker-open': 0,
    exception: 0,
    illegal: 0,
    'over-budget': 0,
    'heuristic-failed': 0,
    receipts: 0,
    unknownReceipts: 0,
    failedReceipts: 0,
  };
  readonly breaker: Breaker;
  readonly #besideBreaker: Breaker;
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #assign: Assign | undefined;
  readonly #onReceipt: GuardOptions<Question, Value, Told>['onReceipt'];
  readonly #tap: Tap<Question, Value> | undefined;
  readonly #hint: Writable<Hint<Value>>;
  readonly #ring: Writable<Decision<Value>>[];
  #model: RoomModel<Question, Value> | undefined;
  /** Read once at installation: a model that changes its name later goes by the one it came with. */
  #version: HintSource = 'heuristic';
  #beside: RoomModel<Question, Value> | undefined;
  #besideVersion: HintSource = 'heuristic';

  constructor(options: GuardOptions<Question, Value, Told>) {
    this.room = options.room;
    this.breaker = new Breaker(options.clock, options.breaker);
    this.#besideBreaker = new Breaker(options.clock, options.breaker);
    this.#clock = options.clock;
    this.#budgetMs = options.budgetMs ?? DEFAULT_BUDGET_MS;
    this.#assign = options.assign;
    this.#onReceipt = options.onReceipt;
    this.#tap = options.tap;
    const before = { decisionId: 0, source: 'default', reason: 'no-model', breaker: 'closed' } as const;
    this.#hint = { ...before, value: options.room.fallback, propensity: 1 };
    this.#ring = Array.from({ length: REMEMBERED }, () => ({ ...this.#hint }));
  }

  /**
   * Puts a model to work, or takes it away; the breakers start afresh.
   * @param beside decides, in place of the rule, what the assignment does not give to the model: the one in production
   * while another is on its way. It is asked as the model is; where it fails, the rule decides
   */
  install(model: RoomModel<Question, Value> | undefined, beside?: RoomModel<Question, Value>): void {
    this.#version = model?.version ?? 'heuristic';
    this.#model = model;
    this.breaker.reset();
    this.#besideVersion = beside?.version ?? 'heuristic';
    this.#beside = beside;
    this.#besideBreaker.reset();
  }

  /** `name@version` of the installed model. */
  get installed(): HintSource | undefined {
    return this.#model === undefined ? undefined : this.#version;
  }

  /** Whether a model is installed and not resting. */
  isHealthy(): boolean {
    return this.#model !== undefined && this.breaker.state === 'closed';
  }

  /** Whether a model, the one beside included, is well and earned its place for questions like this one. Never throws. */
  modelServes(question: Readonly<Question>): boolean {
    return (
      this.#isServed(this.breaker, this.#model, question) ||
      this.#isServed(this.#besideBreaker, this.#beside, question)
    );
  }

  /** The answer. Valid until the next `ask` of this guard. */
  ask(question: Readonly<Question>): Readonly<Hint<Value>> {
    const hint = this.#hint;
    hint.decisionId += 1;
    this.counters.asks += 1;
    hint.propensity = 1;
    hint.reason = this.#askModel(question);
    if (hint.reason === 'model') hint.source = this.#version;
    else if (hint.reason === 'assigned' && this.#askBeside(question)) hint.source = this.#besideVersion;
    else this.#askRule(question);
    hint.breaker = this.breaker.state;
    this.counters[hint.reason] += 1;
    this.#remember();
    if (this.#tap !== undefined) this.#offer(this.#tap, question);
    return hint;
  }

  /** What the decision came to. Receipts may be late or missing; one that is too late is counted and dropped. */
  settle(receipt: Readonly<Told>): void {
    this.counters.receipts += 1;
    const decision = this.#ring[receipt.decisionId % REMEMBERED];
    const sound = Number.isFinite(receipt.bytes) && Number.isFinite(receipt.seconds);
    if (decision?.decisionId !== receipt.decisionId || receipt.decisionId < 1 || !sound) {
      this.counters.unknownReceipts += 1;
      return;
    }
    if (!receipt.ok) this.counters.failedReceipts += 1;
    try {
      quieten(this.#onReceipt?.(receipt, decision));
    } catch {
      // Whoever listens must not disturb whoever works.
      this.counters.unknownReceipts += 1;
    }
  }

  #offer(tap: Tap<Question, Value>, question: Readonly<Question>): void {
    try {
      quieten(tap.offer(question, this.#hint));
    } catch {
      // Whoever listens must not disturb whoever asks.
    }
  }

  #askModel(question: Readonly<Question>): HintReason {
    const model = this.#model;
    if (model === undefined) return 'no-model';
    if (!this.#isAssigned()) return 'assigned';
    return this.#askWith(this.breaker, model, question);
  }

  /** Whether the one beside the model answered. Its failures do not count against the model. */
  #askBeside(question: Readonly<Question>): boolean {
    const beside = this.#beside;
    return beside !== undefined && this.#askWith(this.#besideBreaker, beside, question) === 'model';
  }

  #askWith(breaker: Breaker, model: RoomModel<Question, Value>, question: Readonly<Question>): HintReason {
    if (!breaker.allows()) return 'breaker-open';
    const startedMs = this.#clock.monotonicMs();
    const reason = this.#try(model, question, startedMs);
    if (reason === 'model') breaker.success();
    else if (reason === 'over-budget') breaker.failure(this.#overrun(startedMs));
    else if (reason !== 'not-served') breaker.failure();
    return reason;
  }

  /**
   * Failures that an answer which came too late is worth: one for each budget it used up. So a model that is slow and
   * good in turns, whose successes take failures back, costs less than one budget per ask before the breaker opens.
   */
  #overrun(startedMs: number): number {
    return Math.max(1, Math.floor((this.#clock.monotonicMs() - startedMs) / this.#budgetMs));
  }

  #try(model: RoomModel<Question, Value>, question: Readonly<Question>, startedMs: number): HintReason {
    try {
      if (!this.#earned(model, question)) return 'not-served';
      const value: unknown = model.choose(question);
      quieten(value);
      if (this.#clock.monotonicMs() - startedMs > this.#budgetMs) return 'over-budget';
      if (!this.room.isLegal(value, question)) return 'illegal';
      this.#hint.value = value;
      return 'model';
    } catch (error) {
      return error instanceof LateAnswer ? 'over-budget' : 'exception';
    }
  }

  #isServed(
    breaker: Breaker,
    model: RoomModel<Question, Value> | undefined,
    question: Readonly<Question>,
  ): boolean {
    if (model === undefined || breaker.state !== 'closed') return false;
    try {
      return this.#earned(model, question);
    } catch {
      return false;
    }
  }

  /** Whether a model says that it earned its place for questions like this one. */
  #earned(model: RoomModel<Question, Value>, question: Readonly<Question>): boolean {
    const serves: unknown = model.serves?.(question);
    quieten(serves);
    return serves !== false;
  }

  /** Whether the model makes this decision. An assignment that throws gives it to the rule. */
  #isAssigned(): boolean {
    const assign = this.#assign;
    if (assign === undefined) return true;
    try {
      const chosen = assign.useModel(this.#hint.decisionId);
      quieten(chosen);
      this.#hint.propensity = assign.propensity;
      return chosen;
    } catch {
      return false;
    }
  }

  #askRule(question: Readonly<Question>): void {
    const hint = this.#hint;
    try {
      const value: unknown = this.room.heuristic(question);
      if (this.room.isLegal(value, question)) {
        hint.value = value;
        hint.source = 'heuristic';
        return;
      }
    } catch {
      // As for an answer that is not legal.
    }
    hint.value = this.room.fallback;
    hint.source = 'default';
    hint.reason = 'heuristic-failed';
  }

  #remember(): void {
    const hint = this.#hint;
    const slot = this.#ring[hint.decisionId % REMEMBERED] as Writable<Decision<Value>>;
    // Field by field: `Object.assign` would make a new number of every propensity that is not whole.
    slot.value = hint.value;
    slot.source = hint.source;
    slot.reason = hint.reason;
    slot.breaker = hint.breaker;
    slot.propensity = hint.propensity;
    slot.decisionId = hint.decisionId;
  }
}
