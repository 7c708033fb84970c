import { PilotfishError } from '../../../base/index.ts';
import { notEmpty, ofLength, wholeNumber } from '../../contract/index.ts';

/** Most classes a confusion matrix may have: 2^12, 128 MiB. */
const maxClasses = 4096;

/** How often each class was taken for each other: `counts[truth * classes + predicted]`. */
export type ConfusionMatrix = { readonly classes: number; readonly counts: Float64Array };

/** What a confusion matrix says about one class; a ratio without any case counts as 0. */
export type ClassScores = {
  /** Of those predicted as the class, the share that is. */
  readonly precision: number;
  /** Of those of the class, the share found. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
  /** Samples of the class. */
  readonly support: number;
};

/** Scores over all classes; the macro means weigh every class that occurs in truth or prediction equally. */
export type ClassificationReport = {
  readonly accuracy: number;
  readonly macro: Omit<ClassScores, 'support'>;
  /** By class number. */
  readonly perClass: readonly ClassScores[];
};

/** @throws PilotfishError `USAGE` for anything but class numbers 0 … classes - 1. */
export function checkLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i] as number;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new PilotfishError(
        'USAGE',
        `${name}[${i}] is ${label}; classes are whole numbers from 0 to ${classes - 1}`,
      );
    }
  }
}

/**
 * Counts how predicted classes meet true ones.
 * @throws PilotfishError `EMPTY`, `SHAPE` for unequal lengths, `USAGE` for anything but class numbers.
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  wholeNumber('classes', classes, [2, maxClasses]);
  ofLength('predicted', predicted, notEmpty('truth', truth).length);
  checkLabels('truth', truth, classes);
  checkLabels('predicted', predicted, classes);
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < truth.length; i += 1) {
    const cell = (truth[i] as number) * classes + (predicted[i] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
  return { classes, counts };
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Accuracy, and precision, recall and F1 by class and on average, from a confusion matrix.
 * @throws PilotfishError `SHAPE` when the counts do not fit the classes, `EMPTY` without any count.
 */
export function classificationReport({ classes, counts }: ConfusionMatrix): ClassificationReport {
  ofLength('counts', counts, classes * classes);
  const rows = new Float64Array(classes);
  const columns = new Float64Array(classes);
  let [right, total] = [0, 0];
  counts.forEach((count, cell) => {
    const [truth, predicted] = [Math.floor(cell / classes), cell % classes];
    rows[truth] = (rows[truth] as number) + count;
    columns[predicted] = (columns[predicted] as number) + count;
    if (truth === predicted) right += count;
    total += count;
  });
  if (total === 0) throw new PilotfishError('EMPTY', 'the confusion matrix counts nothing; give it samples');
  const perClass = Array.from(rows, (support, label): ClassScores => {
    const hits = counts[label * (classes + 1)] as number;
    const [precision, recall] = [share(hits, columns[label] as number), share(hits, support)];
    return { precision, recall, f1: share(2 * hits, support + (columns[label] as number)), support };
  });
  const seen = perClass.filter(({ support }, label) => support + (columns[label] as number) > 0);
  const macro = {
    precision: meanOf(seen.map((scores) => scores.precision)),
    recall: meanOf(seen.map((scores) => scores.recall)),
    f1: meanOf(seen.map((scores) => scores.f1)),
  };
  return { accuracy: right / total, macro, perClass };
}
