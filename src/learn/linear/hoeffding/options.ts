import { numberWithin, type Snapshot, wholeNumber } from '../../contract/index.ts';
import { checkStateSize, MAX_STATE_VALUES, oneOf, takeCount, takeNumber, takeWord } from '../checks.ts';

/** What a split is to reduce: entropy in bits, or Gini impurity. */
export type SplitCriterion = 'info-gain' | 'gini';

/** How a leaf answers: class shares, naive Bayes, or whichever of the two was right more often there so far. */
export type LeafPrediction = 'majority' | 'bayes' | 'adaptive';

export type HoeffdingOptions = {
  /** Length of every sample. */
  readonly features: number;
  /** Number of classes, from 2. */
  readonly classes: number;
  /** Weight a leaf sees between two looks for a split. Default 200. */
  readonly gracePeriod?: number;
  /** Chance, at each look, of a split that more samples would not have chosen. Default 1e-7. */
  readonly delta?: number;
  /** Splits whose gains cannot be told apart within this are as good as each other. Default 0.05. */
  readonly tieThreshold?: number;
  /** Default `info-gain`. */
  readonly criterion?: SplitCriterion;
  /** Default `adaptive`. */
  readonly leafPrediction?: LeafPrediction;
  /** Growth stops here; a leaf keeps about `4 · classes · features` numbers. Default 1000. */
  readonly maxLeaves?: number;
};

const CRITERIA = ['info-gain', 'gini'] as const;
const PREDICTIONS = ['majority', 'bayes', 'adaptive'] as const;

/** The numbers one leaf keeps. */
const leafValues = (classes: number, features: number) => 4 * (classes + 1) * (features + 1);

/** With defaults, checked. @throws PilotfishError `USAGE`, `LIMIT`. */
export function hoeffdingOptions(given: HoeffdingOptions): Required<HoeffdingOptions> {
  const { features, classes, criterion = 'info-gain', leafPrediction = 'adaptive', maxLeaves = 1000 } = given;
  const { gracePeriod = 200, delta = 1e-7, tieThreshold = 0.05 } = given;
  wholeNumber('features', features, [1, MAX_STATE_VALUES]);
  wholeNumber('classes', classes, [2, MAX_STATE_VALUES]);
  numberWithin('gracePeriod', gracePeriod, [1, 1e12]);
  numberWithin('delta', delta, [1e-300, 1]);
  numberWithin('tieThreshold', tieThreshold, [0, 100]);
  oneOf('criterion', criterion, CRITERIA);
  oneOf('leafPrediction', leafPrediction, PREDICTIONS);
  wholeNumber('maxLeaves', maxLeaves, [1, MAX_STATE_VALUES]);
  checkStateSize(maxLeaves * leafValues(classes, features));
  return { features, classes, gracePeriod, delta, tieThreshold, criterion, leafPrediction, maxLeaves };
}

/** The options in a snapshot's config. @throws PilotfishError `DAMAGED`, or as `hoeffdingOptions`. */
export function takeOptions(snapshot: Snapshot): Required<HoeffdingOptions> {
  const whole = [1, MAX_STATE_VALUES] as const;
  const number = [0, Number.MAX_VALUE] as const;
  return hoeffdingOptions({
    features: takeCount(snapshot, 'features', whole),
    classes: takeCount(snapshot, 'classes', whole),
    gracePeriod: takeNumber(snapshot, 'gracePeriod', number),
    delta: takeNumber(snapshot, 'delta', number),
    tieThreshold: takeNumber(snapshot, 'tieThreshold', number),
    criterion: takeWord(snapshot, 'criterion', CRITERIA),
    leafPrediction: takeWord(snapshot, 'leafPrediction', PREDICTIONS),
    maxLeaves: takeCount(snapshot, 'maxLeaves', whole),
  });
}
