// Which script made which record, and how.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnxRequest } from '../../../src/learn/formats/testing/onnx-cases.ts';
import { xgboostRequest } from '../../../src/learn/formats/testing/xgboost-cases.ts';
import { root } from '../../support.ts';
import { rounding, type Tolerance } from './compare.ts';
import type { OracleName } from './environment.ts';

/** A script of this folder and what it printed once. */
export interface Recorded {
  /** Of `test/vectors/NAME.json`. */
  readonly record: string;
  /** Of the script, if it is not that of the record. */
  readonly script?: string;
  readonly tool: OracleName;
  /** What it reads. */
  readonly stdin?: () => string;
  readonly tolerance?: Tolerance;
}

/** All records, except those that take minutes. */
export const records: readonly Recorded[] = [
  { record: 'bandits', tool: 'scipy' },
  { record: 'gbstats', tool: 'gbstats' },
  { record: 'detectors', tool: 'river' },
  { record: 'distances', tool: 'scipy' },
  { record: 'onnxruntime', tool: 'onnxruntime', stdin: onnxRequest },
  { record: 'river', tool: 'river' },
  { record: 'safetensors', tool: 'safetensors' },
  { record: 'scipy', tool: 'scipy' },
  { record: 'sketches', tool: 'numpy' },
  { record: 'sklearn', tool: 'sklearn' },
  { record: 'sklearn-metrics', tool: 'sklearn' },
  { record: 'statsmodels', tool: 'statsmodels' },
  { record: 'tensorboard', tool: 'tensorboard' },
  { record: 'torch', tool: 'torch' },
  { record: 'xgboost', tool: 'xgboost' },
  { record: 'xgboost-json', tool: 'xgboost', stdin: xgboostRequest },
  { record: 'xgboost-json-3', script: 'xgboost-json', tool: 'xgboost-3', stdin: xgboostRequest },
];

/** Minutes: it stands in a file of its own. */
export const slowRecords: readonly Recorded[] = [{ record: 'optuna', tool: 'optuna' }];

/** Scripts whose answers are not recorded: they only read what we wrote. */
export const readers: readonly string[] = ['read-tensorboard', 'read-xgboost'];

export const toleranceOf = ({ tolerance = rounding }: Recorded): Tolerance => tolerance;
export const scriptOf = ({ record, script = record }: Recorded): string => script;

export type Document = { readonly tool: string; readonly version: string };

/** What was recorded. */
export function recordedDocument({ record }: Recorded): Document {
  return JSON.parse(readFileSync(join(root, 'test/vectors', `${record}.json`), 'utf8')) as Document;
}
