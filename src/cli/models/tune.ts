import { resolve } from 'node:path';
import type { Command } from 'commander';
import { PilotfishError } from '../../base/index.ts';
import type { TuneReport } from '../../decisions/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { readTable } from './train.ts';
import { benchOf, carryOut, roomCommand, withModelExamples } from './work.ts';

interface TuneCommandOptions extends CommonOptions {
  readonly table?: string;
  readonly journal?: string;
  readonly trials: number;
  readonly seed: number;
  readonly maxUs: number;
  readonly maxBytes: number;
}

/** Adds `tune`. */
export function registerTune(program: Command, context: Context): void {
  const count = (option: string, max: number) => wholeNumber(option, { min: 1, max });
  withModelExamples(roomCommand(program, 'tune', ['codec']), [
    'pilotfish tune codec --trials 50 --journal codec.jsonl   stop it any time, run it again to go on',
    'pilotfish tune codec --max-us 10                         only what decides in 10 µs',
  ])
    .description('search families (net, trees, rule) and settings of a room within a budget of time and size')
    .option('--table <file>', 'what `measure` wrote (default: the one beside the shipped model)')
    .option(
      '--trials <number>',
      'models to train, counting those in the journal',
      count('--trials', 10_000),
      30,
    )
    .option('--journal <file>', 'keeps what was tried; a search that was stopped goes on from it')
    .option('--seed <number>', 'start of all chance', wholeNumber('--seed', { min: 0, max: 999_999_999 }), 1)
    .option('--max-us <number>', 'longest median decision, microseconds', count('--max-us', 1_000_000), 15)
    .option('--max-bytes <number>', 'largest model', count('--max-bytes', 67_108_864), 2_097_152)
    .action((room: string, options: TuneCommandOptions) => run(context, room, options));
}

async function run(context: Context, room: string, options: TuneCommandOptions): Promise<void> {
  const [{ workshopOf }, { openJournal }] = await Promise.all([
    import('../../decisions/index.ts'),
    import('../../lifecycle/index.ts'),
  ]);
  const workshop = workshopOf(room);
  if (workshop.tune === undefined) {
    throw new PilotfishError('UNSUPPORTED', `the room ${workshop.room} has nothing to search; use \`train\``);
  }
  const home = `${context.world.settings.modelsDirectory}/${workshop.room}`;
  const bench = benchOf(context);
  const { trials, seed, maxUs: maxDecisionUs, maxBytes, journal: name } = options;
  const table = readTable(context, resolve(options.table ?? `${home}/costs.tsv.br`));
  const journal = openJournal(bench.fs, name === undefined ? undefined : resolve(name));
  const work = workshop.tune(bench, { table, seed, trials, maxDecisionUs, maxBytes, journal });
  const report = await carryOut(
    context,
    options,
    work,
    name === undefined
      ? 'without --journal nothing was kept; run it again'
      : 'what was tried is in the journal; run it again to go on',
  );
  await context.result(options, { json: report, text: reportText(report) });
}

function reportText({ room, trials, families, best }: TuneReport): string {
  const lines = families.map(({ family, regret, bytes, decisionP50Us, withinBudget, parameters }) => {
    const figures = `${(100 * regret).toFixed(2)} % regret, ${bytes} bytes, ${decisionP50Us.toFixed(1)} µs`;
    const settings = Object.entries(parameters).map(([key, value]) => ` ${key}=${String(value)}`);
    return `${family === best ? '*' : ' '} ${family}: ${figures}${withinBudget ? '' : ', over budget'}${settings.join('')}\n`;
  });
  return `${room}, ${trials} trials: * is best within budget\n${lines.join('')}`;
}
