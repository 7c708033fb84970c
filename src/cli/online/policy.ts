import type { Command } from 'commander';
import type { DecisionPolicies, OffPolicyEstimate, PolicyStatus } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { share, wholeNumber } from '../options.ts';
import {
  type ChangeOptions,
  changeOf,
  type DataOptions,
  group,
  withData,
  withReason,
  withRegistry,
} from '../registry/data.ts';
import { counted, safeText } from '../text.ts';
import { jsonOption } from './work.ts';

interface CreateOptions extends ChangeOptions {
  readonly arms: string;
  readonly features: string;
  readonly explore?: number;
  readonly explorer?: string;
}

interface ChooseOptions extends DataOptions {
  readonly context: Readonly<Record<string, number>>;
  readonly legal?: string;
}

interface EvaluateOptions extends DataOptions {
  readonly arm?: string;
  readonly candidate?: string;
}

const EXAMPLES = [
  'pilotfish policy create codec --arms zstd,lz4 --features entropy,link --explore 5% --data DIR',
  `pilotfish policy choose codec --context '{"entropy":4.2,"link":0.8}' --data DIR`,
  'pilotfish policy reward codec 1 0.7 --data DIR',
  'pilotfish policy evaluate codec --arm lz4 --data DIR',
];

/** Adds `policy` with its commands. */
export function registerPolicy(program: Command, context: Context): void {
  const policy = group(program, 'policy', EXAMPLES).description(
    'contextual bandits: choose, log the propensity, learn from rewards',
  );
  withReason(withData(policy.command('create <policy>'), [EXAMPLES[0] as string]))
    .description('make a policy; makes the registry if need be')
    .requiredOption('--arms <names>', 'what it chooses among, separated by commas')
    .requiredOption('--features <names>', 'numbers of the context, separated by commas')
    .option(
      '--explore <share>',
      'most exploration of every choice (default: 10%)',
      share('--explore', { isZeroMeant: true }),
    )
    .option('--explorer <kind>', 'thompson, uniform (default: thompson)')
    .action((id: string, options: CreateOptions) => create(context, id, options));
  withData(policy.command('choose <policy>'), [EXAMPLES[1] as string])
    .description('choose an arm; the choice and its propensity are logged before it is printed')
    .requiredOption('--context <json>', 'a number for every feature', jsonOption('--context'))
    .option('--legal <names>', 'arms that may be chosen, separated by commas')
    .action((id: string, options: ChooseOptions) => choose(context, id, options));
  withData(policy.command('reward <policy> <choice> <reward>'), [EXAMPLES[2] as string])
    .description('say what a choice brought; more is better')
    .action((id: string, choice: string, reward: string, options: DataOptions) =>
      give(context, { id, choice, reward }, options),
    );
  withData(policy.command('status [policy]'), ['pilotfish policy status --data DIR'])
    .description('say how much a policy explores and what it brought; or list all')
    .action((id: string | undefined, options: DataOptions) => status(context, id, options));
  withData(policy.command('evaluate <policy>'), [
    EXAMPLES[3] as string,
    'pilotfish policy evaluate codec --candidate codec-v2 --data DIR',
  ])
    .description(
      'estimate from the log what another policy would have brought, before anybody is exposed to it',
    )
    .option('--arm <name>', 'one that plays this arm always')
    .option('--candidate <policy>', 'a kept policy as it is now; it must not have learnt from this log')
    .action((id: string, options: EvaluateOptions) => evaluate(context, id, options));
}

function withPolicies(
  context: Context,
  options: DataOptions,
  work: (policies: DecisionPolicies) => Promise<void>,
  choices: { readonly create?: boolean } = {},
): Promise<void> {
  const open = async ({
    state,
    registry,
  }: Parameters<Parameters<typeof withRegistry>[2]>[0]): Promise<void> => {
    const { DecisionPolicies } = await import('../../lifecycle/index.ts');
    await work(new DecisionPolicies(state, registry, { clock: context.ports().clock }));
  };
  return withRegistry(context, options, open, choices);
}

