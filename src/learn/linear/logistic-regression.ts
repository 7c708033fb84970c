import type { Snapshot } from '../contract/index.ts';
import { LinearModel } from './linear-model.ts';
import { type Head, type LinearOptions, takeLinear } from './linear-parts.ts';

const head: Head = {
  kind: 'logistic-regression',
  outputs: 1,
  answers: 2,
  classes: 2,
  link(scores, answer) {
    const score = scores[0] as number;
    answer[0] = 1 / (1 + Math.exp(score));
    answer[1] = 1 / (1 + Math.exp(-score));
  },
  slope(answer, y, slopes) {
    slopes[0] = (answer[1] as number) - y;
  },
  loss(scores, y) {
    const margin = y === 1 ? (scores[0] as number) : -(scores[0] as number);
    return Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(0, -margin);
  },
};

/**
 * Logistic regression of classes 0 and 1 by stochastic gradient descent on the log loss (Bottou, COMPSTAT 2010).
 * `predict` answers `[P(0), P(1)]`.
 *
 * Errors: `USAGE` for options or targets out of range, `SHAPE`, `NOT_FINITE`, `LIMIT` for samples; `fit` also as
 * `checkBatch`.
 */
export class LogisticRegression extends LinearModel {
  constructor(options: LinearOptions) {
    super(options, head);
  }

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
  static restore(snapshot: Snapshot): LogisticRegression {
    const parts = takeLinear(snapshot, head.kind, head.outputs);
    const model = new LogisticRegression(parts.options);
    model.load(parts);
    return model;
  }
}
