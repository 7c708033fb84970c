import { PilotfishError } from '../../../base/index.ts';
import type { Hint } from '../../../decisions/index.ts';
import type { QuestionCopy } from '../rooms/questions.ts';

/** A decision that waits to be looked at. */
export interface Waiting<Question, Value> {
  readonly question: Question;
  /** What was answered, and under which number. */
  value: Value;
  decisionId: number;
}

/**
 * Decisions that are looked at later: whoever asks pays one copy, and nothing is allocated. When it is full the newest
 * are dropped, and counted.
 */
export class ShadowRing<Question, Value> {
  /** Decisions that found no place. */
  dropped = 0;
  readonly #copy: QuestionCopy<Question>['copy'];
  readonly #places: readonly Waiting<Question, Value>[];
  /** Numbers of the next place to fill and the next to take, growing without end. */
  #filled = 0;
  #taken = 0;

  /** @throws PilotfishError `USAGE` unless it has 1 to 65536 places. */
  constructor(questions: QuestionCopy<Question>, fallback: Value, capacity = 1024) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= 65_536)) {
      throw new PilotfishError('USAGE', `a ring of ${capacity} places cannot be made: give 1 to 65536`);
    }
    this.#copy = questions.copy;
    this.#places = Array.from({ length: capacity }, () => ({
      ...{ question: questions.blank(), value: fallback, decisionId: 0 },
    }));
  }

  get size(): number {
    return this.#filled - this.#taken;
  }

  push(question: Readonly<Question>, hint: Readonly<Hint<Value>>): void {
    const capacity = this.#places.length;
    if (this.#filled - this.#taken >= capacity) {
      this.dropped += 1;
      return;
    }
    const place = this.#places[this.#filled % capacity] as Waiting<Question, Value>;
    this.#copy(question, place.question);
    place.value = hint.value;
    place.decisionId = hint.decisionId;
    this.#filled += 1;
  }

  /** The oldest; its place is free again when the next is taken or pushed. Undefined when there is none. */
  take(): Readonly<Waiting<Question, Value>> | undefined {
    if (this.#taken === this.#filled) return undefined;
    const place = this.#places[this.#taken % this.#places.length];
    this.#taken += 1;
    return place;
  }
}
