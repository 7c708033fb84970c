import { PilotfishError } from '../../base/index.ts';
import { OUTCOME_FIELDS } from '../telemetry/index.ts';
import type { TrainingDataset } from './dataset.ts';
import { singleFeatureSkill } from './leakage.ts';
import type { SealedDataset } from './sealed.ts';
import { contentDigest, featuresAt, observationDigest, type SampleTable } from './table.ts';

/** What was looked at. */
export type QualityCheck = 'size' | 'range' | 'missing' | 'constant' | 'balance' | 'duplicates' | 'leakage';

/** One thing that is wrong with a data set. */
export type QualityFinding = {
  readonly check: QualityCheck;
  /** `error`: what is learnt would be wrong. `warning`: it may be. */
  readonly severity: 'error' | 'warning';
  readonly feature?: string;
  /** What is wrong, and what to do. */
  readonly message: string;
};

export type QualityOptions = {
  /** Legal values of features, by name. */
  readonly ranges?: { readonly [feature: string]: readonly [min: number, max: number] };
  /** Other parts: an observation that stands here and in one of them is an error. */
  readonly siblings?: readonly (TrainingDataset | SealedDataset)[];
  /** Names of outcomes beside those of telemetry: no feature may be called so. */
  readonly outcomes?: readonly string[];
  /** Skill (0 to 1) of one feature alone that is an error; for labels that are a rule of one number, 1 accepts it. 0.99. */
  readonly singleFeatureSkillMax?: number;
};

const FEW_SAMPLES = 50;
const RARE_CLASS_SHARE = 0.01;
const MANY_MISSING_SHARE = 0.2;
const MANY_DUPLICATES_SHARE = 0.5;
const SUSPICIOUS_SKILL = 0.9;
/** What a label goes by. */
const LABEL_NAMES = ['label', 'target', 'class', 'cost', 'regret', 'reward', 'oracle'];

/**
 * Looks at a data set before anything learns from it: size, ranges, missing values, constant features, class balance,
 * duplicates within and across parts, and leakage, by the names of features and by what each predicts alone.
 * Findings come in a fixed order; none means nothing was found, not that nothing is wrong.
 * @throws PilotfishError `EMPTY` for a data set without samples, `USAGE` for a range of no feature.
 */
export function checkQuality(dataset: TrainingDataset, options: QualityOptions = {}): QualityFinding[] {
  const { table } = dataset;
  if (table.length === 0) throw new PilotfishError('EMPTY', 'the data set has no samples: add some');
  return [
    ...checkSize(table),
    ...checkRanges(table, options.ranges ?? {}),
    ...checkMissing(table),
    ...checkBalance(table),
    ...checkDuplicates(dataset, options.siblings ?? []),
    ...checkNames(table, options.outcomes ?? []),
    ...checkSkill(table, options.singleFeatureSkillMax ?? 0.99),
  ];
}

/**
 * The same as a gate. @returns the warnings
 * @throws PilotfishError `REFUSED` when there is an error, naming all of them; and as `checkQuality`.
 */
export function requireQuality(dataset: TrainingDataset, options: QualityOptions = {}): QualityFinding[] {
  const findings = checkQuality(dataset, options);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return findings;
  const messages = errors.map(({ message }) => message).join('; ');
  throw new PilotfishError('REFUSED', `the data set is not fit to learn from: ${messages}`);
}

const error = (check: QualityCheck, message: string, feature?: string): QualityFinding => ({
  ...{ check, severity: 'error', message },
  ...(feature === undefined ? {} : { feature }),
});
const warning = (check: QualityCheck, message: string, feature?: string): QualityFinding => ({
  ...error(check, message, feature),
  severity: 'warning',
});
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function checkSize({ length }: SampleTable): QualityFinding[] {
  if (length >= FEW_SAMPLES) return [];
  return [warning('size', `${length} samples are few: gather at least ${FEW_SAMPLES}`)];
}

/** The values of one feature that are not missing. */
function valuesOf(table: SampleTable, column: number): number[] {
  const values: number[] = [];
  for (let row = 0; row < table.length; row += 1) {
    const value = featuresAt(table, row)[column] as number;
    if (!Number.isNaN(value)) values.push(value);
  }
  return values;
}

