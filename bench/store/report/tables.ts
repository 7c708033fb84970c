// The tables of the report: sizes, times, spread, goals.

import { fixed, mebibytes, megabytes, nothing, ratioText, seconds, type Table } from '../../common/table.ts';
import { type Figures, type Measure, ratio } from '../figures.ts';
import { type Judged, judge } from '../goals.ts';
import { type Operation, operations, type ToolNote } from '../results.ts';

const restic = 'restic-auto';
const solid = 'tar-zstd-long';
const operationNames: Readonly<Record<Operation, string>> = {
  create: 'create',
  restore: 'restore',
  verify: 'verify',
  rerun: 're-run',
};

interface At {
  readonly figures: Figures;
  readonly set: string;
}

const toolsOf = ({ figures, set }: At): ToolNote[] =>
  figures.results.tools.filter(({ id }) => figures.row(set, id) !== undefined);

/** A time and its ratio to restic's. */
function timeCells({ figures, set }: At, tool: string, operation: Operation, measure: Measure): string[] {
  const of = { operation, measure };
  const time = figures.time(set, tool, of);
  return [seconds(time), ratioText(ratio(time, figures.time(set, restic, of)))];
}

/** Tools a table has nothing to say about are left out of it. */
const filled = (head: readonly string[], rows: readonly (readonly string[])[]): Table => ({
  head,
  rows: rows.filter(([, ...cells]) => cells.some((cell) => cell !== nothing)),
});

/** Size, and what making it took. */
export function createTable(figures: Figures, set: string): Table {
  const at = { figures, set };
  const rows = toolsOf(at).map(({ id, label }) => {
    const stored = figures.stored(set, id);
    return [
      label,
      megabytes(stored),
      ratioText(ratio(stored, figures.stored(set, restic))),
      ratioText(ratio(stored, figures.stored(set, solid))),
      ...timeCells(at, id, 'create', 'wall'),
      ...timeCells(at, id, 'create', 'cpu'),
      mebibytes(figures.peak(set, id, 'create')),
    ];
  });
  const head = [
    'create',
    'stored MB',
    '/ restic',
    '/ zstd --long',
    'wall s',
    '/ restic',
    'CPU s',
    '/ restic',
  ];
  return filled([...head, 'peak MiB'], rows);
}

/** What getting everything back took. */
export function restoreTable(figures: Figures, set: string): Table {
  const at = { figures, set };
  const rows = toolsOf(at).map(({ id, label }) => [
    label,
    ...timeCells(at, id, 'restore', 'wall'),
    ...timeCells(at, id, 'restore', 'cpu'),
    mebibytes(figures.peak(set, id, 'restore')),
  ]);
  return filled(['restore', 'wall s', '/ restic', 'CPU s', '/ restic', 'peak MiB'], rows);
}

/** Reading and checking everything, and storing the same again. */
export function upkeepTable(figures: Figures, set: string): Table {
  const at = { figures, set };
  const rows = toolsOf(at).map(({ id, label }) => [
    label,
    ...timeCells(at, id, 'verify', 'wall'),
    timeCells(at, id, 'verify', 'cpu')[0] ?? '',
    ...timeCells(at, id, 'rerun', 'wall'),
    timeCells(at, id, 'rerun', 'cpu')[0] ?? '',
    fixed(kilobytes(figures.grown(set, id)), 1),
  ]);
  const head = ['verify, re-run', 'verify wall s', '/ restic', 'CPU s', 're-run wall s', '/ restic', 'CPU s'];
  return filled([...head, 'grown kB'], rows);
}

const kilobytes = (bytes: number | null): number | null => (bytes === null ? null : bytes / 1000);

/** Lowest and highest of the rounds: how far the medians can be trusted. */
export function spreadTable(figures: Figures, set: string): Table {
  const at = { figures, set };
  const columns = operations.flatMap((operation) =>
    (['wall', 'cpu'] as const).map((measure) => ({ operation, measure })),
  );
  const cell = (tool: string, of: { operation: Operation; measure: Measure }): string => {
    const spread = figures.spread(set, tool, of);
    return spread === null ? nothing : spread.map(seconds).join('–');
  };
  const names = columns.map(({ operation, measure }) => `${operationNames[operation]} ${measure}`);
  return {
    head: ['lowest–highest, s', ...names],
    rows: toolsOf(at).map(({ id, label }) => [label, ...columns.map((of) => cell(id, of))]),
  };
}

/** Reading one block at random. */
export function readTable(figures: Figures): Table {
  const { sets, tools } = figures.results;
  const rows = sets.flatMap(({ name }) =>
    tools
      .filter(({ id }) => figures.read(name, id, 'p50Ms') !== null)
      .map(({ id, label }) => [
        `set ${name}, ${label}`,
        fixed((figures.read(name, id, 'meanBytes') ?? 0) / 1024, 0),
        ...(['p50Ms', 'p99Ms', 'maxMs'] as const).map((key) => fixed(figures.read(name, id, key), 2)),
        mebibytes(figures.read(name, id, 'peakBytes')),
      ]),
  );
  return { head: ['one random block', 'mean KiB', 'p50 ms', 'p99 ms', 'max ms', 'peak MiB'], rows };
}

/** What is in the sets, and what of it remains by simpler means. */
export function contentTable(figures: Figures): Table {
  const rows = figures.results.sets.flatMap(({ name }) => {
    const found = figures.inspection(name);
    if (found === undefined) return [];
    return [
      { label: 'all files', sums: found.all },
      { label: 'files of at most 16 KiB', sums: found.small },
    ].map(({ label, sums }) => [
      `set ${name}, ${label}`,
      String(sums.blocks),
      megabytes(sums.rawBytes),
      megabytes(sums.zstdBytes),
      megabytes(sums.storedBytes),
      ratioText(ratio(sums.storedBytes, sums.zstdBytes)),
    ]);
  });
  const head = ['distinct blocks of', 'blocks', 'raw MB', 'zstd -3 of each MB', 'Pilotfish MB', 'ratio'];
  return { head, rows };
}

const units: Readonly<Record<Judged['kind'], (value: number | null) => string>> = {
  ratio: ratioText,
  milliseconds: (value) => (value === null ? nothing : `${fixed(value, 2)} ms`),
  mebibytes: (value) => (value === null ? nothing : `${fixed(value, 0)} MiB`),
};

function verdictCell({ kind, value, verdict, isClose }: Judged): string {
  return verdict === 'not measured' ? nothing : `${units[kind](value)} ${verdict}${isClose ? ' (?)' : ''}`;
}

/** The figures that must hold, and whether they do; a column per row of ours. */
export function goalTable(figures: Figures): Table {
  const { tools, sets } = figures.results;
  const ours = tools.filter(({ id }) => id.startsWith('pilotfish'));
  const isHere = ({ set }: Judged): boolean => sets.some(({ name }) => name === set);
  const judged = ours.map(({ id }) => judge(figures, id).filter(isHere));
  const rows = (judged[0] ?? []).map(({ set, text, kind, must, aim }, i) => [
    `${set}: ${text}`,
    units[kind](must),
    aim === undefined ? nothing : units[kind](aim),
    ...judged.map((list) => verdictCell(list[i] as Judged)),
  ]);
  return { head: ['set: figure', 'must', 'aim', ...ours.map(({ label }) => label)], rows };
}
