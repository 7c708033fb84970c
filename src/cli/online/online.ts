import type { Command } from 'commander';
import type { LearnerKind, OnlineLearner, Strategy, TrainingSample } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { inputOf, jsonLinesOf, lineProgress } from '../lines.ts';
import { duration, wholeNumber } from '../options.ts';
import {
  type ChangeOptions,
  changeOf,
  type DataOptions,
  group,
  withData,
  withReason,
} from '../registry/data.ts';
import { counted } from '../text.ts';
import { eventText, lineOf, statusText, updateText } from './report.ts';
import { withLearner } from './work.ts';

interface CreateOptions extends ChangeOptions {
  readonly name?: string;
  readonly model?: string;
  readonly learner?: string;
  readonly features?: string;
  readonly classes?: number;
  readonly strategy?: string;
  readonly updateEvery?: number;
  readonly batchSize?: number;
  readonly minSamples?: number;
  readonly maxBuffer?: number;
  readonly learningRate?: string;
}

interface AddOptions extends DataOptions {
  readonly from?: string;
}

interface LogOptions extends DataOptions {
  readonly limit: number;
  readonly after: number;
  readonly updates?: true;
  readonly verify?: true;
}

const EXAMPLES = [
  'pilotfish online create threat-online-v1 --learner logistic --features request_size,response_time --strategy adaptive --data DIR',
  'pilotfish online add threat-online-v1 samples.jsonl --data DIR',
  'pilotfish online status threat-online-v1 --data DIR',
];
/** Samples of one call. */
const CHUNK = 1000;
const count = (option: string) => wholeNumber(option, { min: 1, max: 100_000 });

/** Adds `online` with its commands. */
export function registerOnline(program: Command, context: Context): void {
  const online = group(program, 'online', EXAMPLES).description(
    'learn while serving: pipelines and their samples',
  );
  registerCreate(online, context);
  withData(online.command('add <pipeline> [file]'), [
    'pilotfish online add threat-online-v1 --from samples.jsonl --data DIR',
    `echo '{"sampleId":"s1","features":{"request_size":1024,"response_time":150},"label":1}' | pilotfish online add threat-online-v1 --data DIR`,
  ])
    .description(
      'add samples, one JSON object a line, of a file or of stdin; a line without features is a late label',
    )
    .option('--from <file>', 'the samples, in place of FILE')
    .action((pipeline: string, file: string | undefined, options: AddOptions) =>
      add(context, { pipeline, file }, options),
    );
  withData(online.command('status [pipeline]'), [
    'pilotfish online status --data DIR',
    'pilotfish online status threat-online-v1 --data DIR',
  ])
    .description('say how a pipeline is doing, and why no update is due; or list all')
    .action((pipeline: string | undefined, options: DataOptions) => status(context, pipeline, options));
  withData(online.command('update <pipeline>'), ['pilotfish online update threat-online-v1 --data DIR'])
    .description('learn now what waits')
    .action((pipeline: string, options: DataOptions) => update(context, pipeline, options));
  withData(online.command('log <pipeline>'), [
    'pilotfish online log threat-online-v1 --data DIR             what came',
    'pilotfish online log threat-online-v1 --updates --data DIR   what it led to',
    'pilotfish online log threat-online-v1 --verify --data DIR    learn it again and compare, bit for bit',
  ])
    .description('show what a pipeline learnt from')
    .option('--limit <n>', 'most lines', count('--limit'), 100)
    .option(
      '--after <seq>',
      'begin after this event',
      wholeNumber('--after', { min: 0, max: 999_999_999 }),
      0,
    )
    .option('--updates', 'updates, swaps, rejections and rollbacks instead')
    .option('--verify', 'make the weights again from the log and compare them')
    .action((pipeline: string, options: LogOptions) => log(context, pipeline, options));
  for (const [name, what] of [
    ['pause', 'take no samples until it is resumed'],
    ['resume', 'take samples again'],
    ['archive', 'end a pipeline; its log and its versions stay'],
  ] as const) {
    withReason(
      withData(online.command(`${name} <pipeline>`), [
        `pilotfish online ${name} threat-online-v1 --data DIR`,
      ]),
    )
      .description(what)
      .action((pipeline: string, options: ChangeOptions) => move(context, { name, pipeline }, options));
  }
}

function registerCreate(online: Command, context: Context): void {
  withReason(
    withData(online.command('create <pipeline>'), [
      EXAMPLES[0] as string,
      'pilotfish online create threat-online-v2 --model 0123456789abcdef --data DIR     goes on from a registered learner',
    ]),
  )
    .description('make a pipeline; makes the registry if need be')
    .option('--name <text>', 'what it is for (default: its id)')
    .option('--model <id>', 'the registered version it begins with')
    .option('--learner <kind>', 'or a new one: linear, logistic, softmax, naive-bayes, hoeffding')
    .option('--features <names>', 'names of the features, in order, separated by commas')
    .option(
      '--classes <n>',
      'classes of a new learner (default: 2)',
      wholeNumber('--classes', { min: 2, max: 10_000 }),
    )
    .option(
      '--strategy <name>',
      'incremental, mini_batch, periodic, adaptive (default: ML_ONLINE_STRATEGY, or periodic)',
    )
    .option(
      '--update-every <time>',
      'of the periodic strategy, such as 30m (default: 1h)',
      duration('--update-every'),
    )
    .option('--batch-size <n>', 'samples of a mini-batch (default: 100)', count('--batch-size'))
    .option('--min-samples <n>', 'samples an update needs (default: 50)', count('--min-samples'))
    .option('--max-buffer <n>', 'samples that wait at most (default: 1000)', count('--max-buffer'))
    .option('--learning-rate <number>', 'step of linear learners (default: 0.01)')
    .action((pipeline: string, options: CreateOptions) => create(context, pipeline, options));
}

