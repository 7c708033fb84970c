import type { Command } from 'commander';
import { type ForgetOptions, forget } from '../../blocks/index.ts';
import type { CommonOptions, Context, OpenChoices } from '../context.ts';
import { codedError, usageError } from '../exit.ts';
import { repeated, wholeNumber, withExamples, withJson } from '../options.ts';
import { type Forgotten, forgetText, readableSnapshots } from './forget-report.ts';
import { pruneText, runPrune } from './prune-run.ts';

interface ForgetCommandOptions extends CommonOptions {
  readonly keepLast?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
  readonly keepTag?: readonly string[];
  readonly host?: string;
  readonly tag?: readonly string[];
  readonly dryRun?: true;
  readonly prune?: true;
}

const MAX_KEPT = 1_000_000;

/** Each rule that counts, and what it counts. */
const RULES = [
  ['--keep-last', 'keep the newest N of each host and set of paths'],
  ['--keep-hourly', 'keep the newest of each of the newest N hours that have any'],
  ['--keep-daily', 'likewise of days'],
  ['--keep-weekly', 'likewise of weeks'],
  ['--keep-monthly', 'likewise of months'],
  ['--keep-yearly', 'likewise of years'],
] as const;

const EXAMPLES = [
  'pilotfish forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --prune',
  'pilotfish forget --keep-last 3 --keep-tag release --dry-run',
  'pilotfish forget --keep-last 1 --host build-7 --tag nightly',
  'pilotfish forget 3f9a 81c0 --repo /backup/repo    exactly these',
];

/** Adds `forget`. */
export function registerForget(program: Command, context: Context): void {
  const command = withExamples(
    program.command('forget').argument('[snapshots...]', 'forget exactly these: ids, prefixes or `latest`'),
    EXAMPLES,
  );
  withJson(command).description(
    'remove snapshots that are named, or that no rule keeps; `prune` frees their space',
  );
  for (const [name, what] of RULES)
    command.option(`${name} <n>`, what, wholeNumber(name, { min: 0, max: MAX_KEPT }));
  command
    .option('--keep-tag <tag>', 'keep all that have this tag (repeatable)', repeated)
    .option('--host <name>', 'apply the rules to snapshots of this host only')
    .option('--tag <tag>', 'apply the rules to snapshots with this tag only (repeatable: with all)', repeated)
    .option('--dry-run', 'say what would be forgotten, and forget nothing')
    .option('--prune', 'free the space at once, as `pilotfish prune` does')
    .option('--quiet', 'no progress, no summary')
    .action((snapshots: string[], options: ForgetCommandOptions) => run(context, snapshots, options));
}

async function run(context: Context, names: readonly string[], options: ForgetCommandOptions): Promise<void> {
  const asked = { ...whatToForget(names, options), dryRun: options.dryRun === true };
  const forgotten = await context.withRepository(
    { ...options, mode: asked.dryRun ? 'read' : 'write' },
    (repository, password) => {
      const before = readableSnapshots(context, repository);
      return { before, result: forget(repository, asked), dryRun: asked.dryRun, password };
    },
  );
  const text = forgetText(forgotten);
  // What was forgotten is told before anything can go wrong with the rest.
  if (!options.json) await context.result(options, { json: {}, text });
  const pruned = options.prune && !asked.dryRun ? await pruneAfter(context, options, forgotten) : undefined;
  const json = { ...jsonOf(forgotten), prune: pruned ?? null, seconds: context.usage().seconds };
  await context.result(options, { json, text: pruned === undefined ? '' : pruneText(pruned, false) });
}

const jsonOf = ({ result, dryRun }: Forgotten): object => ({ ...result, dryRun });

/** When pruning fails, the snapshots are forgotten all the same: the one JSON object says both. */
async function pruneAfter(
  context: Context,
  options: OpenChoices,
  forgotten: Forgotten & { readonly password: string | undefined },
) {
  try {
    return await runPrune(context, { ...options, password: () => forgotten.password }, {});
  } catch (error) {
    if (options.json) {
      const { code, message } = codedError(error);
      const json = { ...jsonOf(forgotten), prune: null, error: { code, message } };
      await context.result(options, { json, text: '' });
    }
    throw error;
  }
}

function whatToForget(names: readonly string[], options: ForgetCommandOptions): ForgetOptions {
  const { host, tag } = options;
  const keep = {
    last: options.keepLast ?? 0,
    hourly: options.keepHourly ?? 0,
    daily: options.keepDaily ?? 0,
    weekly: options.keepWeekly ?? 0,
    monthly: options.keepMonthly ?? 0,
    yearly: options.keepYearly ?? 0,
    tags: options.keepTag ?? [],
  };
  if (names.length === 0) return { keep, ...(host === undefined ? {} : { host }), tags: tag ?? [] };
  const hasRules = Object.keys(options).some((name) => /^(keep[A-Z]|host$|tag$)/.test(name));
  if (!hasRules) return { snapshots: names };
  throw usageError(
    'snapshots are named, which forgets exactly those: leave out the rules, --host and --tag, or the names',
  );
}
