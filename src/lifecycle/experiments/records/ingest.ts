import { PilotfishError } from '../../../base/index.ts';
import type { SequentialSrm } from '../../../learn/index.ts';
import type { SqlRow as Row, Sql } from '../../registry/index.ts';
import type { CheckedRecord, Contribution } from './check.ts';
import { NO_SUMS, type SavedSums, UnitSums } from './sums.ts';
import type { RecordOutcome } from './types.ts';

/** Record ids are kept until the experiment is archived. */
const MAX_RECORDS = 20_000_000;

/** What is counted by where a unit belongs (0), and by what served it (1). */
const VIEWS = [0, 1] as const;

type Target = {
  readonly sums: UnitSums;
  readonly key: readonly [arm: number, metric: number, treated: number];
};

/**
 * Adds records to an experiment within one transaction: ids, totals of units, sums of arms and the check of the split
 * change together or not at all.
 */
export class Ingest {
  readonly #sql: Sql;
  readonly #experiment: number;
  readonly #split: SequentialSrm;
  readonly #targets = new Map<string, Target>();
  readonly #bins = new Map<string, { readonly place: readonly number[]; readonly count: number }>();
  #counted: number;

  /** @param experiment its number @param counted records before these */
  constructor(sql: Sql, experiment: number, { split, counted }: { split: SequentialSrm; counted: number }) {
    this.#sql = sql;
    this.#experiment = experiment;
    this.#split = split;
    this.#counted = counted;
  }

  /** Records of the experiment so far. */
  get counted(): number {
    return this.#counted;
  }

  /** @throws PilotfishError `EXISTS` for another record by an id that was counted, `LIMIT`. */
  async add(record: CheckedRecord): Promise<RecordOutcome> {
    if (record.arm < 0) return 'outside';
    if (await this.#isRepeated(record)) return 'repeated';
    if (this.#counted >= MAX_RECORDS)
      throw new PilotfishError('LIMIT', `the experiment has ${MAX_RECORDS} records: complete it`);
    const known = record.unit === undefined ? undefined : await this.#rowsOf(record.unit);
    if (known?.length === 0) this.#split.add(record.arm);
    for (const contribution of record.contributions) {
      for (const treated of VIEWS) {
        await this.#contribute(record, contribution, { treated, known });
      }
    }
    this.#counted += 1;
    return 'counted';
  }

  /** Writes the sums and bins that changed. */
  async finish(): Promise<void> {
    const rows = [...this.#targets.values()].map(({ key, sums }) => {
      const { units, numerator, denominator, numeratorM2, denominatorM2, comoment } = sums.saved();
      return [this.#experiment, ...key, units, numerator, denominator, numeratorM2, denominatorM2, comoment];
    });
    await this.#sql.runMany('INSERT OR REPLACE INTO ab_sums VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', rows);
    const filled = [...this.#bins.values()].map(({ place, count }) => [this.#experiment, ...place, count]);
    await this.#sql.runMany(
      `INSERT INTO ab_bins VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (experiment, arm, metric, treated, bin) DO UPDATE SET count = ab_bins.count + excluded.count`,
      filled,
    );
  }

  async #isRepeated({ id, content }: CheckedRecord): Promise<boolean> {
    if (id === undefined) return false;
    const added = await this.#sql.run(
      'INSERT INTO ab_records VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      ...[this.#experiment, id, content],
    );
    if (added === 1) return false;
    const row = await this.#sql.get(
      'SELECT content FROM ab_records WHERE experiment = ? AND id = ?',
      this.#experiment,
      id,
    );
    if (Buffer.from(row?.['content'] as Uint8Array).equals(content)) return true;
    throw new PilotfishError(
      'EXISTS',
      'another record was counted by this id: give every record an id of its own',
    );
  }

  #rowsOf(unit: Uint8Array): Promise<readonly Row[]> {
    return this.#sql.all('SELECT * FROM ab_units WHERE experiment = ? AND unit = ?', this.#experiment, unit);
  }

  async #contribute(
    { unit, arm, served }: CheckedRecord,
    { metric, numerator, denominator, bin }: Contribution,
    { treated, known }: { readonly treated: number; readonly known: readonly Row[] | undefined },
  ): Promise<void> {
    const key = [treated === 0 ? arm : served, metric, treated] as const;
    const { sums } = await this.#target(key);
    const names = ['arm', 'metric', 'treated'] as const;
    const before = known?.find((row) => names.every((name, i) => row[name] === key[i]));
    // Later values of a unit depend on its first: a quantile takes one a unit.
    if (bin !== undefined && before !== undefined) return;
    if (bin !== undefined) this.#fill([...key, bin]);
    if (unit === undefined) {
      sums.add(numerator, denominator);
      return;
    }
    const was = {
      numerator: Number(before?.['numerator'] ?? 0),
      denominator: Number(before?.['denominator'] ?? 0),
    };
    const is = { numerator: was.numerator + numerator, denominator: was.denominator + denominator };
    if (before !== undefined) sums.remove(was.numerator, was.denominator);
    sums.add(is.numerator, is.denominator);
    await this.#sql.run(
      'INSERT OR REPLACE INTO ab_units VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[this.#experiment, unit, ...key, is.numerator, is.denominator],
    );
  }

  #fill(place: readonly number[]): void {
    const name = place.join();
    this.#bins.set(name, { place, count: (this.#bins.get(name)?.count ?? 0) + 1 });
  }

  async #target(key: Target['key']): Promise<Target> {
    const name = key.join();
    const known = this.#targets.get(name);
    if (known !== undefined) return known;
    const row = await this.#sql.get(
      'SELECT * FROM ab_sums WHERE experiment = ? AND arm = ? AND metric = ? AND treated = ?',
      ...[this.#experiment, ...key],
    );
    const target = { key, sums: new UnitSums(row === undefined ? NO_SUMS : sumsOf(row)) };
    this.#targets.set(name, target);
    return target;
  }
}

/** Sums as a row holds them. */
export const sumsOf = (row: Row): SavedSums => ({
  ...{
    units: Number(row['units']),
    numerator: Number(row['numerator']),
    denominator: Number(row['denominator']),
  },
  ...{ numeratorM2: Number(row['numerator_m2']), denominatorM2: Number(row['denominator_m2']) },
  comoment: Number(row['comoment']),
});
