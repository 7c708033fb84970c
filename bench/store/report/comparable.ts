// Whether the sets are like the ones the goals were made for, by figures that say what is in them.

import { fixed, type Table } from '../../common/table.ts';
import { type Figures, ratio } from '../figures.ts';

interface Mark {
  readonly set: string;
  readonly text: string;
  readonly digits: number;
  readonly accept: readonly [number, number];
  readonly value: (figures: Figures) => number | null;
}

const bytesOf = (figures: Figures, set: string): number =>
  figures.results.sets.find(({ name }) => name === set)?.fingerprint.bytes ?? Number.NaN;

interface Accepted {
  readonly dedup: readonly [number, number];
  readonly zstd: readonly [number, number];
  readonly solid: readonly [number, number];
}

const accepted: Readonly<Record<string, Accepted>> = {
  A: { dedup: [1.04, 1.15], zstd: [0.39, 0.47], solid: [0.87, 0.95] },
  B: { dedup: [1.75, 2], zstd: [0.12, 0.15], solid: [0.25, 0.34] },
};

const marksOf = (set: string, { dedup, zstd, solid }: Accepted): Mark[] => [
  {
    set,
    text: 'raw / distinct blocks',
    digits: 3,
    accept: dedup,
    value: (figures) => ratio(bytesOf(figures, set), figures.inspection(set)?.all.rawBytes ?? null),
  },
  {
    set,
    text: 'distinct blocks by zstd -3 / raw',
    digits: 3,
    accept: zstd,
    value: (figures) => ratio(figures.inspection(set)?.all.zstdBytes ?? null, bytesOf(figures, set)),
  },
  {
    set,
    text: 'tar, zstd -3 --long=27 / restic',
    digits: 2,
    accept: solid,
    value: (figures) => ratio(figures.stored(set, 'tar-zstd-long'), figures.stored(set, 'restic-auto')),
  },
];

/** One line per figure that the run tells. */
export function comparableTable(figures: Figures): Table {
  const marks = figures.results.sets.flatMap(({ name }) => {
    const ranges = accepted[name];
    return ranges === undefined ? [] : marksOf(name, ranges);
  });
  const rows = marks.flatMap(({ set, text, digits, accept, value: compute }) => {
    const value = compute(figures);
    if (value === null) return [];
    const isFit = value >= accept[0] && value <= accept[1];
    const range = accept.map((limit) => fixed(limit, 2)).join('–');
    return [[`${set}: ${text}`, fixed(value, digits), range, isFit ? 'yes' : 'NO']];
  });
  return { head: ['set: figure', 'here', 'comparable', 'fits'], rows };
}
