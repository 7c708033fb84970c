/** One chooser on one set: plain fractions by name; an interval stands beside its metric as `…Low`, `…High`. */
export type ScoreRow = {
  /** `model`, `heuristic`, `best-fixed`, `document-rule`, `oracle`, or a named baseline. */
  readonly who: string;
  /** Whether this is the one that would serve. */
  readonly serving: boolean;
  readonly [metric: string]: number | string | boolean;
};

export type ScoreSet = {
  readonly name: string;
  /** Folder of the data, where one room is judged differently on different kinds: `versions`, `compression`. */
  readonly kind?: string;
  /** Samples that were scored. */
  readonly n: number;
  readonly rows: readonly ScoreRow[];
};

/** What `pilotfish score` prints: every chooser of a room on every set of data. */
export type Scoreboard = { readonly room: string; readonly sets: readonly ScoreSet[] };

const SECONDARY = /(Low|High)$/;

/** The scoreboard as a table for people: one line per set and chooser; the one that serves is marked. */
export function scoreboardText({ room, sets }: Scoreboard): string {
  const metrics = [...new Set(sets.flatMap(({ rows }) => rows.flatMap((row) => Object.keys(row))))].filter(
    (key) => key !== 'who' && key !== 'serving' && !SECONDARY.test(key),
  );
  const header = ['set', 'n', 'who', ...metrics];
  const lines = sets.flatMap(({ name, n, rows }) =>
    rows.map((row, index) => [
      index === 0 ? name : '',
      index === 0 ? String(n) : '',
      `${row.serving ? '*' : ' '} ${row.who}`,
      ...metrics.map((metric) => cellOf(row, metric)),
    ]),
  );
  const widths = header.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => (line[i] ?? '').length)),
  );
  const text = [header, ...lines].map((line) =>
    line
      .map((cell, i) => (i === 0 || i === 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${[`${room}: * serves`, ...text].join('\n')}\n`;
}

function cellOf(row: ScoreRow, metric: string): string {
  const value = row[metric];
  if (typeof value !== 'number') return value === undefined ? '' : String(value);
  if (metric.endsWith('Us')) return value.toFixed(1);
  const [low, high] = [row[`${metric}Low`], row[`${metric}High`]];
  const percent = (share: number): string => (100 * share).toFixed(1);
  const interval =
    typeof low === 'number' && typeof high === 'number' ? ` [${percent(low)}, ${percent(high)}]` : '';
  return `${percent(value)} %${interval}`;
}
