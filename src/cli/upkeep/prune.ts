import type { Command } from 'commander';
import type { CommonOptions, Context } from '../context.ts';
import { duration, share, withExamples, withJson } from '../options.ts';
import { pruneText, runPrune } from './prune-run.ts';

interface PruneCommandOptions extends CommonOptions {
  readonly maxUnused?: number;
  readonly grace?: number;
  readonly dryRun?: true;
}

/** Adds `prune`. */
export function registerPrune(program: Command, context: Context): void {
  const command = withExamples(program.command('prune'), [
    'pilotfish prune --repo /backup/repo    after `pilotfish forget`',
    'pilotfish prune --max-unused 0         as small as it gets; rewrites more',
    'pilotfish prune --grace 2d             keep replaced packs for readers elsewhere',
    'pilotfish prune --dry-run              what it would do',
  ]);
  withJson(command)
    .description('remove what no snapshot needs; nothing else may use the repository meanwhile')
    .option(
      '--max-unused <share>',
      'what may stay unused, of all that is stored (default: 5%)',
      share('--max-unused', { isZeroMeant: true }),
    )
    .option(
      '--grace <time>',
      'delete replaced packs only after this time: 30m, 12h, 2d (default: 0, at once)',
      duration('--grace'),
    )
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .option('--quiet', 'no progress, no summary')
    .action((options: PruneCommandOptions) => run(context, options));
}

async function run(context: Context, options: PruneCommandOptions): Promise<void> {
  const dryRun = options.dryRun === true;
  const result = await runPrune(context, options, {
    ...(options.maxUnused === undefined ? {} : { maxUnusedShare: options.maxUnused }),
    graceMs: options.grace ?? 0,
    dryRun,
  });
  const json = { ...result, dryRun, seconds: context.usage().seconds };
  await context.result(options, { json, text: pruneText(result, dryRun) });
}
