import type { Command } from 'commander';
import { isObject, readSmallFile } from '../../base/index.ts';
import type { RolloutManager, RolloutPlan, RolloutStatus } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { repeated } from '../options.ts';
import {
  type ChangeOptions,
  changeOf,
  type DataOptions,
  group,
  refOf,
  withData,
  withReason,
  withRegistry,
} from '../registry/data.ts';
import { safeText } from '../text.ts';
import { planText, statusText } from './text.ts';

interface PlanOptions {
  readonly plan: string;
  readonly argo?: string;
  readonly flagger?: string;
  readonly region?: readonly string[];
  readonly json?: true;
}

type StartOptions = ChangeOptions & PlanOptions & { readonly id?: string };

const EXAMPLES = [
  'pilotfish rollout plan --plan document-002',
  'pilotfish rollout start codec 3 --plan document-002 --region eu --region us --data DIR',
  'pilotfish rollout status --data DIR',
  'pilotfish rollout rollback codec-3-5f1c2a --reason "customers complain" --data DIR',
];
const NONE = 'no rollouts: `pilotfish rollout start` begins one\n';
const MAX_PLAN_BYTES = 1024 * 1024;

/** What the commands that end with one call do. */
const CHANGES = {
  pause: 'stay at the present shares until it is resumed',
  resume: 'go on; the time it paused does not count',
  abort: 'end one that is under way: the rule decides, the registry is told',
  rollback: 'take the model back, also after it succeeded',
} as const;

/** Adds `rollout` with its commands. */
export function registerRollout(program: Command, context: Context): void {
  const rollout = group(program, 'rollout', EXAMPLES).description(
    'bring a model from shadow to everyone, and back when it is worse',
  );
  withPlan(rollout.command('plan'))
    .description('show a plan, one of a file, or one made of a canary of Argo Rollouts or Flagger')
    .option('--json', 'print the result as one JSON object')
    .helpOption('--help', 'show help')
    .addHelpText('after', '\nExamples:\n  pilotfish rollout plan --plan document-002 --json\n')
    .action((options: PlanOptions) => showPlan(context, options));
  withPlan(withReason(withData(rollout.command('start <name> <version>'), [EXAMPLES[1] ?? ''])))
    .description('start the rollout of a version in staging; VERSION is a number, a text or @ALIAS')
    .option('--id <id>', 'what it is called; made up unless given')
    .action((name: string, version: string, options: StartOptions) =>
      start(context, { name, version }, options),
    );
  withData(rollout.command('status [id]'), ['pilotfish rollout status codec-3-5f1c2a --data DIR'])
    .description('show where rollouts stand, or one with its evidence')
    .action((id: string | undefined, options: DataOptions) => status(context, id, options));
  withReason(
    withData(rollout.command('advance <id>'), ['pilotfish rollout advance codec-3-5f1c2a --data DIR']),
  )
    .description('look at one that no process feeds, and take the steps that are due')
    .action((id: string, options: ChangeOptions) =>
      change(context, options, (all, by) => all.advance(id, by)),
    );
  withReason(
    withData(rollout.command('promote <id>'), ['pilotfish rollout promote codec-3-5f1c2a --data DIR']),
  )
    .description('end the present step before its time; not without its evidence')
    .option('--region <name>', 'only there; may be repeated', repeated)
    .action((id: string, options: ChangeOptions & { readonly region?: readonly string[] }) =>
      change(context, options, (all, by) => all.promote(id, by, options.region)),
    );
  for (const [name, description] of Object.entries(CHANGES) as [keyof typeof CHANGES, string][]) {
    withReason(
      withData(rollout.command(`${name} <id>`), [`pilotfish rollout ${name} codec-3-5f1c2a --data DIR`]),
    )
      .description(description)
      .action((id: string, options: ChangeOptions) =>
        change(context, options, (all, by) => all[name](id, by)),
      );
  }
}

function withPlan(command: Command): Command {
  return command
    .option('--plan <name or file>', 'standard, document-002, or a file with a plan as JSON', 'standard')
    .option('--argo <file>', 'the `canary` of an Argo Rollout, as JSON')
    .option('--flagger <file>', 'the `analysis` of a Flagger Canary, as JSON')
    .option('--region <name>', 'a region in place of those of the plan; may be repeated', repeated);
}

async function showPlan(context: Context, options: PlanOptions): Promise<void> {
  const plan = await planOf(context, options);
  await context.result(options, { json: plan, text: planText(plan) });
}

async function planOf(
  context: Context,
  { plan: named, argo, flagger, region }: PlanOptions,
): Promise<RolloutPlan> {
  const { checkRolloutPlan, ROLLOUT_PLANS, planFromArgo, planFromFlagger } = await import(
    '../../lifecycle/index.ts'
  );
  const regions = region === undefined ? {} : { regions: region };
  if (argo !== undefined)
    return planFromArgo(jsonFile(context, argo) as Parameters<typeof planFromArgo>[0], regions);
  if (flagger !== undefined) {
    return planFromFlagger(jsonFile(context, flagger) as Parameters<typeof planFromFlagger>[0], regions);
  }
  const found = Object.hasOwn(ROLLOUT_PLANS, named)
    ? ROLLOUT_PLANS[named]
    : (jsonFile(context, named) as RolloutPlan);
  const plan = { ...(found as RolloutPlan), ...regions };
  checkRolloutPlan(plan);
  return plan;
}

/** @throws PilotfishError `USAGE` for a file that is not there or holds no object. */
function jsonFile(context: Context, path: string): object {
  let value: unknown;
  try {
    value = JSON.parse(readSmallFile(context.ports().fs, path, MAX_PLAN_BYTES).toString());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(
      `${safeText(path)} cannot be read as JSON (${safeText(reason)}): name a plan or a file with one`,
    );
  }
  if (isObject(value)) return value;
  throw usageError(`${safeText(path)} holds no object: give a plan as JSON`);
}

async function start(
  context: Context,
  { name, version }: { readonly name: string; readonly version: string },
  options: StartOptions,
): Promise<void> {
  const plan = await planOf(context, options);
  const id = options.id === undefined ? {} : { id: options.id };
  await change(context, options, (all, by) => all.start({ ...id, model: refOf(name, version), plan }, by));
}

async function status(context: Context, id: string | undefined, options: DataOptions): Promise<void> {
  await withManager(context, options, async (rollouts) => {
    if (id === undefined) {
      const all = await rollouts.list();
      await context.result(options, {
        json: { rollouts: all },
        text: all.length === 0 ? NONE : all.map((each) => statusText(each)).join(''),
      });
      return;
    }
    const [one, events] = [await rollouts.get(id), await rollouts.events(id)];
    await context.result(options, { json: { ...one, events }, text: statusText(one, events) });
  });
}

type Work = (rollouts: RolloutManager, by: ReturnType<typeof changeOf>) => Promise<RolloutStatus>;

async function change(context: Context, options: ChangeOptions, work: Work): Promise<void> {
  await withManager(context, options, async (rollouts) => {
    const now = await work(rollouts, changeOf(options));
    await context.result(options, { json: now, text: statusText(now) });
  });
}

function withManager(
  context: Context,
  options: DataOptions,
  work: (rollouts: RolloutManager) => Promise<void>,
): Promise<void> {
  return withRegistry(context, options, async ({ state, registry }) => {
    const { RolloutManager } = await import('../../lifecycle/index.ts');
    const { clock, random } = context.ports();
    await work(new RolloutManager(state, registry, { clock, random }));
  });
}
