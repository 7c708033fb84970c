// node scripts/run.mjs bench/reading/main.ts --data DIR: what reading ahead saves, and what it costs. Runs with and
// without it take turns in one process; medians of all rounds. `off` is the baseline: ratios below 1 are savings.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asUsage, UsageError } from '../common/command-line.ts';
import { describeMachine } from '../common/machine.ts';
import { machineLine } from '../common/machine-line.ts';
import { median, range } from '../common/statistics.ts';
import { fixed, ratioText, textTable } from '../common/table.ts';
import { packCorpora } from './corpora.ts';
import { catOnce, type Mode, readOnce, restoreOnce, type Taken } from './measure.ts';

/** One figure of one corpus, without reading ahead and with it: medians over the rounds. */
export interface ReadingRow {
  readonly corpus: string;
  readonly what: string;
  readonly off: number;
  readonly on: number;
  /** Median of the rounds' own ratios on / off, their lowest and their highest. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

const options = {
  data: { type: 'string' },
  rounds: { type: 'string', default: '7' },
  run: { type: 'string' },
  always: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

/** Rounds of one thing, off and on in turn; the one that begins changes, so that neither always comes second. */
async function interleaved(
  rounds: number,
  run: (mode: Mode) => Promise<Taken>,
): Promise<Record<Mode, Taken>[]> {
  await run('off');
  await run('on');
  const taken: Record<Mode, Taken>[] = [];
  for (let round = 0; round < rounds; round++) {
    const [first, second]: Mode[] = round % 2 === 0 ? ['off', 'on'] : ['on', 'off'];
    const one = await run(first ?? 'off');
    const other = await run(second ?? 'on');
    taken.push(first === 'off' ? { off: one, on: other } : { off: other, on: one });
  }
  return taken;
}

function rowsOf(corpus: string, taken: readonly Record<Mode, Taken>[]): ReadingRow[] {
  return Object.keys(taken[0]?.off ?? {}).map((what) => {
    const values = (mode: Mode): number[] => taken.map((round) => round[mode][what] ?? Number.NaN);
    const off = values('off');
    const on = values('on');
    const ratios = on.map((value, i) => value / (off[i] ?? Number.NaN));
    const [low, high] = range(ratios) ?? [Number.NaN, Number.NaN];
    const middle = (list: readonly number[]): number => median(list) ?? Number.NaN;
    return { corpus, what, off: middle(off), on: middle(on), ratio: middle(ratios), low, high };
  });
}

async function main(): Promise<void> {
  const { values } = asUsage(() => parseArgs({ options }));
  const rounds = Number(values.rounds);
  if (values.data === undefined)
    throw new UsageError('--data DIR: give the folder with compression/ and versions/');
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 100)) throw new UsageError('--rounds: 1 to 100');
  const folder = mkdtempSync(join(values.run ?? tmpdir(), 'reading-'));
  try {
    const machine = describeMachine(folder);
    const rows: ReadingRow[] = [];
    say('packing');
    for (const corpus of await packCorpora({ data: values.data, folder, warn: say })) {
      say(`${corpus.name}: ${corpus.files} files, ${(corpus.bytes / 1e6).toFixed(0)} MB`);
      const restores = await interleaved(rounds, (mode) => restoreOnce(corpus, mode, values.always));
      rows.push(...rowsOf(corpus.name, restores));
      if (corpus.files > 1) continue;
      rows.push(...rowsOf(corpus.name, await interleaved(rounds, (mode) => catOnce(corpus, mode))));
      rows.push(...rowsOf(corpus.name, await interleaved(rounds, (mode) => readOnce(corpus, mode))));
    }
    const cells = rows.map((row) => [
      `${row.corpus}: ${row.what}`,
      fixed(row.off, 0),
      fixed(row.on, 0),
      ratioText(row.ratio),
      `${ratioText(row.low)}–${ratioText(row.high)}`,
    ]);
    const table = textTable({ head: ['read', 'off', 'on', 'on / off', 'range'], rows: cells });
    if (values.json) process.stdout.write(`${JSON.stringify({ machine, rounds, rows }, null, 2)}\n`);
    else process.stdout.write(`${machineLine(machine)}\n${table}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(error.message);
  process.exitCode = 2;
}
