import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type PathTest, pathTest, type Repository, type RestoreResult, restore } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { repeated, withExamples, withJson } from '../options.ts';
import type { Progress } from '../progress.ts';
import { bytesText, counted, safeText, secondsText } from '../text.ts';

interface RestoreCommandOptions extends CommonOptions {
  readonly to?: string;
  readonly include?: readonly string[];
  readonly overwrite?: true;
}

const EXAMPLES = [
  'pilotfish restore latest --to /tmp/back --repo /backup/repo',
  'pilotfish restore 3f9a --to /tmp/back --include src --include "*.md"',
];

/** Adds `restore`. */
export function registerRestore(program: Command, context: Context): void {
  const command = program
    .command('restore')
    .argument('<snapshot>', 'an id, a unique prefix of one, or `latest`');
  withJson(withExamples(command, EXAMPLES))
    .description('restore a snapshot into a directory')
    .option('--to <dir>', 'the directory; made when missing, refused when it is not empty')
    .option('--include <glob>', 'restore only what fits, with all below it (repeatable)', repeated)
    .option('--overwrite', 'restore into a directory that is not empty, writing over what is there')
    .option('--quiet', 'no progress, no summary')
    .action((snapshot: string, options: RestoreCommandOptions) => run(context, snapshot, options));
}

async function run(context: Context, snapshot: string, options: RestoreCommandOptions): Promise<void> {
  if (options.to === undefined) throw usageError('no target: give --to DIR');
  const target = resolve(options.to);
  const progress = context.progress(options, 'file');
  const result = await context.withRepository(options, (repository) =>
    restoreInto(context, repository, { snapshot, target, options, progress }),
  );
  // What this machine cannot recreate was warned about; anything else is missing or wrong.
  if (result.errors.some(({ code }) => code !== 'UNSUPPORTED')) context.exitCode = EXIT.failed;
  const { seconds } = context.usage();
  await context.result(options, {
    json: { ...result, target, seconds },
    text: text(result, target, seconds),
  });
}

function restoreInto(
  context: Context,
  repository: Repository,
  at: { snapshot: string; target: string; options: RestoreCommandOptions; progress: Progress },
): Promise<RestoreResult> {
  const { snapshot, target, options, progress } = at;
  const isIncluded: PathTest | undefined =
    options.include === undefined ? undefined : pathTest(options.include);
  const whole = repository.snapshots.resolve(snapshot);
  if (isIncluded === undefined) progress.expect({ count: whole.files, bytes: whole.bytes });
  return restore(repository, {
    snapshot: whole.id,
    target,
    ...(isIncluded === undefined ? {} : { isIncluded }),
    overwrite: options.overwrite === true,
    owners: process.getuid?.() === 0,
    onProgress: ({ files, bytes }) => progress.update({ count: files, bytes }),
    onProblem: (problem) => context.warn(problem),
    signal: context.signal,
  });
}

function text({ files, bytes, errors, snapshot }: RestoreResult, target: string, seconds: number): string {
  const lines = [
    `restored ${counted(files, 'file')}, ${bytesText(bytes)}, of snapshot ${snapshot.slice(0, 12)} into ${safeText(target)}`,
    `took ${secondsText(seconds)}`,
  ];
  if (errors.length > 0) lines.push(`${counted(errors.length, 'problem')}, see above`);
  return `${lines.join('\n')}\n`;
}
