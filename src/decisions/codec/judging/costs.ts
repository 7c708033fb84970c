import { PilotfishError } from '../../../base/index.ts';
import { quantile } from '../../../learn/index.ts';
import type { Part } from '../../data/index.ts';
import { cellOf, nameOf } from '../../workshop/index.ts';
import { CODECS } from '../validator.ts';

/** One block of the cost table: what is known of it before the decision, and what every codec makes of it. */
export type CostRow = {
  readonly set: string;
  /** The unit that stays on one side of every split. */
  readonly group: string;
  readonly part: Part;
  /** Numbers the files of a set: rows of one file are neighbours, in order. */
  readonly file: number;
  readonly rawBytes: number;
  readonly fileKind: number;
  readonly fileOffsetBytes: number;
  /** Running stored / raw of earlier blocks of the file (zstd-1), as the store would know it. */
  readonly siblingRatio: number;
  readonly entropyBits: number;
  readonly probeRatio: number;
  /** What measuring them took, in seconds. */
  readonly entropySeconds: number;
  readonly probeSeconds: number;
  /** What the reference encoding took at that moment, in seconds: how fast the machine was (../speed.ts). */
  readonly referenceSeconds: number;
  /** In the order of `CODECS`. */
  readonly bytes: readonly number[];
  readonly seconds: readonly number[];
  /** A second measurement of the same: where the two disagree about the best codec, nobody can be right. */
  readonly secondsAgain: readonly number[];
};

/** The faster of two measurements: what disturbs one only makes it longer. */
export function bestSeconds({ seconds, secondsAgain }: CostRow): number[] {
  return seconds.map((first, i) => Math.min(first, secondsAgain[i] ?? first));
}

/**
 * The rows with one speed of the machine for all of a set, the median of what was seen: a look at it while others use
 * the machine says less about the machine than about them, and a model that hears of it is asked about another link.
 */
export function steady(rows: readonly CostRow[]): CostRow[] {
  const looks = new Map<string, number[]>();
  for (const { set, referenceSeconds } of rows) {
    const seen = looks.get(set);
    if (seen === undefined) looks.set(set, [referenceSeconds]);
    else seen.push(referenceSeconds);
  }
  const medians = new Map([...looks].map(([set, seen]) => [set, quantile(seen, 0.5)]));
  return rows.map((row) => ({ ...row, referenceSeconds: medians.get(row.set) ?? row.referenceSeconds }));
}

const PLAIN = [
  'set',
  'group',
  'part',
  'file',
  'raw',
  'kind',
  'offset',
  'sibling',
  'entropy',
  'probe',
] as const;
const TIMES = ['entropyNs', 'probeNs', 'referenceNs'] as const;
const CODED = CODECS.slice(1);
const COLUMNS: readonly string[] = [
  ...PLAIN,
  ...TIMES,
  ...CODED.flatMap((codec) => [`${codec}.bytes`, `${codec}.ns`, `${codec}.nsAgain`]),
];
const MAX_ROWS = 1_000_000;

/** The table as tab-separated text with a header: what `train` reads and whose hash the manifest names. */
export function writeCosts(rows: readonly CostRow[]): string {
  const lines = rows.map((row) => {
    const { set, group, part, file, rawBytes, fileKind, fileOffsetBytes } = row;
    const coded = CODED.flatMap((_, i) => [
      row.bytes[i + 1],
      nanos(row.seconds[i + 1]),
      nanos(row.secondsAgain[i + 1]),
    ]);
    return [
      ...[cellOf(set), cellOf(group), part, file, rawBytes, fileKind, fileOffsetBytes],
      ...[row.siblingRatio, row.entropyBits, row.probeRatio].map((value) => value.toFixed(4)),
      ...[row.entropySeconds, row.probeSeconds, row.referenceSeconds].map(nanos),
      ...coded,
    ].join('\t');
  });
  return `${[COLUMNS.join('\t'), ...lines].join('\n')}\n`;
}

const nanos = (seconds = 0): number => Math.round(seconds * 1e9);

/** Reads a table back. @throws PilotfishError `DAMAGED`, `LIMIT`. */
export function readCosts(text: string): CostRow[] {
  const [header, ...lines] = text.trimEnd().split('\n', MAX_ROWS + 2);
  if (header !== COLUMNS.join('\t')) {
    throw new PilotfishError(
      'DAMAGED',
      'this is no cost table of this version; make one with `pilotfish measure codec`',
    );
  }
  if (lines.length > MAX_ROWS) throw new PilotfishError('LIMIT', `a cost table has at most ${MAX_ROWS} rows`);
  return lines.map((line, index) => parseRow(line.split('\t'), index));
}

function parseRow(cells: readonly string[], index: number): CostRow {
  const [set = '', group = '', part = ''] = cells;
  const numbers = cells.slice(3).map(Number);
  const sound =
    cells.length === COLUMNS.length && numbers.every((value) => Number.isFinite(value) && value >= 0);
  if (!sound || !['train', 'val', 'test'].includes(part)) {
    throw new PilotfishError('DAMAGED', `row ${index + 1} of the cost table does not parse`);
  }
  const [file = 0, rawBytes = 0, fileKind = 0, fileOffsetBytes = 0, siblingRatio = 0, entropyBits = 0] =
    numbers;
  const [probeRatio = 0, entropyNs = 0, probeNs = 0, referenceNs = 0, ...coded] = numbers.slice(6);
  const every = (from: number): number[] => CODED.map((_, i) => coded[3 * i + from] ?? 0);
  return {
    ...{
      set: nameOf(set),
      group: nameOf(group),
      part: part as Part,
      file,
      rawBytes,
      fileKind,
      fileOffsetBytes,
    },
    ...{ siblingRatio, entropyBits, probeRatio },
    entropySeconds: entropyNs / 1e9,
    probeSeconds: probeNs / 1e9,
    referenceSeconds: referenceNs / 1e9,
    bytes: [rawBytes, ...every(0)],
    seconds: [0, ...every(1).map((ns) => ns / 1e9)],
    secondsAgain: [0, ...every(2).map((ns) => ns / 1e9)],
  };
}
