// Document 000's targets for the rooms of the store, one row each and per corpus: its number, ours, the best simple
// rule's, and whether it is met. Every figure comes from the results; none is written here.
import type { Scoreboard, ScoreRow, ScoreSet } from '../../src/decisions/index.ts';
import { markdownTable, nothing } from '../common/table.ts';
import { percent } from './boards.ts';
import type { CorpusRun, Results } from './results.ts';

interface Claim {
  readonly target: string;
  readonly on: string;
  readonly ours: string;
  /** Of the best simple rule, or what it is compared with. */
  readonly baseline: string;
  readonly met: boolean;
}

/** Links of the codec room's sets. */
const LINKS: readonly string[] = ['10M', '100M', '1G', '10G'];
const HEAD = ['on', 'ours', 'baseline', 'verdict'];
type Row = [target: string, metOn: string];

const metric = (row: ScoreRow | undefined, name: string): number => Number(row?.[name] ?? Number.NaN);

/** The page's first table. */
export function claimsSection(results: Results): string[] {
  const claims = [
    ...results.corpora.flatMap(storage),
    ...accuracy(boardOf(results, 'codec')),
    ...decisions(results),
    ...boardOf(results, 'prefetch').flatMap(prefetching),
    ...results.lookUps.map(lookUp),
    ...results.reading.filter(({ what }) => !what.includes('CPU')).map(latency),
  ];
  const targets = [...new Set(claims.map(({ target }) => target))];
  const sections = targets.map((target) => {
    const about = claims.filter((claim) => claim.target === target);
    const rows = about.map(({ on, ours, baseline, met }) => [on, ours, baseline, met ? 'met' : 'missed']);
    const met = about.filter((claim) => claim.met).length;
    const summary: Row = [target, `${met} of ${about.length}`];
    return { summary, lines: [`### ${target}`, '', markdownTable({ head: HEAD, rows }), ''] };
  });
  return [
    '## Document 000, target by target',
    '',
    'Its numbers are as they are written there. The baseline is what needs no model: the rule of the room, the best limited',
    'baseline in hindsight, or reading without reading ahead.',
    '',
    markdownTable({ head: ['target', 'met on'], rows: sections.map(({ summary }) => summary) }),
    '',
    '- *Storage*: repository, index and all, against exact deduplication with the document’s size rule for every block.',
    '- *Compression*: the same without similar blocks on our side: what codecs, levels and grouping are worth.',
    '- *Dedup*: what similar blocks save beside exact deduplication in the same store.',
    '- *precision@5* as written cannot pass its ceiling: one of five answers at most is the next access. Beside it: how',
    '  often the next access was among the five, and how many of the blocks read ahead were used.',
    '- *Accuracy*: strict, at 10M / 100M / 1G / 10G; met where the mean is. Two codecs that cost the same within 5 % differ',
    '  in it and in nothing else: regret below says what a choice costs.',
    '',
    ...sections.flatMap(({ lines }) => lines),
  ];
}

function boardOf({ boards }: Results, room: string): readonly ScoreSet[] {
  return boards.find((board: Scoreboard) => board.room === room)?.sets ?? [];
}

function storage({ corpus, documentBytes, ways }: CorpusRun): Claim[] {
  const less = (bytes: number, than: number): number => 1 - bytes / than;
  const share = (target: string, least: number, [ours, rule]: readonly [number, number]): Claim => {
    return { target, on: corpus, ours: percent(ours), baseline: percent(rule), met: ours >= least };
  };
  const { exact, rules, rooms } = ways;
  return [
    share('storage −15–25 %', 0.15, [less(rooms.bytes, documentBytes), less(rules.bytes, documentBytes)]),
    share('compression 5–10 %', 0.05, [less(exact.bytes, documentBytes), less(exact.bytes, documentBytes)]),
    share('dedup +10–20 %', 0.1, [less(rooms.bytes, exact.bytes), less(rules.bytes, exact.bytes)]),
  ];
}

