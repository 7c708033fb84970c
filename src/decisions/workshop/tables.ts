import { PilotfishError, sha256Hex } from '../../base/index.ts';
import type { Lineage, LineageSet } from '../artefact/index.ts';
import { type DataSet, discover } from '../data/index.ts';
import type { Bench, TrainOptions } from './workshop.ts';

/** Lines before the rows of a table: one per data set, so that the lineage needs no second file. */
const SET_LINE = '#set';

/** All sets of files to store in a data folder. @throws PilotfishError `MISSING`, `EMPTY`, `DAMAGED`. */
export function setsIn(bench: Bench, data: string): DataSet[] {
  const kinds = ['compression', 'versions'] as const;
  const sets = kinds.flatMap((kind) => discover(bench.fs, data, kind, bench.warn));
  if (sets.length > 0) return sets;
  throw new PilotfishError(
    'EMPTY',
    `${data} has no data sets: put .br or .tar.br files into its folders compression/ and versions/`,
  );
}

/** Those of them that are measured: all, or those whose results may be shipped. @throws PilotfishError as `setsIn`. */
export function measurableSets(
  bench: Bench,
  data: string,
  { shippable }: { readonly shippable: boolean },
): DataSet[] {
  const sets = setsIn(bench, data).filter(({ use }) => !shippable || use === 'train+ship');
  if (sets.length > 0) return sets;
  throw new PilotfishError(
    'EMPTY',
    `no data set in ${data} is marked train+ship in a MANIFEST.tsv; with --all every set is measured`,
  );
}

/** A table of a room: where its rows come from, then the rows. */
export function withSets(
  sets: readonly Pick<DataSet, 'name' | 'path' | 'sha256' | 'use'>[],
  rows: string,
): string {
  const lines = sets.map(({ name, path, sha256, use }) =>
    [SET_LINE, cellOf(name), cellOf(path), sha256, use].join('\t'),
  );
  return `${lines.join('\n')}\n${rows}`;
}

/** The inverse of `withSets`. @throws PilotfishError `DAMAGED`. */
export function splitTable(text: string): { readonly sets: readonly LineageSet[]; readonly rows: string } {
  const sets: LineageSet[] = [];
  let at = 0;
  while (text.startsWith(SET_LINE, at)) {
    const end = text.indexOf('\n', at);
    const [, , path = '', sha256 = '', use] = text.slice(at, end).split('\t');
    if (end < 0 || (use !== 'train+ship' && use !== 'evaluate')) {
      throw new PilotfishError('DAMAGED', 'the table names its data sets wrongly; measure again');
    }
    sets.push({ path: nameOf(path), sha256, use });
    at = end + 1;
  }
  return { sets, rows: text.slice(at) };
}

/** Where a model trained on a table comes from; rows of the part `test` are the sealed ones. */
export function lineageOf(
  sets: readonly LineageSet[],
  rows: readonly { readonly set: string; readonly group: string; readonly part: string }[],
  options: TrainOptions,
): Lineage {
  const sealed = new Set(
    rows.filter(({ part }) => part === 'test').map(({ set, group }) => `${set}:${group}`),
  );
  return {
    sets,
    tableSha256: sha256Hex(Buffer.from(options.table)),
    seed: options.seed,
    command: options.command,
    synthetic: false,
    testEvaluations: 0,
    sealedGroups: sealed.size,
  };
}

const ESCAPES = new Map([
  ['\\', '\\\\'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
]);
const SIGNS = new Map([...ESCAPES].map(([sign, escaped]) => [escaped, sign]));

/** A name of a data folder as one cell: names of files may hold tabs and ends of lines. */
export const cellOf = (name: string): string =>
  name.replace(/[\\\t\n\r]/g, (sign) => ESCAPES.get(sign) ?? sign);

/** The inverse of `cellOf`. */
export const nameOf = (cell: string): string =>
  cell.replace(/\\[\\tnr]/g, (escaped) => SIGNS.get(escaped) ?? escaped);
