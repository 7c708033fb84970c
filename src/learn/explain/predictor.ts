import { PilotfishError } from '../../base/index.ts';
import { allFinite, checkMatrix, type Matrix, notEmpty, ofLength } from '../contract/index.ts';

/**
 * Any model: features in, one value or several out. It may reuse the array it returns from call to call. Wrap the method
 * of a learner, which needs its `this`: `(row) => net.predict(row)`.
 */
export type PredictFunction = (x: Float64Array) => number | ArrayLike<number>;

/** What an explanation asks for: a model, a row, and the data it is compared with. */
export type ExplanationQuery = {
  readonly predict: PredictFunction;
  /** The row to explain, `[features]`. */
  readonly x: ArrayLike<number>;
  /** Rows that stand for "not known", usually 50 to 200 of the training data. Constant features are fine. */
  readonly background: Matrix;
};

/** Memory grows with the square of the features; nobody reads a longer explanation either. */
const FEATURES_MAX = 1024;

/** @throws PilotfishError `EMPTY`, `SHAPE`, `LIMIT` or `NOT_FINITE`. */
export function checkQuery({ x, background }: ExplanationQuery): void {
  checkMatrix(background, { constantFeatures: 'allow' });
  if (background.columns > FEATURES_MAX) {
    const message = `${background.columns} features, ${FEATURES_MAX} can be explained; group them`;
    throw new PilotfishError('LIMIT', message);
  }
  allFinite('x', ofLength('x', x, background.columns));
}

/** Calls a model, and holds it to finite answers of one length. */
export class Predictor {
  readonly #predict: PredictFunction;
  #answer: Float64Array | undefined;

  constructor(predict: PredictFunction) {
    this.#predict = predict;
  }

  /**
   * The answer, `[outputs]`; overwritten by the next call.
   * @throws PilotfishError `EMPTY` for an answer without values, `SHAPE` when their number changes, `NOT_FINITE`.
   */
  ask(x: Float64Array): Float64Array {
    const answer = this.#predict(x);
    const values = typeof answer === 'number' ? [answer] : notEmpty('the answer of predict', answer);
    this.#answer ??= new Float64Array(values.length);
    if (values.length !== this.#answer.length) {
      const message = `predict gave ${values.length} values after ${this.#answer.length}; give the same number`;
      throw new PilotfishError('SHAPE', message);
    }
    this.#answer.set(allFinite('the answer of predict', values));
    return this.#answer;
  }
}
