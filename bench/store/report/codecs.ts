// What the codec room is worth to a repository on a disk: the built-in codec, the rule, the model, the best in hindsight.
import { megabytes, ratioText, seconds, type Table } from '../../common/table.ts';
import { type Figures, ratio } from '../figures.ts';
import type { CodecChoice, CodecRow } from '../probes/codec-choice.ts';

function label({ who, name, serves }: CodecRow): string {
  return [who, ...(name === '' ? [] : [name]), ...(serves ? ['(serves)'] : [])].join(' ');
}

function rowsOf(set: string, { rows, sampledBlocks, blocks }: CodecChoice): string[][] {
  const of = (who: CodecRow['who']): CodecRow | undefined => rows.find((row) => row.who === who);
  const [builtIn, oracle] = [of('built-in'), of('oracle')];
  return rows.map((row) => [
    `set ${set}, ${label(row)}`,
    `${sampledBlocks} of ${blocks}`,
    megabytes(row.storedBytes),
    ratioText(ratio(row.storedBytes, builtIn?.storedBytes ?? null)),
    seconds(row.encodeSeconds),
    seconds(row.decideSeconds),
    seconds(row.costSeconds),
    ratioText(ratio(row.costSeconds, oracle?.costSeconds ?? null)),
  ]);
}

/** A row per set and way of choosing. */
export function codecTable(figures: Figures): Table {
  const rows = figures.results.sets.flatMap(({ name }) => {
    const choice = figures.codecChoice(name);
    return choice === undefined ? [] : rowsOf(name, choice);
  });
  const head = ['codec of blocks that stand alone', 'blocks', 'stored MB', '/ built-in', 'encode s'];
  return { head: [...head, 'decide s', 'cost s', '/ oracle'], rows };
}

/** What the table means, in Markdown. */
export function codecText(figures: Figures): string {
  const rates = figures.results.sets.flatMap(
    ({ name }) => figures.codecChoice(name)?.linkBitsPerSecond ?? [],
  );
  const rate = (rates[0] ?? 0) / 1e6;
  return `Which codec a block gets that is neither a delta nor in a group, on a sample of such blocks: the built-in one for all, what the rule and the model of the codec room choose, and for each block the best of the room's six in hindsight (oracle). *cost* is what the room minimises, seconds of the processor plus those the stored bytes would take at ${rate} Mbit/s, the rate a repository on a local disk is judged by; *decide* is looking at the block and answering.`;
}
