import { Worker } from 'node:worker_threads';
import { type Clock, PilotfishError } from '../../../base/index.ts';
import { ONNX_FILE, type SourcedModel } from '../sources/source.ts';
import { goldenOf } from './golden.ts';
import { LateRun, type Runner } from './runner.ts';

/** A batch for the worker. */
export type OnnxQuestion = {
  readonly id: number;
  readonly rows: number;
  readonly columns: number;
  readonly x: Float32Array;
};

/** What the worker says. */
export type OnnxReply =
  | { readonly kind: 'ready'; readonly inputs: number | null }
  | { readonly kind: 'failed'; readonly isAbsent: boolean; readonly text: string }
  | { readonly kind: 'answer'; readonly id: number; readonly values: Float64Array }
  | { readonly kind: 'threw'; readonly id: number; readonly text: string };

export type OnnxOptions = {
  readonly clock: Clock;
  readonly model: SourcedModel;
  /** What is imported for the runtime: the package, or the address of a module with its interface. */
  readonly module: string;
  /** How long an answer is waited for, in milliseconds. */
  readonly budgetMs: number;
};

const WORKER_URL = import.meta.url.endsWith('.ts')
  ? new URL('./onnx-worker.ts', import.meta.url)
  : new URL('./onnx-worker.js', import.meta.url);

/** A runtime that has not started after so long never will, in milliseconds. */
const START_LIMIT_MS = 30_000;
const HEAP_LIMITS = { maxOldGenerationSizeMb: 512 };

/**
 * A foreign ONNX model in a thread of its own, asked in batches, one at a time. One that does not answer within the
 * budget loses its thread and is started anew by the next question; so it costs its own callers time, and nobody else.
 */
export class OnnxRunner implements Runner {
  readonly platform = 'onnx';
  readonly missing = 'allow';
  readonly predict = null;
  readonly #options: OnnxOptions;
  readonly #file: Uint8Array;
  #worker: Worker | undefined;
  #asked = 0;
  /** Of rows and answers; known when it has started. */
  readonly #widths = { inputs: 0, outputs: 0 };

  /** @throws PilotfishError `UNSUPPORTED` without the runtime or the width of its input, `DAMAGED` as the runtime. */
  static async open(options: OnnxOptions): Promise<OnnxRunner> {
    const file = options.model.files.get(ONNX_FILE);
    if (file === undefined) {
      throw new PilotfishError(
        'UNSUPPORTED',
        'the artefact holds neither model.safetensors, model.json nor model.onnx; save the model in one of these forms',
      );
    }
    const runner = new OnnxRunner(options, file);
    try {
      const declared = await runner.#start();
      runner.#widths.inputs = declared ?? goldenOf(options.model)?.cases[0]?.input.length ?? 0;
      if (runner.#widths.inputs === 0) throw unknownWidth();
      runner.#widths.outputs = (await runner.run(new Float64Array(runner.#widths.inputs), 1)).length;
      return runner;
    } catch (error) {
      await runner.close();
      throw error;
    }
  }

  constructor(options: OnnxOptions, file: Uint8Array) {
    this.#options = options;
    this.#file = file;
  }

  get inputs(): number {
    return this.#widths.inputs;
  }

  get outputs(): number {
    return this.#widths.outputs;
  }

  /** @throws PilotfishError `INTERNAL` when the model threw, `LIMIT` when it took too long. */
  async run(x: Float64Array, rows: number): Promise<Float64Array> {
    if (this.#worker === undefined) await this.#start();
    const { budgetMs } = this.#options;
    this.#asked += 1;
    const columns = this.#widths.inputs;
    const batch = Float32Array.from(x.subarray(0, rows * columns));
    const question: OnnxQuestion = { id: this.#asked, rows, columns, x: batch };
    const reply = await this.#reply(budgetMs, (worker) => worker.postMessage(question, [batch.buffer]));
    if (reply?.kind === 'answer' && reply.id === question.id) return reply.values;
    if (reply?.kind === 'threw') throw threw(reply.text);
    await this.close();
    if (reply === undefined) throw new LateRun(budgetMs);
    throw threw('its thread ended');
  }

  #forget(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** @returns how many features the model declares, null where it does not say. */
  async #start(): Promise<number | null> {
    const { module } = this.#options;
    this.#worker = new Worker(WORKER_URL, {
      workerData: { module, model: this.#file },
      // Flags such as --test are not for it, nor are the settings and passwords in the environment.
      execArgv: [],
      env: {},
      resourceLimits: HEAP_LIMITS,
    });
    const reply = await this.#reply(START_LIMIT_MS, () => {});
    if (reply?.kind === 'ready') return reply.inputs;
    await this.close();
    if (reply === undefined) throw new LateRun(START_LIMIT_MS);
    throw cannotStart(reply, module);
  }

  /** What the worker says next; undefined when it says nothing for too long. An end of the thread is a failure. */
  #reply(limitMs: number, send: (worker: Worker) => void): Promise<OnnxReply | undefined> {
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (reply: OnnxReply | undefined): void => {
        stopWaiting();
        worker.removeAllListeners().unref();
        // A thread that ends while nothing is asked of it is started anew by the next question.
        worker.on('error', () => {}).on('exit', () => this.#forget(worker));
        resolve(reply);
      };
      const failed = (error: unknown): void => {
        settle({
          kind: 'failed',
          isAbsent: false,
          text: error instanceof Error ? error.message : `exit ${error}`,
        });
      };
      const stopWaiting = this.#options.clock.every(limitMs, () => settle(undefined));
      // Whoever waits for the worker keeps the process alive for it.
      worker.ref();
      worker.removeAllListeners().on('message', settle).on('error', failed).on('exit', failed);
      send(worker);
    });
  }
}

const threw = (text: string): PilotfishError =>
  new PilotfishError(
    'INTERNAL',
    `the foreign model failed (${text}); ask it outside of Pilotfish to see why`,
  );

const unknownWidth = (): PilotfishError =>
  new PilotfishError(
    'UNSUPPORTED',
    'the ONNX model does not say how many features it takes; put recorded answers beside it in golden.json',
  );

function cannotStart(reply: OnnxReply, module: string): PilotfishError {
  if (reply.kind === 'failed' && reply.isAbsent) {
    return new PilotfishError(
      'UNSUPPORTED',
      `foreign ONNX models run on ${module}, which is not installed: run \`npm install ${module}\` ` +
        '(with ONNXRUNTIME_NODE_INSTALL=skip where only npm can be reached)',
    );
  }
  const text = reply.kind === 'failed' ? reply.text : 'it speaks before it is ready';
  return new PilotfishError('DAMAGED', `the ONNX model cannot be opened (${text}); export it anew`);
}