function create(context: Context, policyId: string, options: CreateOptions): Promise<void> {
  const { arms, features, explore, explorer } = options;
  if (explorer !== undefined && explorer !== 'thompson' && explorer !== 'uniform') {
    throw usageError(`--explorer ${safeText(explorer)} cannot be used: give thompson or uniform`);
  }
  const draft = {
    ...{ policyId, arms: arms.split(','), features: features.split(',') },
    ...(explore === undefined ? {} : { exploration: explore }),
    ...(explorer === undefined ? {} : { explorer }),
  };
  const work = async (policies: DecisionPolicies): Promise<void> => {
    const made = await policies.create(draft as Parameters<DecisionPolicies['create']>[0], changeOf(options));
    await context.result(options, { json: made, text: lineOf(made) });
  };
  return withPolicies(context, options, work, { create: true });
}

function choose(context: Context, id: string, options: ChooseOptions): Promise<void> {
  return withPolicies(context, options, async (policies) => {
    const legal = options.legal?.split(',');
    const choice = await policies.choose(id, options.context, legal === undefined ? {} : { legal });
    const text = `${safeText(choice.arm)}  choice ${choice.choiceId}, propensity ${choice.propensity.toFixed(4)}\n`;
    await context.result(options, { json: choice, text });
  });
}

type Given = { readonly id: string; readonly choice: string; readonly reward: string };

function give(context: Context, { id, choice, reward }: Given, options: DataOptions): Promise<void> {
  const choiceId = wholeNumber('CHOICE', { min: 1, max: 999_999_999 })(choice);
  const value = reward.trim() === '' ? Number.NaN : Number(reward);
  return withPolicies(context, options, async (policies) => {
    const outcome = await policies.reward(id, choiceId, value);
    await context.result(options, {
      json: { outcome },
      text: outcome === 'added' ? 'learnt\n' : 'known already\n',
    });
  });
}

function status(context: Context, id: string | undefined, options: DataOptions): Promise<void> {
  return withPolicies(context, options, async (policies) => {
    const found = id === undefined ? await policies.list() : [await policies.status(id)];
    const none = 'no policies: `pilotfish policy create` makes one\n';
    const text = found.length === 0 ? none : found.map(lineOf).join('');
    await context.result(options, { json: { policies: found }, text });
  });
}

function evaluate(context: Context, id: string, options: EvaluateOptions): Promise<void> {
  const { arm, candidate } = options;
  if ((arm === undefined) === (candidate === undefined)) throw usageError('give either --arm or --candidate');
  return withPolicies(context, options, async (policies) => {
    const who = arm === undefined ? { policyId: candidate as string } : { arm };
    const estimate = await policies.evaluate(id, who);
    await context.result(options, { json: estimate, text: estimateText(estimate) });
  });
}

function lineOf({ policyId, arms, choices, rewarded, meanReward, exploration }: PolicyStatus): string {
  const mean = meanReward === undefined ? '' : `, mean ${meanReward.toFixed(4)}`;
  const explored = `explored ${(100 * exploration.share).toFixed(1)} %, at most ${(100 * exploration.bound).toFixed(1)} % of each choice`;
  return `${safeText(policyId)}  ${safeText(arms.join(', '))}  ${counted(choices, 'choice')}, ${rewarded} rewarded${mean}  ${explored}\n`;
}

function estimateText({ choices, logged, dr, ips, snips }: OffPolicyEstimate): string {
  const line = (name: string, value: typeof dr): string =>
    `  ${name}: ${value.estimate.toFixed(4)}${intervalText(value)}\n`;
  const enough = `  the log tells as much of it as ${counted(Math.floor(dr.effectiveSamples), 'choice')} of its own would\n`;
  const normalised = snips === undefined ? '' : line('self-normalised', snips);
  return `${counted(choices, 'choice')} brought ${logged.toFixed(4)} on average; the candidate would have brought\n${line('doubly robust', dr)}${line('inverse propensity', ips)}${normalised}${enough}`;
}

const intervalText = ({ low, high }: OffPolicyEstimate['dr']): string =>
  Number.isFinite(low)
    ? `, 95 % between ${low.toFixed(4)} and ${high.toFixed(4)}`
    : ', of one choice: no interval yet';
