import { type Snapshot, wholeNumber } from '../contract/index.ts';
import { MAX_STATE_VALUES, takeCount } from './checks.ts';
import { LinearModel } from './linear-model.ts';
import { type Head, type LinearOptions, takeLinear } from './linear-parts.ts';
import { logSumExp, softmaxInto } from './posterior.ts';

export type SoftmaxOptions = LinearOptions & {
  /** Number of classes, from 2. */
  readonly classes: number;
};

const kind = 'softmax-regression';
const classRange = [2, MAX_STATE_VALUES] as const;

const headFor = (classes: number): Head => ({
  kind,
  outputs: classes,
  answers: classes,
  classes,
  link: softmaxInto,
  slope(answer, y, slopes) {
    slopes.set(answer);
    slopes[y] = (slopes[y] as number) - 1;
  },
  loss(scores, y) {
    return logSumExp(scores) - (scores[y] as number);
  },
});

/**
 * Softmax (multinomial logistic) regression by stochastic gradient descent on the cross-entropy. `predict` answers
 * one probability a class.
 *
 * Errors: as `LogisticRegression`.
 */
export class SoftmaxRegression extends LinearModel {
  constructor(options: SoftmaxOptions) {
    super(options, headFor(wholeNumber('classes', options.classes, classRange)));
  }

  /** The inverse of `snapshot`. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`. */
  static restore(snapshot: Snapshot): SoftmaxRegression {
    const classes = takeCount(snapshot, 'classes', classRange);
    const parts = takeLinear(snapshot, kind, classes);
    const model = new SoftmaxRegression({ ...parts.options, classes });
    model.load(parts);
    return model;
  }
}
