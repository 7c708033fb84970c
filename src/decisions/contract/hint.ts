/** Who answered: a model by name and version, the rule of the room, or the default of the asker. */
export type HintSource = `${string}@${string}` | 'heuristic' | 'default';

/** State of the circuit breaker of a room. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Why this source answered. */
export type HintReason =
  /** A model answered, legally and in time. */
  | 'model'
  /** No model is installed. */
  | 'no-model'
  /** The model did not earn its place for questions of this kind. */
  | 'not-served'
  /** The assignment (experiment, rollout) gave this decision to the rule, or to the model installed beside. */
  | 'assigned'
  /** The model failed too often and rests. */
  | 'breaker-open'
  /** The model threw. */
  | 'exception'
  /** The model answered NaN, something out of range or something else that is not legal. */
  | 'illegal'
  /** The model answered too late. */
  | 'over-budget'
  /** The rule itself failed: the default answers. */
  | 'heuristic-failed';

/**
 * An answer, and where it came from. One object per guard, overwritten by the next `ask`: copy what must last.
 * A hint can change size or speed, never bytes, and the asker still checks it against its own limits.
 */
export interface Hint<Value> {
  readonly value: Value;
  readonly source: HintSource;
  readonly reason: HintReason;
  readonly breaker: BreakerState;
  /** Probability with which this source was chosen here; 1 unless an assignment draws lots. */
  readonly propensity: number;
  /** Names the decision in its receipt: whole numbers from 1, unique within a guard. */
  readonly decisionId: number;
}

/** What a decision really cost, in units. A failure is a receipt too. */
export interface Receipt {
  readonly decisionId: number;
  /** False when what was decided could not be carried out. */
  readonly ok: boolean;
  /** Bytes that were stored, sent or wasted. */
  readonly bytes: number;
  /** Seconds it took. */
  readonly seconds: number;
}