function create(context: Context, pipelineId: string, options: CreateOptions): Promise<void> {
  const { name = pipelineId, model, learner: kind, classes, strategy, learningRate } = options;
  const features = options.features?.split(',');
  if ((model === undefined) === (kind === undefined))
    throw usageError('give either --learner with --features, or --model');
  if (kind !== undefined && features === undefined) throw usageError('--learner needs --features a,b,c');
  const given = (key: string, value: unknown): object => (value === undefined ? {} : { [key]: value });
  const pipeline = {
    ...{ pipelineId, name },
    ...given('modelId', model),
    ...given('learner', kind && { kind: kind as LearnerKind, features, ...given('classes', classes) }),
    ...given('features', kind === undefined ? features : undefined),
    ...given('strategy', strategy as Strategy | undefined),
    ...given('updateFrequency', options.updateEvery),
    ...given('batchSize', options.batchSize),
    ...given('minSamples', options.minSamples),
    ...given('maxBufferSize', options.maxBuffer),
    ...given('learningRate', learningRate === undefined ? undefined : Number(learningRate)),
  };
  const work = async (learner: OnlineLearner): Promise<void> => {
    const made = await learner.createPipeline(pipeline, changeOf(options));
    await context.result(options, { json: made, text: statusText(made) });
  };
  return withLearner(context, options, work, { create: true });
}

type Source = { readonly pipeline: string; readonly file: string | undefined };

function add(context: Context, { pipeline, file }: Source, options: AddOptions): Promise<void> {
  const { from = file } = options;
  if (file !== undefined && from !== file) throw usageError('FILE and --from are two files: give one');
  return withLearner(context, options, async (learner) => {
    const input = inputOf(context, from);
    const progress = lineProgress(context, 'sample');
    const done = { added: 0, duplicates: 0, labels: 0 };
    let waiting: TrainingSample[] = [];
    const flush = async (): Promise<void> => {
      const answers = await learner.addSamples(pipeline, waiting);
      waiting = [];
      await context.turn();
      for (const { outcome } of answers) done[outcome === 'added' ? 'added' : 'duplicates'] += 1;
      progress.update({ count: done.added + done.duplicates + done.labels });
    };
    const wanted = 'sample: give {"sampleId":"s1","features":{"name":1},"label":1}';
    const read = (line: object): TrainingSample => line as TrainingSample;
    for await (const sample of jsonLinesOf(input, wanted, read)) {
      if (sample.features !== undefined) waiting.push(sample);
      if (waiting.length >= CHUNK) await flush();
      if (sample.features !== undefined) continue;
      await flush();
      const outcome = await learner.addLabel(pipeline, sample.sampleId, sample.label as number);
      done[outcome === 'added' ? 'labels' : 'duplicates'] += 1;
      await context.turn();
    }
    await flush();
    await learner.settled();
    const { nextUpdate } = await learner.getPipelineStatus(pipeline);
    const text = `${counted(done.added, 'sample')} added, ${done.duplicates} known already, ${counted(done.labels, 'late label')}; next update: ${nextUpdate}\n`;
    await context.result(options, { json: { ...done, nextUpdate }, text });
  });
}

function status(context: Context, pipeline: string | undefined, options: DataOptions): Promise<void> {
  return withLearner(context, options, async (learner) => {
    if (pipeline !== undefined) {
      const found = await learner.getPipelineStatus(pipeline);
      return context.result(options, { json: found, text: statusText(found) });
    }
    const pipelines = await learner.listPipelines();
    const none = 'no pipelines: `pilotfish online create` makes one\n';
    const text = pipelines.length === 0 ? none : pipelines.map(lineOf).join('');
    return context.result(options, { json: { pipelines }, text });
  });
}

function update(context: Context, pipeline: string, options: DataOptions): Promise<void> {
  return withLearner(context, options, async (learner) => {
    const found = await learner.triggerUpdate(pipeline);
    await context.result(options, { json: found, text: statusText(found) });
  });
}

function log(context: Context, pipeline: string, options: LogOptions): Promise<void> {
  return withLearner(context, options, async (learner) => {
    const { limit, after } = options;
    if (options.verify) {
      const report = await learner.verifyLog(pipeline);
      if (!report.isReproduced) context.exitCode = 1;
      const same = report.isReproduced
        ? 'the same weights, bit for bit'
        : 'other weights: the log or the state was changed';
      return context.result(options, {
        json: report,
        text: `${counted(report.events, 'event')} learnt again: ${same}\n`,
      });
    }
    if (options.updates) {
      const updates = await learner.readUpdates(pipeline, limit);
      return context.result(options, { json: { updates }, text: updates.map(updateText).join('') });
    }
    const events = await learner.readLog(pipeline, { after, limit });
    return context.result(options, { json: { events }, text: events.map(eventText).join('') });
  });
}

type Move = { readonly name: 'pause' | 'resume' | 'archive'; readonly pipeline: string };

function move(context: Context, { name, pipeline }: Move, options: ChangeOptions): Promise<void> {
  return withLearner(context, options, async (learner) => {
    const change = changeOf(options);
    if (name === 'pause') await learner.pausePipeline(pipeline, change);
    else if (name === 'resume') await learner.resumePipeline(pipeline, change);
    else await learner.archivePipeline(pipeline, change);
    const found = await learner.getPipelineStatus(pipeline);
    await context.result(options, { json: found, text: lineOf(found) });
  });
}