/** One row for each set of blocks: strict accuracy on every known link. */
function accuracy(sets: readonly ScoreSet[]): Claim[] {
  const linkOf = (name: string): string => name.slice(name.lastIndexOf(' ') + 1);
  const known = sets.filter(({ name }) => LINKS.includes(linkOf(name)));
  const corpora = [...new Set(known.map(({ name }) => name.slice(0, name.lastIndexOf(' '))))];
  return corpora.map((corpus) => {
    const entries = known.filter(({ name }) => name === `${corpus} ${linkOf(name)}`);
    const of = (who: string): number[] =>
      entries.map(({ rows }) =>
        metric(
          rows.find((row) => (who === 'serving' ? row.serving : row.who === who)),
          'accuracy',
        ),
      );
    const said = (shares: readonly number[]): string =>
      `${shares.map((share) => percent(share, 0)).join(' / ')}`;
    const serving = of('serving');
    const mean = serving.reduce((sum, share) => sum + share, 0) / serving.length;
    const [ours, baseline] = [said(serving), said(of('heuristic'))];
    return { target: 'codec accuracy > 80 %', on: corpus, ours, baseline, met: mean > 0.8 };
  });
}

/** The slowest median of each room's model over all sets. */
function decisions({ boards }: Results): Claim[] {
  return boards.flatMap(({ room, sets }): Claim[] => {
    const worst = (name: string): number =>
      Math.max(
        ...sets.flatMap(({ rows }) =>
          rows
            .filter(({ who, [name]: us }) => who === 'model' && typeof us === 'number')
            .map((row) => metric(row, name)),
        ),
      );
    const p50 = worst('decisionP50Us');
    if (!Number.isFinite(p50)) return [];
    const limitUs = room === 'prefetch' ? 10_000 : 1000;
    return [
      {
        target: `${room} decision < ${limitUs / 1000} ms`,
        on: 'slowest set',
        ours: `p50 ${p50.toFixed(1)} µs, p99 ${worst('decisionP99Us').toFixed(1)} µs`,
        baseline: nothing,
        met: worst('decisionP99Us') < limitUs,
      },
    ];
  });
}

function prefetching({ name, rows }: ScoreSet): Claim[] {
  const serving = rows.find((row) => row.serving);
  const lru = rows.find(({ who }) => who === 'lru');
  if (serving === undefined || lru === undefined) return [];
  const [ours, without] = [metric(serving, 'hitRate'), metric(lru, 'hitRate')];
  const best = rows.find(({ who }) => who === 'best-fixed');
  const points = (share: number): string => `${(100 * share).toFixed(1)} points`;
  return [
    {
      target: 'hit rate +15–25 %',
      on: name,
      ours: `${points(ours - without)} (${percent(without)} → ${percent(ours)})`,
      baseline: `${points(metric(best, 'hitRate') - without)}`,
      met: ours - without >= 0.15,
    },
    {
      target: 'precision@5 > 60 %',
      on: name,
      ours: `${percent(serving['precisionAt5'])} of ${percent(serving['precisionAt5Ceiling'])}; hit@5 ${percent(serving['hitAt5'])}; used ${percent(serving['usedOfIssued'])}`,
      baseline: `hit@5 ${percent(best?.['hitAt5'])}; used ${percent(best?.['usedOfIssued'])}`,
      met: metric(serving, 'precisionAt5') > 0.6,
    },
  ];
}

function lookUp({ kind, blocks, p50Us, p99Us, found, wanted }: Results['lookUps'][number]): Claim {
  return {
    target: 'similar look-up < 10 ms',
    on: `${blocks.toLocaleString('en')} blocks, ${kind}`,
    ours: `p50 ${p50Us.toFixed(1)} µs, p99 ${p99Us.toFixed(1)} µs, recall ${percent(found / wanted, 2)}`,
    baseline: nothing,
    met: p99Us < 10_000,
  };
}

function latency({ corpus, what, ratio, low, high }: Results['reading'][number]): Claim {
  const less = (share: number): string => percent(1 - share);
  return {
    target: 'retrieval latency −10–20 %',
    on: `${corpus}: ${what}`,
    ours: `${less(ratio)} [${less(high)}, ${less(low)}]`,
    baseline: '0 % (not reading ahead)',
    met: ratio <= 0.9,
  };
}
