/** Numbers of the control words. */
const STATE = 0;
const ASKED = 1;
const ANSWERED = 2;
const THREW = 3;
const CONTROL_WORDS = 4;
const ANSWER_AT = CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT;
const FEATURES_AT = ANSWER_AT + Float64Array.BYTES_PER_ELEMENT;

const STARTING = 0;
const READY = 1;
const ENDED = 2;

/**
 * Memory that an asker and a worker share: one question, one answer, and counters of both. The counter of the answers
 * is stored last and is what the asker waits for, so an answer is whole when it is seen.
 */
export class Mailbox {
  readonly shared: SharedArrayBuffer;
  /** The feature vector of the question. */
  readonly features: Float64Array;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #answer: Float64Array;

  /** @param shared of another mailbox, to be its other end. */
  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#control = new Int32Array(shared, 0, CONTROL_WORDS);
    this.#answer = new Float64Array(shared, ANSWER_AT, 1);
    this.features = new Float64Array(shared, FEATURES_AT);
  }

  /** A new one for vectors of so many numbers. */
  static ofSlots(slots: number): Mailbox {
    return new Mailbox(new SharedArrayBuffer(FEATURES_AT + slots * Float64Array.BYTES_PER_ELEMENT));
  }

  get isStarting(): boolean {
    return Atomics.load(this.#control, STATE) === STARTING;
  }

  get isReady(): boolean {
    return Atomics.load(this.#control, STATE) === READY;
  }

  /** Of the worker: it can be asked from now on. */
  ready(): void {
    Atomics.store(this.#control, STATE, READY);
  }

  /** There is nobody at the other end, or never will be. */
  end(): void {
    Atomics.store(this.#control, STATE, ENDED);
  }

  /**
   * Of the asker: hands over what `features` holds and blocks until the answer is there. Undefined when it is not after
   * `budgetMs`: then the mailbox must not be used again. NaN when the model answered no number.
   * @throws what `onThrow` makes when the model threw.
   */
  ask(budgetMs: number, onThrow: () => Error): number | undefined {
    const control = this.#control;
    const before = Atomics.add(control, ASKED, 1);
    Atomics.notify(control, ASKED);
    if (Atomics.wait(control, ANSWERED, before, budgetMs) === 'timed-out') return undefined;
    if (Atomics.exchange(control, THREW, 0) === 1) throw onThrow();
    return this.#answer[0];
  }

  /** Of the worker: answers questions for as long as it lives. */
  serve(answer: () => unknown): never {
    const control = this.#control;
    for (let seen = 0; ; ) {
      Atomics.wait(control, ASKED, seen);
      seen = Atomics.load(control, ASKED);
      try {
        const value = answer();
        this.#answer[0] = typeof value === 'number' ? value : Number.NaN;
      } catch {
        Atomics.store(control, THREW, 1);
      }
      Atomics.store(control, ANSWERED, seen);
      Atomics.notify(control, ANSWERED);
    }
  }
}
