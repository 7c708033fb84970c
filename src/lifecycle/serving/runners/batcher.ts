import { type Clock, PilotfishError } from '../../../base/index.ts';
import { asModelError, checkAnswer, LateRun, type Runner } from './runner.ts';

/** How questions are gathered. */
export type BatchOptions = {
  /** Rows that are answered at once. 32. */
  readonly maxBatchSize: number;
  /**
   * How long a question waits for others, in milliseconds. 0: until the messages that are due have been served. Timers
   * do not keep a process alive: one that has nothing else to do ends before a longer delay does.
   */
  readonly maxDelayMs: number;
  /** Questions that wait or are being answered, of one version; more are refused. 1024. */
  readonly maxQueue: number;
};

type Waiting = {
  readonly row: Float64Array;
  readonly sinceMs: number;
  readonly resolve: (values: Float64Array) => void;
  readonly reject: (error: PilotfishError) => void;
};

/** So many answers that never came in a row say that the model hangs, not one question. */
const LATE_LIMIT = 2;

/**
 * Dynamic batching for one version of one model, so that no batch ever holds questions for two. Answers go out in the
 * order of the questions. A batch that fails is asked row by row: only the rows that fail alone are refused.
 */
export class Batcher {
  readonly #runner: Runner;
  readonly #clock: Clock;
  readonly #options: BatchOptions;
  readonly #rows: Float64Array;
  readonly #queue: Waiting[] = [];
  #answering = 0;
  #isDue = false;
  #stopTimer: (() => void) | undefined;
  readonly #whenIdle: (() => void)[] = [];

  constructor(runner: Runner, clock: Clock, options: BatchOptions) {
    this.#runner = runner;
    this.#clock = clock;
    this.#options = options;
    this.#rows = new Float64Array(options.maxBatchSize * runner.inputs);
  }

  /** Questions that wait or are being answered. */
  get pending(): number {
    return this.#queue.length + this.#answering;
  }

  /** Answers a row that was checked. Rejects with PilotfishError `LIMIT` when too many wait, and as the model. */
  ask(row: Float64Array): Promise<Float64Array> {
    if (this.pending >= this.#options.maxQueue) {
      const message = `${this.pending} questions wait already; ask again later, or less often`;
      return Promise.reject(new PilotfishError('LIMIT', message));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ row, sinceMs: this.#clock.monotonicMs(), resolve, reject });
      this.#arrange();
    });
  }

  /** Resolves when nothing is pending. */
  idle(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Sees to it that what waits is answered in time. */
  #arrange(): void {
    const [oldest] = this.#queue;
    if (oldest === undefined || this.#answering > 0 || this.#isDue) return;
    const { maxBatchSize, maxDelayMs } = this.#options;
    const waitMs = oldest.sinceMs + maxDelayMs - this.#clock.monotonicMs();
    if (this.#queue.length >= maxBatchSize || waitMs <= 0) this.#soon();
    else this.#stopTimer ??= this.#clock.every(waitMs, () => this.#soon());
  }

  #soon(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#isDue = true;
    void this.#clock.turn().then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const batch = this.#queue.splice(0, this.#options.maxBatchSize);
    this.#isDue = false;
    this.#answering = batch.length;
    await this.#answer(batch);
    this.#answering = 0;
    this.#arrange();
    if (this.pending > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Settles every question of the batch; never rejects. */
  async #answer(batch: readonly Waiting[]): Promise<void> {
    const { inputs, outputs } = this.#runner;
    try {
      for (const [index, { row }] of batch.entries()) this.#rows.set(row, index * inputs);
      const values = await this.#run(batch.length);
      for (const [index, each] of batch.entries()) {
        settle(each, values.slice(index * outputs, (index + 1) * outputs));
      }
    } catch (error) {
      await this.#answerAlone(batch, asModelError(error, 'the model'));
    }
  }

  async #run(rows: number): Promise<Float64Array> {
    const values = await this.#runner.run(this.#rows, rows);
    const due = rows * this.#runner.outputs;
    if (values.length === due) return values;
    throw new PilotfishError(
      'SHAPE',
      `the model answers ${values.length} values where ${due} are due; train or export it again`,
    );
  }

  async #answerAlone(batch: readonly Waiting[], error: PilotfishError): Promise<void> {
    if (batch.length === 1) {
      batch[0]?.reject(error);
      return;
    }
    let late = 0;
    let last = error;
    for (const each of batch) {
      if (late >= LATE_LIMIT) {
        each.reject(last);
        continue;
      }
      try {
        this.#rows.set(each.row);
        const values = await this.#run(1);
        late = 0;
        settle(each, values.slice());
      } catch (cause) {
        last = asModelError(cause, 'the model');
        late = last instanceof LateRun ? late + 1 : 0;
        each.reject(last);
      }
    }
  }
}

function settle({ resolve, reject }: Waiting, values: Float64Array): void {
  try {
    checkAnswer(values);
    resolve(values);
  } catch (error) {
    reject(asModelError(error, 'the model'));
  }
}
