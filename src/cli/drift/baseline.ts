import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { inputOf } from '../lines.ts';
import { repeated } from '../options.ts';
import { type ChangeOptions, changeOf, refOf, withData, withReason, withRegistry } from '../registry/data.ts';
import { counted } from '../text.ts';
import { rowsOf, TYPE_HELP, type TypeOptions, typeOf, withDetector } from './detector.ts';

interface BaselineOptions extends ChangeOptions, TypeOptions {
  readonly from?: string;
  readonly dataset?: string;
  readonly model?: readonly string[];
}

/** Adds `drift baseline` and `drift forget`. */
export function registerBaseline(drift: Command, context: Context): void {
  withReason(
    withData(drift.command('baseline'), [
      'pilotfish drift baseline --from training.jsonl --data DIR                             one object of numbers a line',
      'pilotfish drift baseline --dataset training.json --model threat-detector --data DIR   what the model learnt from',
      'pilotfish drift baseline --from held-out-errors.jsonl --type concept --data DIR',
    ]),
  )
    .description('set what features were when the models learnt; others stay as they are')
    .option('--from <file>', 'rows of numbers by name; - for standard input')
    .option('--dataset <file>', 'the data set a model was made from, as its lineage has it')
    .option('--model <name>', 'a model that reads the features; may be repeated', repeated)
    .option('--type <type>', TYPE_HELP)
    .action((options: BaselineOptions) => set(context, options));
  withReason(
    withData(drift.command('forget <features...>'), ['pilotfish drift forget request_size --data DIR']),
  )
    .description('watch features no more; their alarms stay')
    .option('--type <type>', TYPE_HELP)
    .action((features: string[], options: BaselineOptions) => forget(context, features, options));
}

async function set(context: Context, options: BaselineOptions): Promise<void> {
  const { from, dataset, model: models = [] } = options;
  if ((from === undefined) === (dataset === undefined)) throw usageError('give --from or --dataset');
  const type = typeOf(options);
  const given =
    dataset === undefined
      ? { samples: await columnsOf(context, from as string), options: { models } }
      : await learnt(context, options);
  await withDetector(
    context,
    options,
    async (detector) => {
      await detector.setBaseline(given.samples, { ...given.options, type, ...changeOf(options) });
      const features = Object.entries(given.samples).map(([name, { length }]) => ({ name, values: length }));
      const text = `${counted(features.length, type)} with a baseline of ${features[0]?.values ?? 0} values\n`;
      await context.result(options, { json: { type, features }, text });
    },
    { create: true },
  );
}

async function columnsOf(context: Context, from: string): Promise<Record<string, number[]>> {
  const columns: Record<string, number[]> = {};
  for await (const row of rowsOf(inputOf(context, from))) {
    for (const [name, value] of row) {
      columns[name] ??= [];
      columns[name].push(value);
    }
  }
  return columns;
}

/** What the version in production of a model learnt from. */
function learnt(context: Context, options: BaselineOptions) {
  const [name, ...others] = options.model ?? [];
  if (name === undefined || others.length > 0)
    throw usageError('--dataset needs the one --model that learnt from it');
  return withRegistry(context, options, async ({ registry }) => {
    const { lineageBaseline, TrainingDataset } = await import('../../lifecycle/index.ts');
    const dataset = await TrainingDataset.load(resolve(options.dataset as string), context.ports().fs);
    return lineageBaseline(await registry.versions.get(refOf(name, undefined)), dataset);
  });
}

function forget(context: Context, features: string[], options: BaselineOptions): Promise<void> {
  const type = typeOf(options);
  return withDetector(context, options, async (detector) => {
    await detector.forget(features, { type, ...changeOf(options) });
    await context.result(options, {
      json: { type, features },
      text: `${counted(features.length, type)} forgotten\n`,
    });
  });
}
