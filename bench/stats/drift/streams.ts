// Streams of labelled rows, and the errors of a model that learnt from their beginning.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, constants } from 'node:zlib';
import { FastRng } from '../../../src/base/index.ts';
import { LogisticRegression, matrixOf } from '../../../src/learn/index.ts';

export interface Labelled {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** Undefined where the file is not there. */
export function readStream(dataDirectory: string | undefined, name: string): Labelled | undefined {
  const path = join(dataDirectory ?? '', 'drift', `${name}.csv.br`);
  if (dataDirectory === undefined || !existsSync(path)) return undefined;
  const params = { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 };
  const lines = brotliDecompressSync(readFileSync(path), { params }).toString().trim().split('\n');
  const hasHeader = lines[0]?.startsWith(',') === true;
  const cells = (hasHeader ? lines.slice(1) : lines).map((line) => line.split(','));
  return {
    // With a header the first column is the number of the row.
    rows: cells.map((row) => row.slice(hasHeader ? 1 : 0, -1).map(Number)),
    labels: cells.map((row) => (row.at(-1) === 'UP' ? 1 : Number(row.at(-1) === 'DOWN' ? 0 : row.at(-1)))),
  };
}

/** Rows like SEA's (Street, Kim 2001): x + y <= b with b changing abruptly, a tenth of the labels wrong. */
export function seaLike(seed: number, perConcept: number): Labelled {
  const rng = new FastRng(seed);
  const rows: number[][] = [];
  const labels: number[] = [];
  for (const bound of [8, 9, 7, 9.5]) {
    for (let i = 0; i < perConcept; i += 1) {
      const row = [10 * rng.next(), 10 * rng.next(), 10 * rng.next()];
      rows.push(row);
      labels.push(+((row[0] as number) + (row[1] as number) <= bound !== rng.next() < 0.1));
    }
  }
  return { rows, labels };
}

/** 1 where a logistic regression that learnt from the rows before `learnt` is wrong, from there on. */
export function errorsOf({ rows, labels }: Labelled, learnt: number): Uint8Array {
  const model = new LogisticRegression({ features: rows[0]?.length ?? 0 });
  const y = Float64Array.from(labels.slice(0, learnt));
  model.fit({ x: matrixOf(rows.slice(0, learnt)), y }, { constantFeatures: 'allow' });
  return Uint8Array.from(rows.slice(learnt), (row, i) => {
    const chance = model.predict(row)[1] as number;
    return +(+(chance >= 0.5) !== labels[learnt + i]);
  });
}
