import type { Command } from 'commander';
import type { ABTestManager, ExperimentRecord, RecordOutcome } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { inputOf, jsonLinesOf, lineProgress } from '../lines.ts';
import { repeated } from '../options.ts';
import { type DataOptions, withData } from '../registry/data.ts';
import { counted, countText, safeText } from '../text.ts';
import { withManager } from './manager.ts';

interface RecordOptions extends DataOptions {
  readonly from?: string;
  readonly id?: string;
  readonly unit?: string;
  readonly model?: string;
  readonly value?: readonly string[];
  readonly fellBack?: true;
}

type Counts = Record<RecordOutcome, number>;

const BATCH = 1000;

/** Adds `experiments record`. */
export function registerRecord(experiments: Command, context: Context): void {
  withData(experiments.command('record <experiment>'), [
    'pilotfish experiments record threat-model-v2 --id request-7 --unit user-1 --value accuracy=1 --data DIR',
    'pilotfish experiments record threat-model-v2 --from records.jsonl --data DIR',
  ])
    .description('count what happened to a unit; without --value, what a file or standard input says')
    .option('--from <file>', 'records, one JSON object a line; without it standard input')
    .option('--id <id>', 'what the record is known by: one that comes again is not counted again')
    .option('--unit <unit>', 'the user, device or request it is about')
    .option('--model <model>', 'the arm, where there is no unit')
    .option('--value <name=number>', 'of a metric; may be repeated', repeated)
    .option('--fell-back', 'the model of the arm did not answer, the control’s way served')
    .action((experiment: string, options: RecordOptions) => run(context, experiment, options));
}

function run(context: Context, experiment: string, options: RecordOptions): Promise<void> {
  checkOptions(options);
  return withManager(context, options, async (manager) => {
    const counts: Counts = { counted: 0, repeated: 0, outside: 0 };
    if ((options.value ?? options.fellBack) === undefined)
      await recordLines(context, { manager, experiment, counts }, options);
    else counts[await manager.record(experiment, recordOf(options))] += 1;
    const { repeated: again, outside } = counts;
    const notes = [
      again > 0 ? `, ${countText(again)} of before` : '',
      outside > 0 ? `, ${countText(outside)} outside the experiment` : '',
    ];
    await context.result(options, {
      json: counts,
      text: `${counted(counts.counted, 'record')} counted${notes.join('')}\n`,
    });
  });
}

/** One record or many: options of the one are not to be taken for those of lines that nobody sends. */
function checkOptions({ from, id, unit, model, value, fellBack }: RecordOptions): void {
  const isOne = (id ?? unit ?? model ?? value ?? fellBack) !== undefined;
  if (isOne && from !== undefined)
    throw usageError('--from has all of its records: give no other option of one');
  if (isOne && value === undefined && fellBack === undefined)
    throw usageError('a record needs --value or --fell-back; without any of its options lines are read');
}

function recordOf({ id, unit, model, value = [], fellBack }: RecordOptions): ExperimentRecord {
  const values = value.map((text) => {
    const at = text.lastIndexOf('=');
    const number = at < 1 || text.slice(at + 1).trim() === '' ? Number.NaN : Number(text.slice(at + 1));
    if (!Number.isFinite(number))
      throw usageError(`--value ${safeText(text)} cannot be used: give NAME=NUMBER, such as accuracy=0.95`);
    return [text.slice(0, at), number] as const;
  });
  return { id, unit, modelId: model, values: Object.fromEntries(values), fellBack };
}

/** A batch is counted as a whole; after an error those before it stay counted, and ids make it safe to begin again. */
async function recordLines(
  context: Context,
  {
    manager,
    experiment,
    counts,
  }: { readonly manager: ABTestManager; readonly experiment: string; readonly counts: Counts },
  { from }: RecordOptions,
): Promise<void> {
  const progress = lineProgress(context, 'record');
  let batch: ExperimentRecord[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    for (const outcome of await manager.recordMany(experiment, batch)) counts[outcome] += 1;
    batch = [];
    await context.turn();
    progress.update({ count: counts.counted + counts.repeated + counts.outside });
  };
  const wanted = 'record: give one object a line, such as {"unit":"user-1","values":{"accuracy":1}}';
  const read = (line: object): ExperimentRecord => line as ExperimentRecord;
  for await (const record of jsonLinesOf(inputOf(context, from), wanted, read)) {
    batch.push(record);
    if (batch.length === BATCH) await flush();
  }
  await flush();
}
