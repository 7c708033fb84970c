import { Worker } from 'node:worker_threads';
import { type Clock, PilotfishError } from '../../base/index.ts';
import type { RoomModel } from '../contract/index.ts';
import { DEFAULT_BUDGET_MS, LateAnswer } from '../guard/index.ts';
import { Mailbox } from './mailbox.ts';

export type WorkerModelOptions<Question, Value> = {
  /** `name@version`: the source of its hints. */
  readonly version: `${string}@${string}`;
  /**
   * An ES module (`file:` or `data:`) with `choose(features: Float64Array): number`, an index into `values`. The vector
   * is overwritten by the next question.
   */
  readonly module: URL;
  readonly clock: Clock;
  /** Slots of the feature vector. */
  readonly slots: number;
  /** Writes the feature vector of a question. */
  readonly features: (question: Readonly<Question>, out: Float64Array) => void;
  /** The legal answers of the room. */
  readonly values: readonly Value[];
  /** How long an answer is waited for, in milliseconds; that of a guard unless given. */
  readonly budgetMs?: number;
};

/** The entry beside this file: `.ts` in the checkout, `.js` in the package. */
const WORKER_URL = import.meta.url.endsWith('.ts')
  ? new URL('./model-worker.ts', import.meta.url)
  : new URL('./model-worker.js', import.meta.url);

/** A model that is not loaded after so long never will be, in milliseconds. */
const START_LIMIT_MS = 10_000;
const HEAP_LIMITS = { maxOldGenerationSizeMb: 512 };

/**
 * A foreign model in a thread of its own. An ask blocks the asking thread for at most the budget; a worker that has not
 * answered by then is terminated and another one started. Until that one is ready the model does not serve and the
 * rule of the room answers, so a model that hangs costs one budget per failure the breaker counts.
 *
 * A thread keeps a model from stopping this process, not from reading its files: load only code that may be run.
 */
export class WorkerModel<Question, Value> implements RoomModel<Question, Value> {
  readonly version: `${string}@${string}`;
  readonly #options: WorkerModelOptions<Question, Value>;
  readonly #budgetMs: number;
  #mailbox: Mailbox;
  #worker: Worker;
  #startedMs = 0;
  #isClosed = false;

  /** @throws PilotfishError `USAGE` when there are no slots, no values or no time. */
  constructor(options: WorkerModelOptions<Question, Value>) {
    const { version, slots, values, budgetMs = DEFAULT_BUDGET_MS } = options;
    if (!Number.isInteger(slots) || slots < 1 || values.length === 0 || !(budgetMs > 0)) {
      throw new PilotfishError('USAGE', 'a worker model needs feature slots, legal values and a time budget');
    }
    this.version = version;
    this.#options = options;
    this.#budgetMs = budgetMs;
    this.#mailbox = Mailbox.ofSlots(slots);
    this.#worker = this.#start();
  }

  /** False while the worker is loading the model: that is no failure. */
  serves(): boolean {
    return !this.#mailbox.isStarting || this.#hasStartedTooLate();
  }

  /**
   * The value the worker's answer is the index of; undefined, which is never legal, when it is the index of none.
   * @throws LateAnswer after the budget; PilotfishError `INTERNAL` when the model threw or could not be loaded,
   * `USAGE` after `close`.
   */
  choose(question: Readonly<Question>): Value {
    const mailbox = this.#mailbox;
    if (!mailbox.isReady) throw this.#notReady();
    this.#options.features(question, mailbox.features);
    const index = mailbox.ask(this.#budgetMs, threw);
    if (index === undefined) {
      this.#restart();
      throw new LateAnswer(this.#budgetMs);
    }
    return this.#options.values[index] as Value;
  }

  /** Resolves when the worker loaded the model, could not, or took longer than 10 s: whether it can be asked. */
  ready(): Promise<boolean> {
    const [mailbox, worker] = [this.#mailbox, this.#worker];
    if (!mailbox.isStarting) return Promise.resolve(mailbox.isReady);
    return new Promise((resolve) => {
      const settle = (): void => {
        stopWaiting();
        worker.off('message', settle).off('exit', settle).unref();
        resolve(mailbox.isReady);
      };
      // Whoever waits for the worker keeps the process alive for it.
      worker.ref();
      worker.once('message', settle).once('exit', settle);
      const stopWaiting = this.#options.clock.every(START_LIMIT_MS, settle);
    });
  }

  /** Ends the worker; every later ask fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#mailbox.end();
    await this.#worker.terminate();
  }

  #hasStartedTooLate(): boolean {
    return this.#options.clock.monotonicMs() - this.#startedMs > START_LIMIT_MS;
  }

  #notReady(): PilotfishError {
    if (this.#isClosed) return new PilotfishError('USAGE', `${this.version} was closed; open it again`);
    // The next probe of the breaker finds a new worker.
    this.#restart();
    return new PilotfishError('INTERNAL', `${this.version} cannot be loaded; check its module`);
  }

  #restart(): void {
    void this.#worker.terminate();
    // A new mailbox, so that nothing the old worker still writes is taken for an answer.
    this.#mailbox = Mailbox.ofSlots(this.#options.slots);
    this.#worker = this.#start();
  }

  #start(): Worker {
    const { module, clock } = this.#options;
    const mailbox = this.#mailbox;
    this.#startedMs = clock.monotonicMs();
    const worker = new Worker(WORKER_URL, {
      workerData: { shared: mailbox.shared, module: module.href },
      // Flags such as --test are not for it, nor are the settings and passwords in the environment.
      execArgv: [],
      env: {},
      resourceLimits: HEAP_LIMITS,
    });
    worker.on('error', () => mailbox.end()).on('exit', () => mailbox.end());
    worker.unref();
    return worker;
  }
}

const threw = (): PilotfishError =>
  new PilotfishError('INTERNAL', 'the foreign model threw; ask it outside of Pilotfish to see why');
