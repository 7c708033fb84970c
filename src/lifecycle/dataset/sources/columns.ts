import { PilotfishError } from '../../../base/index.ts';
import type { SampleOptions } from '../builder.ts';
import type { SourcedSample } from './source.ts';

const COST = /^_cost_(\d{1,4})$/;
const LABEL = '_label';

/**
 * Turns rows of a table into samples: `_label` (or the column that is named), `_weight`, `_time`, `_group`, `_cost_0`,
 * `_cost_1` … are what they say, every other column is a feature, and null is a missing value.
 * @throws PilotfishError `USAGE` for columns that make no sample.
 */
export function sampleReader(
  names: readonly string[],
  { label = LABEL, where }: { readonly label?: string | undefined; readonly where: string },
): (row: readonly unknown[]) => SourcedSample {
  const at = (name: string): number => names.indexOf(name);
  if (at(label) === -1) {
    throw new PilotfishError('USAGE', `${where} has no column ${label}: say which one is the label`);
  }
  const features = names.flatMap((name, column) =>
    name === label || name.startsWith('_') ? [] : [{ name, column }],
  );
  const costs = names
    .flatMap((name, column) => (COST.test(name) ? [{ number: Number(COST.exec(name)?.[1]), column }] : []))
    .sort((a, b) => a.number - b.number);
  const [weight, time, group] = [at('_weight'), at('_time'), at('_group')];
  return (row) => {
    const cell = (column: number): unknown => (column === -1 ? null : (row[column] ?? null));
    const options: SampleOptions = {
      ...(cell(weight) === null ? {} : { weight: numeric(cell(weight)) }),
      ...(cell(time) === null ? {} : { time: numeric(cell(time)) }),
      ...(cell(group) === null ? {} : { group: String(cell(group)) }),
      ...(costs.length === 0 ? {} : { cost: costs.map(({ column }) => numeric(cell(column))) }),
    };
    const values = features.map(({ name, column }) => [
      name,
      cell(column) === null ? Number.NaN : numeric(cell(column)),
    ]);
    const said = cell(at(label));
    return {
      features: Object.fromEntries(values) as Record<string, number>,
      label: typeof said === 'bigint' ? Number(said) : (said as string | number),
      options,
    };
  };
}

/** Whole numbers of databases come as bigint; what is no number stays so, and is refused when the sample is added. */
const numeric = (value: unknown): number =>
  typeof value === 'bigint' || typeof value === 'boolean' ? Number(value) : (value as number);
