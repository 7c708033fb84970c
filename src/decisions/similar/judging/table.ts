import { PilotfishError, SMALL_FILE_BYTES } from '../../../base/index.ts';
import type { BaseCandidate, BaseQuestion } from '../../../blocks/index.ts';
import type { Part } from '../../data/index.ts';
import { cellOf, nameOf } from '../../workshop/index.ts';
import type { MeasuredBases } from '../teacher.ts';

/** One question of a store, and what every answer would have come to. */
export type BaseRow = {
  readonly set: string;
  /** The unit that stays on one side of every split. */
  readonly group: string;
  readonly part: Part;
  readonly question: BaseQuestion;
  readonly measured: MeasuredBases;
  /** What encoding took: alone, and each delta. */
  readonly aloneSeconds: number;
  readonly deltaSeconds: readonly number[];
};

const COLUMNS = [
  ...['set', 'group', 'part', 'raw', 'kind', 'sibling', 'fileDelta', 'classDelta'],
  ...['aloneBytes', 'aloneNs', 'elseBytes', 'candidates'],
] as const;
/** Of each candidate, joined by commas; candidates by semicolons. */
const CANDIDATE_FIELDS = 8;
const MAX_CANDIDATES = 16;
const MAX_ROWS = 1_000_000;

/** The table as tab-separated text with a header: what `train` reads and whose hash the manifest names. */
export function writeRows(rows: readonly BaseRow[]): string {
  return `${[COLUMNS.join('\t'), ...rows.map(lineOf)].join('\n')}\n`;
}

function lineOf({ set, group, part, question, measured, aloneSeconds, deltaSeconds }: BaseRow): string {
  const { rawBytes, fileKind, siblingRatio, fileDeltaRatio, classDeltaRatio } = question;
  const candidates = question.candidates.map((candidate, i) =>
    [
      ...[candidate.rawBytes, candidate.sharedFeatures, candidate.chainDepth, candidate.ageBlocks],
      ...[short(candidate.storedRatio), candidate.stepsFromLast],
      ...[measured.deltaBytes[i], nanos(deltaSeconds[i])],
    ].join(','),
  );
  return [
    ...[cellOf(set), cellOf(group), part, rawBytes, fileKind],
    ...[siblingRatio, fileDeltaRatio, classDeltaRatio].map(short),
    ...[measured.aloneBytes, nanos(aloneSeconds), Math.round(measured.elseBytes), candidates.join(';')],
  ].join('\t');
}

const short = (ratio: number): string => String(Math.round(ratio * 1e4) / 1e4);
/** Two digits: the rest is noise. */
const nanos = (seconds = 0): number => Number((seconds * 1e9).toPrecision(2));

/** Reads a table back. @throws PilotfishError `DAMAGED`, `LIMIT`. */
export function readRows(text: string): BaseRow[] {
  const [header, ...lines] = text.trimEnd().split('\n', MAX_ROWS + 2);
  if (header !== COLUMNS.join('\t')) {
    throw new PilotfishError(
      'DAMAGED',
      'this is no table of bases of this version; make one with `pilotfish measure similar`',
    );
  }
  if (lines.length > MAX_ROWS) throw new PilotfishError('LIMIT', `a table has at most ${MAX_ROWS} rows`);
  return lines.map((line, index) => rowOf(line.split('\t'), index));
}

function rowOf(cells: readonly string[], index: number): BaseRow {
  const [set = '', group = '', part = ''] = cells;
  const numbers = cells.slice(3, -1).map(Number);
  const fields = (cells.at(-1) ?? '').split(';').map((text) => text.split(',').map(Number));
  const sound =
    cells.length === COLUMNS.length &&
    ['train', 'val', 'test'].includes(part) &&
    numbers.every((value) => Number.isFinite(value) && value >= 0) &&
    fields.length <= MAX_CANDIDATES &&
    fields.every((all) => all.length === CANDIDATE_FIELDS && all.every(Number.isFinite));
  if (!sound) throw new PilotfishError('DAMAGED', `row ${index + 1} of the table of bases does not parse`);
  const [rawBytes = 0, fileKind = 0, siblingRatio = 0, fileDeltaRatio = 0, classDeltaRatio = 0] = numbers;
  const [aloneBytes = 0, aloneNs = 0, elseBytes = 0] = numbers.slice(5);
  const known = { number: 0, rawBytes, fileKind, isLeaf: true };
  const isSmall = rawBytes <= SMALL_FILE_BYTES;
  const deltaBytes = fields.map((all) => all[6] ?? 0);
  const chainDepths = fields.map((all) => all[2] ?? 0);
  return {
    ...{ set: nameOf(set), group: nameOf(group), part: part as Part, aloneSeconds: aloneNs / 1e9 },
    question: {
      ...{ ...known, siblingRatio, fileDeltaRatio, classDeltaRatio },
      candidates: fields.map(candidateOf),
    },
    measured: { rawBytes, isSmall, aloneBytes, elseBytes, deltaBytes, chainDepths },
    deltaSeconds: fields.map((all) => (all[7] ?? 0) / 1e9),
  };
}

function candidateOf(fields: readonly number[]): BaseCandidate {
  const [rawBytes = 0, sharedFeatures = 0, chainDepth = 0, ageBlocks = 0] = fields;
  const [storedRatio = 0, stepsFromLast = 0] = fields.slice(4);
  return { rawBytes, sharedFeatures, chainDepth, ageBlocks, storedRatio, stepsFromLast };
}
