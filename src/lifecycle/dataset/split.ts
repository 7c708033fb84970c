import { PilotfishError, sha256Hex } from '../../base/index.ts';
import { numberWithin, wholeNumber } from '../../learn/index.ts';
import { contentDigest, observationDigest, type SampleTable } from './table.ts';

export type SplitOptions = {
  /** Shares of the samples; together 1. 0.7, 0.15, 0.15. */
  readonly trainRatio?: number;
  readonly valRatio?: number;
  readonly testRatio?: number;
  /** `group`: whole groups, by lot. `time`: what comes last is tested on. `group`. */
  readonly by?: 'group' | 'time';
  /** 42. */
  readonly seed?: number;
  /** Groups that were sealed in an earlier split of data like these: they stay sealed. Only by group. */
  readonly sealedGroups?: readonly string[];
  /**
   * One observation that stands in two parts makes the later part easier than it is: `refuse` throws, `drop` leaves it
   * out of the earlier part. `refuse`.
   */
  readonly duplicates?: 'refuse' | 'drop';
};

/** Row numbers of train, validation and test, each in rising order. */
export type SplitRows = readonly [number[], number[], number[]];

const RATIO_SLACK = 1e-9;

/**
 * Divides the rows of a table. By group: groups are put in an order that depends on the seed and their names alone, and
 * fill the test part, then validation, then training; a sample without a group is grouped with those that cannot be
 * told apart from it. By time: samples of one moment stay together.
 * @throws PilotfishError `EMPTY` when a part would have no sample, `REFUSED` for duplicates, `USAGE`.
 */
export function splitRows(table: SampleTable, options: SplitOptions = {}): SplitRows {
  const { trainRatio = 0.7, valRatio = 0.15, testRatio = 0.15 } = options;
  const ratios = [trainRatio, valRatio, testRatio] as const;
  for (const ratio of ratios) numberWithin('ratio', ratio, [0, 1]);
  if (Math.abs(trainRatio + valRatio + testRatio - 1) > RATIO_SLACK) {
    throw new PilotfishError('USAGE', `the ratios ${ratios.join(', ')} do not make 1`);
  }
  const rows = options.by === 'time' ? byTime(table, ratios, options) : byGroup(table, ratios, options);
  rows.forEach((part, at) => {
    if (part.length === 0 && (ratios[at] as number) > 0) {
      const message = `too few groups or moments for the ratios ${ratios.join(', ')}: gather more data`;
      throw new PilotfishError('EMPTY', message);
    }
  });
  return withoutDuplicates(table, rows, options.duplicates ?? 'refuse');
}

function byTime(
  { length, times }: SampleTable,
  [train, val]: readonly number[],
  { sealedGroups = [] }: SplitOptions,
): SplitRows {
  if (sealedGroups.length > 0) throw new PilotfishError('USAGE', 'sealed groups need a split by group');
  const order = Array.from({ length }, (_, row) => row);
  const timeOf = (place: number): number => times[order[place] as number] as number;
  if (times.some(Number.isNaN)) throw new PilotfishError('USAGE', 'a sample has no time: split by group');
  order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
  const cut = (share: number): number => {
    let place = Math.round(share * length);
    while (place > 0 && place < length && timeOf(place) === timeOf(place - 1)) place += 1;
    return place;
  };
  const [first, second] = [cut(train ?? 0), cut((train ?? 0) + (val ?? 0))];
  const part = (from: number, to: number): number[] => order.slice(from, to).sort((a, b) => a - b);
  return [part(0, first), part(first, second), part(second, length)];
}

function byGroup(
  table: SampleTable,
  [, val, test]: readonly number[],
  { seed = 42, sealedGroups = [] }: SplitOptions,
): SplitRows {
  wholeNumber('seed', seed, [0, 2 ** 32 - 1]);
  const groups = new Map<string, number[]>();
  for (let row = 0; row < table.length; row += 1) {
    const group = table.groups[row];
    const name =
      group === null || group === undefined ? `sample ${contentDigest(table, row)}` : `group ${group}`;
    const rows = groups.get(name);
    if (rows === undefined) groups.set(name, [row]);
    else rows.push(row);
  }
  const sealed = sealedGroups.map((group) => `group ${group}`).filter((name) => groups.has(name));
  const testRows = sealed.flatMap((name) => groups.get(name) ?? []);
  for (const name of sealed) groups.delete(name);
  const drawn = [...groups.keys()]
    .map((name) => ({ name, lot: sha256Hex(Buffer.from(`${seed} ${name}`)) }))
    .sort((a, b) => (a.lot < b.lot ? -1 : 1))
    .map(({ name }) => name);
  const fill = (share: number, rows: number[]): number[] => {
    takeGroups({ groups, drawn, wanted: share * table.length }, rows);
    return rows.sort((a, b) => a - b);
  };
  const [testPart, valPart] = [fill(test ?? 0, testRows), fill(val ?? 0, [])];
  const rest = [...groups.values()].flat().sort((a, b) => a - b);
  return [rest, valPart, testPart];
}

type Lots = {
  /** Groups not yet in a part. */
  readonly groups: Map<string, number[]>;
  /** Their names in the order of their lots. */
  readonly drawn: readonly string[];
  readonly wanted: number;
};

/** Moves groups into `rows` as long as each brings their number closer to what is wanted; at least the smallest one. */
function takeGroups({ groups, drawn, wanted }: Lots, rows: number[]): void {
  const move = (name: string): void => {
    // One by one: a group may be larger than a list of arguments.
    for (const row of groups.get(name) ?? []) rows.push(row);
    groups.delete(name);
  };
  for (const name of drawn) {
    const size = groups.get(name)?.length ?? 0;
    const isCloser = Math.abs(rows.length + size - wanted) < Math.abs(rows.length - wanted);
    if (size > 0 && isCloser) move(name);
  }
  if (rows.length > 0 || wanted === 0) return;
  const [smallest] = drawn
    .filter((name) => groups.has(name))
    .sort((a, b) => (groups.get(a)?.length ?? 0) - (groups.get(b)?.length ?? 0));
  if (smallest !== undefined) move(smallest);
}

/** Test is looked at first: what stands there stands nowhere else. */
function withoutDuplicates(table: SampleTable, parts: SplitRows, duplicates: 'refuse' | 'drop'): SplitRows {
  const later = new Set<string>();
  let dropped = 0;
  const kept = [...parts].reverse().map((rows) => {
    const digests = rows.map((row) => observationDigest(table, row));
    const unique = rows.filter((_, at) => !later.has(digests[at] as string));
    for (const digest of digests) later.add(digest);
    dropped += rows.length - unique.length;
    return unique;
  });
  if (dropped > 0 && duplicates === 'refuse') {
    throw new PilotfishError(
      'REFUSED',
      `${dropped} samples stand in two parts of the split: put them in one group, or say duplicates: 'drop'`,
    );
  }
  return kept.reverse() as unknown as SplitRows;
}
