import type { Snapshot } from '../contract/index.ts';
import { LinearModel } from './linear-model.ts';
import { type Head, type LinearOptions, takeLinear } from './linear-parts.ts';

const head: Head = {
  kind: 'linear-regression',
  outputs: 1,
  answers: 1,
  link(scores, answer) {
    answer[0] = scores[0] as number;
  },
  slope(answer, y, slopes) {
    slopes[0] = (answer[0] as number) - y;
  },
  loss(scores, y) {
    return ((scores[0] as number) - y) ** 2 / 2;
  },
};

/**
 * Linear regression by stochastic gradient descent on half the squared error (Widrow and Hoff 1960). `predict`
 * answers one value, in the units of the target.
 *
 * Errors: `USAGE` for options out of range, `SHAPE`, `NOT_FINITE`, `LIMIT` for samples; `fit` also as `checkBatch`.
 */
export class LinearRegression extends LinearModel {
  constructor(options: LinearOptions) {
    super(options, head);
  }

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
  static restore(snapshot: Snapshot): LinearRegression {
    const parts = takeLinear(snapshot, head.kind, head.outputs);
    const model = new LinearRegression(parts.options);
    model.load(parts);
    return model;
  }
}
