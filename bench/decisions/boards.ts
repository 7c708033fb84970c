// The scoreboards as Markdown: what must hold of each room, and every chooser on every set.
import type { Scoreboard, ScoreRow, ScoreSet } from '../../src/decisions/index.ts';
import { markdownTable, nothing } from '../common/table.ts';

/** A share in percent; what rounds to nothing has no sign. */
export function percent(share: unknown, digits = 1): string {
  if (typeof share !== 'number') return nothing;
  return `${(100 * share).toFixed(digits).replace(/^-(0\.0+)$/, '$1')} %`;
}

interface Column {
  readonly title: string;
  readonly metric: string;
}

interface Bar {
  readonly title: string;
  /** Which sets it is about. */
  readonly about: (set: ScoreSet) => boolean;
  readonly metric: string;
  readonly holds: (row: ScoreRow, set: ScoreSet) => boolean;
}

interface RoomPage {
  readonly intro: readonly string[];
  readonly columns: readonly Column[];
  readonly bars: readonly Bar[];
}

const value = (row: ScoreRow | undefined, metric: string): number => Number(row?.[metric] ?? Number.NaN);
const rowOf = (set: ScoreSet, who: string): ScoreRow | undefined => set.rows.find((row) => row.who === who);

const DECISION: Column = { title: 'decision p50 µs', metric: 'decisionP50Us' };

const codecBars: readonly Bar[] = ['10M', '100M', '1G'].flatMap((link): Bar[] => {
  const about = ({ name }: ScoreSet): boolean => name.endsWith(` ${link}`);
  return [
    { title: `${link}: regret ≤ 2 %`, about, metric: 'regret', holds: (row) => value(row, 'regret') <= 0.02 },
    {
      title: `${link}: within 5 % of the best on ≥ 95 % of blocks`,
      about,
      metric: 'withinFivePercent',
      holds: (row) => value(row, 'withinFivePercent') >= 0.95,
    },
    {
      title: `${link}: at most 1 % worse than the best fixed codec in hindsight`,
      about,
      metric: 'regret',
      holds: (row, set) => 1 + value(row, 'regret') <= 1.01 * (1 + value(rowOf(set, 'best-fixed'), 'regret')),
    },
  ];
});

const isVersions = ({ kind }: ScoreSet): boolean => kind === 'versions';

const similarBars: readonly Bar[] = [
  {
    title: 'versions: stored bytes not above the rule’s',
    about: isVersions,
    metric: 'storedRatio',
    holds: (row, set) => value(row, 'storedRatio') <= value(rowOf(set, 'heuristic'), 'storedRatio'),
  },
  {
    title: 'versions: CPU not above the rule’s',
    about: isVersions,
    metric: 'cpuRatio',
    holds: (row) => value(row, 'cpuRatio') <= 1,
  },
  {
    title: 'versions: useless bases ≤ 5 %',
    about: isVersions,
    metric: 'uselessCandidates',
    holds: (row) => value(row, 'uselessCandidates') <= 0.05,
  },
  {
    title: 'diverse: useless bases ≤ 10 %',
    about: (set) => !isVersions(set),
    metric: 'uselessCandidates',
    holds: (row) => !(value(row, 'uselessCandidates') > 0.1),
  },
];

const HALF_A_POINT = 0.005;
const isRestore = ({ name }: ScoreSet): boolean => name === 'restore';
const everything = (): boolean => true;

const prefetchBars: readonly Bar[] = [
  {
    title: 'hits: at most 0.5 points below the best limited baseline in hindsight',
    about: everything,
    metric: 'hitRate',
    holds: (row, set) => value(row, 'hitRate') >= value(rowOf(set, 'best-fixed'), 'hitRate') - HALF_A_POINT,
  },
  {
    title: 'hits: at most 0.5 points below plain LRU',
    about: everything,
    metric: 'hitRate',
    holds: (row, set) => value(row, 'hitRate') >= value(rowOf(set, 'lru'), 'hitRate') - HALF_A_POINT,
  },
  {
    title: 'restore: at least 15 points above LRU',
    about: isRestore,
    metric: 'hitRate',
    holds: (row, set) => value(row, 'hitRate') >= value(rowOf(set, 'lru'), 'hitRate') + 0.15,
  },
  {
    title: 'wasted ≤ 10 % of demand',
    about: everything,
    metric: 'waste',
    holds: (row) => value(row, 'waste') <= 0.1,
  },
];

