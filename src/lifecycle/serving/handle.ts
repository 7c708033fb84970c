import { PilotfishError } from '../../base/index.ts';
import { asModelError, checkAnswer } from './runners/runner.ts';
import type { ServedModel } from './served-model.ts';

/**
 * A model within this process: its current version, asked without a promise, a queue or a copy. It keeps that version
 * loaded until it is closed.
 */
export class ModelHandle {
  readonly #model: ServedModel;
  #isClosed = false;

  constructor(model: ServedModel) {
    this.#model = model;
    model.holds += 1;
  }

  /** The version that answers next, and answered last unless something was awaited since. */
  get version(): string {
    return this.#answering().version;
  }

  /**
   * Answers one row. The array belongs to the model and is overwritten by its next answer.
   * @throws PilotfishError `SHAPE`, `NOT_FINITE` for a row or an answer, `INTERNAL` when the model threw, `UNSUPPORTED` for
   * one that answers from another thread.
   */
  predict(x: ArrayLike<number>): Float64Array {
    const { predict } = this.#answering().requireLoaded().runner;
    if (predict === null) throw elsewhere(this.#model.name);
    let values: Float64Array;
    try {
      values = predict(x);
    } catch (error) {
      throw asModelError(error, this.#model.name);
    }
    checkAnswer(values);
    return values;
  }

  /** Lets the model be unloaded when memory is needed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#model.holds -= 1;
  }

  #answering(): NonNullable<ServedModel['current']> {
    const { current } = this.#model;
    if (current !== undefined && !this.#isClosed) return current;
    throw new PilotfishError(
      'USAGE',
      `${this.#model.name} answers no more: this handle was closed, or the model withdrawn; open another`,
    );
  }
}

const elsewhere = (name: string): PilotfishError =>
  new PilotfishError('UNSUPPORTED', `${name} answers from another thread; await the predict of the server`);
