import type { Command } from 'commander';
import type { ABTestManager, ExperimentStatus, StoredExperiment } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { oneOf, share } from '../options.ts';
import {
  type ChangeOptions,
  changeOf,
  type DataOptions,
  group,
  withData,
  withReason,
} from '../registry/data.ts';
import { counted, localTime, safeText } from '../text.ts';
import { registerCreate } from './create.ts';
import { registerEvidence } from './evidence.ts';
import { withManager } from './manager.ts';
import { registerRecord } from './record.ts';
import { resultsText } from './results.ts';

interface ListOptions extends DataOptions {
  readonly status?: ExperimentStatus;
}

interface CoverOptions extends ChangeOptions {
  readonly coverage: number;
}

const EXAMPLES = [
  'pilotfish experiments create threat-model-v2 --target accuracy:higher --control v1 --treatment v2=10% --data DIR',
  'pilotfish experiments start threat-model-v2 --data DIR',
  'pilotfish experiments assign threat-model-v2 user-1 --data DIR',
  'pilotfish experiments record threat-model-v2 --unit user-1 --value accuracy=1 --data DIR',
  'pilotfish experiments results threat-model-v2 --data DIR',
];
const NONE = 'no experiments: `pilotfish experiments create` makes one\n';
const STATUSES: readonly ExperimentStatus[] = ['draft', 'running', 'paused', 'complete', 'archived'];

/** Steps of an experiment's life: the command, what it is for, and the call. */
const MOVES = [
  ['start', 'begin, or go on after a pause', 'startExperiment'],
  ['pause', 'give every unit the control and count nothing until it is started again', 'pauseExperiment'],
  ['stop', 'end it for good; its result is final', 'completeExperiment'],
  ['archive', 'put it away; what it knows of single units is deleted', 'archiveExperiment'],
] as const;

/** Adds `experiments` with its commands. */
export function registerExperiments(program: Command, context: Context): void {
  const experiments = group(program, 'experiments', EXAMPLES).description(
    'compare a model with another or with none, and find out which to keep',
  );
  registerCreate(experiments, context);
  for (const [name, description, call] of MOVES) {
    withReason(
      withData(experiments.command(`${name} <id>`), [
        `pilotfish experiments ${name} threat-model-v2 --data DIR`,
      ]),
    )
      .description(description)
      .action((id: string, options: ChangeOptions) =>
        changed(context, options, (manager) => manager[call](id, changeOf(options))),
      );
  }
  withReason(
    withData(experiments.command('cover <id>'), [
      'pilotfish experiments cover threat-model-v2 --coverage 50% --data DIR',
    ]),
  )
    .description('let more units take part; nobody changes the arm')
    .requiredOption(
      '--coverage <share>',
      'share of the units, such as 50%',
      share('--coverage', { isZeroMeant: false }),
    )
    .action((id: string, options: CoverOptions) =>
      changed(context, options, (manager) => manager.setCoverage(id, options.coverage, changeOf(options))),
    );
  withData(experiments.command('list'), ['pilotfish experiments list --status running --data DIR'])
    .description('list experiments')
    .option('--status <status>', STATUSES.join(', '), oneOf('--status', STATUSES))
    .action((options: ListOptions) => list(context, options));
  withData(experiments.command('show <id>'), ['pilotfish experiments show threat-model-v2 --data DIR'])
    .description('show what was fixed at its creation')
    .action((id: string, options: DataOptions) =>
      withManager(context, options, async (manager) => {
        const experiment = await manager.getExperiment(id);
        await context.result(options, { json: experiment, text: detailsOf(experiment) });
      }),
    );
  withData(experiments.command('assign <id> <unit>'), [
    'pilotfish experiments assign threat-model-v2 user-1 --data DIR',
  ])
    .description('say which model serves a unit: the same at every call, start and machine')
    .action((id: string, unit: string, options: DataOptions) =>
      withManager(context, options, async (manager) => {
        const assignment = await manager.assign(id, unit);
        await context.result(options, { json: assignment, text: `${safeText(assignment.modelId)}\n` });
      }),
    );
  registerRecord(experiments, context);
  registerEvidence(experiments, context);
  withData(experiments.command('results <id>'), ['pilotfish experiments results threat-model-v2 --data DIR'])
    .description('say what the records show, by the rule fixed at creation; look as often as you like')
    .action((id: string, options: DataOptions) =>
      withManager(context, options, async (manager) => {
        const results = await manager.getExperimentResults(id);
        await context.result(options, { json: results, text: resultsText(results) });
      }),
    );
}

function changed(
  context: Context,
  options: DataOptions,
  work: (manager: ABTestManager) => Promise<StoredExperiment>,
): Promise<void> {
  return withManager(context, options, async (manager) => {
    const experiment = await work(manager);
    await context.result(options, { json: experiment, text: lineOf(experiment) });
  });
}

function list(context: Context, options: ListOptions): Promise<void> {
  const { status } = options;
  return withManager(context, options, async (manager) => {
    const experiments = await manager.listExperiments(status === undefined ? {} : { status });
    const text = experiments.length === 0 && status === undefined ? NONE : experiments.map(lineOf).join('');
    await context.result(options, { json: { experiments }, text });
  });
}

function lineOf({ id, status, createdMs, records, note }: StoredExperiment): string {
  const why = note === '' ? '' : `  ${safeText(note)}`;
  return `${localTime(createdMs)}  ${status.padEnd(8)}  ${safeText(id)}  ${counted(records, 'record')}${why}\n`;
}

function detailsOf(experiment: StoredExperiment): string {
  const { arms, coverage, description, rule, salt, hash, stickyAssignment, namespace, holdout } = experiment;
  const facts: [string, string | undefined][] = [
    ['about', description],
    [
      'arms',
      arms
        .map(
          ({ modelId, trafficPct, isControl }) =>
            `${modelId} ${+trafficPct.toFixed(2)} %${isControl ? ' (control)' : ''}`,
        )
        .join(', '),
    ],
    ['coverage', `${+(100 * coverage).toFixed(2)} %`],
    ['assignment', `${hash} with salt ${salt}${stickyAssignment ? '' : ', drawn anew at every call'}`],
    ['namespace', namespace && `${namespace.name} from ${namespace.from} to ${namespace.to}`],
    ['hold-out', holdout && `${holdout.name}, ${+(100 * holdout.share).toFixed(2)} %`],
    ['rule', rule],
  ];
  const lines = facts
    .filter(([, value]) => value)
    .map(([what, value = '']) => `  ${what}: ${safeText(value)}\n`);
  return `${lineOf(experiment)}${lines.join('')}`;
}