function checkRanges(table: SampleTable, ranges: NonNullable<QualityOptions['ranges']>): QualityFinding[] {
  return Object.entries(ranges).flatMap(([name, [min, max]]) => {
    const column = table.features.findIndex((slot) => slot.name === name);
    if (column < 0) throw new PilotfishError('USAGE', `there is no feature ${name} to have a range`);
    const outside = valuesOf(table, column).filter((value) => value < min || value > max).length;
    if (outside === 0) return [];
    const message = `${outside} values of ${name} lie outside ${min} to ${max}: repair or remove these samples`;
    return [error('range', message, name)];
  });
}

function checkMissing(table: SampleTable): QualityFinding[] {
  return table.features.flatMap(({ name }, column) => {
    const values = valuesOf(table, column);
    const missing = 1 - values.length / table.length;
    if (missing === 1) return [error('missing', `${name} is always missing: leave it out`, name)];
    const findings: QualityFinding[] = [];
    if (missing > MANY_MISSING_SHARE) {
      findings.push(warning('missing', `${name} is missing in ${percent(missing)} of samples`, name));
    }
    if (table.length > 1 && values.every((value) => value === values[0])) {
      findings.push(
        warning('constant', `${name} is always ${values[0]}: it tells nothing, leave it out`, name),
      );
    }
    return findings;
  });
}

function checkBalance({ classes, y, length }: SampleTable): QualityFinding[] {
  if (classes === null) {
    const isConstant = length > 1 && y.every((value) => value === y[0]);
    return isConstant ? [error('balance', `every label is ${y[0]}: there is nothing to learn`)] : [];
  }
  const counts = new Float64Array(classes.length);
  for (const label of y) counts[label] = (counts[label] as number) + 1;
  if (counts.filter((count) => count > 0).length < 2) {
    return [error('balance', 'all samples are of one class: there is nothing to learn')];
  }
  return classes.flatMap((name, number) => {
    const share = (counts[number] as number) / length;
    if (share >= RARE_CLASS_SHARE) return [];
    return [warning('balance', `${percent(share)} of samples are of class ${name}: gather more of it`)];
  });
}

function checkDuplicates(
  { table }: TrainingDataset,
  siblings: readonly (TrainingDataset | SealedDataset)[],
): QualityFinding[] {
  const rows = Array.from({ length: table.length }, (_, row) => row);
  const repeated = table.length - new Set(rows.map((row) => contentDigest(table, row))).size;
  const findings: QualityFinding[] = [];
  if (repeated / table.length > MANY_DUPLICATES_SHARE) {
    const share = percent(repeated / table.length);
    findings.push(
      warning('duplicates', `${share} of samples repeat another: they count as often as they stand here`),
    );
  }
  for (const sibling of siblings) {
    const elsewhere = sibling.digests();
    const shared = rows.filter((row) => elsewhere.has(observationDigest(table, row))).length;
    if (shared === 0) continue;
    findings.push(error('duplicates', `${shared} samples stand in another part as well: split again`));
  }
  return findings;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

function checkNames({ features }: SampleTable, outcomes: readonly string[]): QualityFinding[] {
  const forbidden = new Set([...OUTCOME_FIELDS, ...LABEL_NAMES, ...outcomes].map(plain));
  return features
    .filter(({ name }) => forbidden.has(plain(name)))
    .map(({ name }) => error('leakage', `${name} is an outcome, unknown when deciding: leave it out`, name));
}

function checkSkill(table: SampleTable, skillMax: number): QualityFinding[] {
  if (table.length < FEW_SAMPLES) return [];
  return table.features.flatMap(({ name }, column) => {
    const skill = singleFeatureSkill(table, column);
    if (skill < SUSPICIOUS_SKILL) return [];
    const message = `${name} alone predicts the label (skill ${skill.toFixed(3)}): is it known when deciding?`;
    return [(skill > skillMax ? error : warning)('leakage', message, name)];
  });
}
