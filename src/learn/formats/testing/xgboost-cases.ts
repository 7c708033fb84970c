import { FastRng } from '../../../base/index.ts';
import type { TreeModel } from '../../trees/index.ts';
import { encodeXgboostJson } from '../xgboost-write.ts';
import { treeAnswer } from './plain-models.ts';
import { randomRows, randomTrees } from './random-models.ts';

/** A file for XGBoost, what goes in, and what must come out, a row a sample. */
export type XgboostCase = {
  readonly name: string;
  readonly model: Uint8Array;
  readonly rows: readonly (readonly number[])[];
  readonly answers: readonly (readonly number[])[];
};

/** Models that XGBoost did not train: odd base scores, splits on features out of order, single leaves. */
export function xgboostCases(): XgboostCase[] {
  const rng = new FastRng(11);
  const shape = { features: 4, outputs: 1, trees: 9, splitsMax: 8 };
  const regression = randomTrees({ ...shape, objective: 'reg:squarederror' }, rng);
  const models: Record<string, TreeModel> = {
    regression: { ...regression, baseScore: -1234.5 },
    'two classes': randomTrees({ ...shape, objective: 'binary:logistic' }, rng),
    'three classes': randomTrees({ ...shape, objective: 'multi:softprob', outputs: 3 }, rng),
    'a single leaf': randomTrees({ ...shape, objective: 'reg:squarederror', trees: 1, splitsMax: 0 }, rng),
    'no trees': { ...regression, trees: [] },
  };
  return Object.entries(models).map(([name, model]) => {
    const rows = randomRows(48, model.features, rng);
    const answers = rows.map((row) => treeAnswer(model, row));
    return { name, model: encodeXgboostJson(model), rows, answers };
  });
}

/** The standard input of test/full/oracles/xgboost-json.py. */
export function xgboostRequest(): string {
  const cases = xgboostCases().map(({ name, model, rows }) => {
    return { name, model: new TextDecoder().decode(model), rows };
  });
  // JSON turns NaN into null, which is what the script takes for a missing value.
  return JSON.stringify(cases);
}
