import { resolve } from 'node:path';
import type { Command } from 'commander';
import { PilotfishError } from '../../base/index.ts';
import type { Job, JobDraft, JobQueue, JobStatus } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { oneOf, wholeNumber } from '../options.ts';
import {
  type ChangeOptions,
  changeOf,
  type DataOptions,
  group,
  withData,
  withReason,
  withRegistry,
} from '../registry/data.ts';
import { localTime, safeText } from '../text.ts';
import { jsonOption } from './work.ts';

interface SubmitOptions extends ChangeOptions {
  readonly dataset: string;
  readonly config?: object;
  readonly modelOptions?: object;
  readonly space?: object;
  readonly trials?: number;
  readonly priority?: number;
  readonly key?: string;
}

interface ListOptions extends DataOptions {
  readonly status?: JobStatus;
}

const EXAMPLES = [
  'pilotfish jobs submit train codec --dataset blocks.json --data DIR',
  'pilotfish jobs list --data DIR',
  'pilotfish worker --data DIR',
];
const STATUSES: readonly JobStatus[] = ['waiting', 'running', 'done', 'failed', 'cancelled'];

/** Adds `jobs` with its commands. */
export function registerJobs(program: Command, context: Context): void {
  const jobs = group(program, 'jobs', EXAMPLES).description(
    'queue trainings and searches for `pilotfish worker`',
  );
  withReason(
    withData(jobs.command('submit <kind> <model>'), [
      EXAMPLES[0] as string,
      `pilotfish jobs submit tune codec --dataset blocks.json --space '{"learningRate":["float",0.0001,0.01,true]}' --trials 20 --data DIR`,
    ]),
  )
    .description('queue a job; KIND is train or tune')
    .requiredOption(
      '--dataset <file>',
      'a saved data set (.json, .parquet) or, to train, a telemetry database (.db)',
    )
    .option('--config <json>', 'of the training, such as {"numEpochs":20}', jsonOption('--config'))
    .option('--model-options <json>', 'of the model, such as {"hiddenDim":32}', jsonOption('--model-options'))
    .option('--space <json>', 'what a search may choose', jsonOption('--space'))
    .option(
      '--trials <n>',
      'trainings of a search (default: 50)',
      wholeNumber('--trials', { min: 1, max: 100_000 }),
    )
    .option(
      '--priority <n>',
      'the highest first (default: 0)',
      wholeNumber('--priority', { min: 0, max: 1000 }),
    )
    .option('--key <text>', 'no second job of this key while one is open')
    .action((kind: string, model: string, options: SubmitOptions) =>
      submit(context, { kind, model }, options),
    );
  withData(jobs.command('list'), ['pilotfish jobs list --status failed --data DIR'])
    .description('list jobs, the newest first')
    .option('--status <status>', STATUSES.join(', '), oneOf('--status', STATUSES))
    .action((options: ListOptions) => list(context, options));
  withReason(withData(jobs.command('cancel <id>'), ['pilotfish jobs cancel 7 --data DIR']))
    .description('take a job back, also one that runs')
    .action((id: string, options: ChangeOptions) => cancel(context, id, options));
}

/** Opens the queue of a registry. */
function withQueue(
  context: Context,
  options: DataOptions,
  work: (queue: JobQueue) => Promise<void>,
): Promise<void> {
  return withRegistry(context, options, async ({ state, registry }) => {
    const { StateJobQueue } = await import('../../lifecycle/index.ts');
    await work(new StateJobQueue(state, registry, { clock: context.ports().clock }));
  });
}

function submit(
  context: Context,
  { kind, model: modelName }: { readonly kind: string; readonly model: string },
  options: SubmitOptions,
): Promise<void> {
  const { dataset: datasetPath, config, modelOptions, space, trials, priority, key } = options;
  const given = (name: string, value: unknown): object => (value === undefined ? {} : { [name]: value });
  const draft = {
    kind,
    request: {
      ...{ modelName, datasetPath, ...given('config', config), ...given('modelOptions', modelOptions) },
      ...{ ...given('space', space), ...given('trials', trials) },
    },
    ...{ ...given('priority', priority), ...given('dedupeKey', key) },
  };
  requireFile(context, datasetPath);
  return withQueue(context, options, async (queue) => {
    const job = await queue.submit(draft as JobDraft, changeOf(options));
    await context.result(options, { json: job, text: jobLine(job) });
  });
}

/** A job waits, fails and waits again: better to hear of a wrong name now. */
function requireFile(context: Context, path: string): void {
  try {
    context.ports().fs.lstat(resolve(path));
  } catch (error) {
    throw new PilotfishError('MISSING', `there is no data set ${safeText(resolve(path))}: name another`, {
      cause: error,
    });
  }
}

function list(context: Context, options: ListOptions): Promise<void> {
  const { status } = options;
  return withQueue(context, options, async (queue) => {
    const jobs = await queue.list(status === undefined ? {} : { status });
    const none = 'no jobs: `pilotfish jobs submit` queues one\n';
    await context.result(options, {
      json: { jobs },
      text: jobs.length === 0 ? none : jobs.map(jobLine).join(''),
    });
  });
}

function cancel(context: Context, id: string, options: ChangeOptions): Promise<void> {
  const number = wholeNumber('ID', { min: 1, max: 999_999_999 })(id);
  return withQueue(context, options, async (queue) => {
    const job = await queue.cancel(number, changeOf(options));
    await context.result(options, { json: job, text: jobLine(job) });
  });
}

/** A job in one line. */
function jobLine({ id, kind, request, status, worker, token, result, error, createdMs }: Job): string {
  const who = worker === undefined ? '' : `  ${worker}, attempt ${token}`;
  const what = result?.modelId === undefined ? '' : `  registered ${result.modelId}`;
  const why = error === undefined ? '' : `  ${error}`;
  return `${localTime(createdMs)}  ${String(id).padStart(5)}  ${status.padEnd(9)}  ${safeText(`${kind} ${request.modelName}${who}${what}${why}`)}\n`;
}
