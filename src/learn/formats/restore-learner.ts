import { PilotfishError } from '../../base/index.ts';
import { BetaThompson, EpsilonGreedy, GaussianThompson, LinThompson, LinUcb, Ucb } from '../bandits/index.ts';
import type { Learner, Snapshot } from '../contract/index.ts';
import { IsotonicRegression, TemperatureScaling } from '../ensemble/index.ts';
import {
  HoeffdingTree,
  LinearRegression,
  LogisticRegression,
  NaiveBayes,
  OnlineScaler,
  SoftmaxRegression,
} from '../linear/index.ts';
import { Lstm, Mlp } from '../nets/index.ts';
import { Ewma, Markov, RecencyMarkov } from '../sequences/index.ts';
import { LshIndex, QuantileSketch } from '../sketches/index.ts';
import { BoostedTrees } from '../trees/index.ts';
import { QLearning } from '../values/index.ts';

const RESTORE: { readonly [kind: string]: (snapshot: Snapshot) => Learner } = {
  'beta-thompson': BetaThompson.restore,
  'boosted-trees': BoostedTrees.restore,
  'epsilon-greedy': EpsilonGreedy.restore,
  ewma: Ewma.restore,
  'gaussian-thompson': GaussianThompson.restore,
  'hoeffding-tree': HoeffdingTree.restore,
  'isotonic-regression': IsotonicRegression.restore,
  'lin-thompson': LinThompson.restore,
  'lin-ucb': LinUcb.restore,
  'linear-regression': LinearRegression.restore,
  'logistic-regression': LogisticRegression.restore,
  'lsh-index': LshIndex.restore,
  lstm: Lstm.restore,
  markov: Markov.restore,
  mlp: Mlp.restore,
  'naive-bayes': NaiveBayes.restore,
  'online-scaler': OnlineScaler.restore,
  'q-learning': QLearning.restore,
  'quantile-sketch': QuantileSketch.restore,
  'recency-markov': RecencyMarkov.restore,
  'softmax-regression': SoftmaxRegression.restore,
  'temperature-scaling': TemperatureScaling.restore,
  ucb: Ucb.restore,
};

/**
 * The learner that a snapshot was taken from, whichever it was: ask with `instanceof` what it is.
 * @throws PilotfishError `UNSUPPORTED` for a kind that is none here, and as the `restore` of the class.
 */
export function restoreLearner(snapshot: Snapshot): Learner {
  const restore = Object.hasOwn(RESTORE, snapshot.kind) ? RESTORE[snapshot.kind] : undefined;
  if (restore !== undefined) return restore(snapshot);
  throw new PilotfishError(
    'UNSUPPORTED',
    `no learner is of the kind "${snapshot.kind}"; restore it with the class that took the snapshot`,
  );
}