/** Pages of the rooms; a room that has none is shown with every metric it reports. */
const PAGES: Readonly<Record<string, RoomPage>> = {
  codec: {
    intro: [
      'Regret is what a choice cost beyond the best choice on the same block, run and measured, with the time for looking',
      'at the block included.',
    ],
    columns: [
      { title: 'regret', metric: 'regret' },
      { title: 'before features', metric: 'regretBeforeFeatures' },
      { title: 'within 5 %', metric: 'withinFivePercent' },
      { title: 'accuracy', metric: 'accuracy' },
      DECISION,
    ],
    bars: codecBars,
  },
  similar: {
    intro: [
      'Stored is bytes stored / bytes of blocks that occur once. Saved is against no deltas at all. A base is useless when',
      'its delta is not below 0.9 of the block compressed alone; not kept counts those that the store did not keep. CPU is',
      'for encoding and deciding, against the rule’s.',
    ],
    columns: [
      { title: 'stored', metric: 'storedRatio' },
      { title: 'saved', metric: 'savings' },
      { title: 'regret', metric: 'regret' },
      { title: 'useless', metric: 'uselessCandidates' },
      { title: 'not kept', metric: 'notKept' },
      { title: 'CPU', metric: 'cpuRatio' },
      DECISION,
    ],
    bars: similarBars,
  },
  prefetch: {
    intro: [
      'Hits of a cache of 1 % of the keys (2,000 blocks for restores) over the first 600,000 accesses, in order. Waste is',
      'blocks read for nothing / blocks asked for; all but the rows marked unlimited keep it below 10 %. Keys of web12 are',
      'numbered by first appearance: what looking one ahead gains there is the trace’s doing.',
    ],
    columns: [
      { title: 'hits', metric: 'hitRate' },
      { title: 'waste', metric: 'waste' },
      { title: 'used of read ahead', metric: 'usedOfIssued' },
      { title: 'hit@5', metric: 'hitAt5' },
      { title: 'coverage', metric: 'coverage' },
      DECISION,
    ],
    bars: prefetchBars,
  },
};

/** A section of what must hold, and one of all figures. */
export function boardSection(board: Scoreboard): string[] {
  const page = PAGES[board.room] ?? { intro: [], columns: columnsOf(board), bars: [] };
  return [
    `## ${board.room}`,
    '',
    ...page.intro,
    ...(page.intro.length > 0 ? [''] : []),
    ...(page.bars.length > 0 ? [barTable(board, page.bars), ''] : []),
    '<details><summary>Every chooser on every set</summary>',
    '',
    allRows(board, page.columns),
    '',
    '</details>',
    '',
  ];
}

/** What must hold of whoever serves: on how many sets it does, and where it does not. */
function barTable({ sets }: Scoreboard, bars: readonly Bar[]): string {
  const rows = bars.map(({ title, about, metric, holds }) => {
    const judged = sets.filter(about).map((set) => ({ set, row: set.rows.find(({ serving }) => serving) }));
    const missed = judged.filter(({ set, row }) => row === undefined || !holds(row, set));
    const named = missed.map(({ set, row }) => `${set.name} ${percent(row?.[metric])}`);
    return [title, `${judged.length - missed.length} / ${judged.length}`, named.join(', ') || nothing];
  });
  return markdownTable({ head: ['what serves must hold', 'sets', 'missed by'], rows });
}

function allRows({ sets }: Scoreboard, columns: readonly Column[]): string {
  const rows = sets.flatMap(({ name, n, rows: choosers }) =>
    choosers.map((row, index) => [
      index === 0 ? name : '',
      index === 0 ? String(n) : '',
      `${row.serving ? `**${row.who}**` : row.who}${row['unlimited'] === true ? ' (unlimited)' : ''}`,
      ...columns.map(({ metric }) => cell(row, metric)),
    ]),
  );
  return markdownTable({ head: ['set', 'n', 'who', ...columns.map(({ title }) => title)], rows });
}

function cell(row: ScoreRow, metric: string): string {
  const content = row[metric];
  if (typeof content !== 'number') return nothing;
  if (metric.endsWith('Us')) return content.toFixed(1);
  const [low, high] = [row[`${metric}Low`], row[`${metric}High`]];
  const interval =
    typeof low === 'number' && typeof high === 'number' ? ` [${percent(low)}, ${percent(high)}]` : '';
  return `${percent(content)}${interval}`;
}

function columnsOf({ sets }: Scoreboard): Column[] {
  const metrics = new Set(sets.flatMap(({ rows }) => rows.flatMap((row) => Object.keys(row))));
  return [...metrics]
    .filter((name) => !['who', 'serving', 'unlimited'].includes(name) && !/(Low|High)$/.test(name))
    .map((metric) => ({ title: metric, metric }));
}
