import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type PathTest, pathTest, type Repository, type RestoreResult, restore } from '../../blocks/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { loadReadAhead, type ReadingOptions } from '../models/read-ahead.ts';
import { repeated, withExamples, withJson, withReadAhead } from '../options.ts';
import { bytesText, counted, safeText, secondsText, shortId } from '../text.ts';
import { restoreTar } from './restore-tar.ts';

interface RestoreCommandOptions extends ReadingOptions {
  readonly to?: string;
  readonly tar?: string;
  readonly include?: readonly string[];
  readonly overwrite?: true;
}

interface Request {
  readonly snapshot: string;
  readonly isIncluded: PathTest | undefined;
  readonly options: RestoreCommandOptions;
}

const EXAMPLES = [
  'pilotfish restore latest --to /tmp/back --repo /backup/repo',
  'pilotfish restore 3f9a --to /tmp/back --include src --include "*.md"',
  'pilotfish restore latest --tar - | ssh other tar x -C /tmp/back',
];

/** Adds `restore`. */
export function registerRestore(program: Command, context: Context): void {
  const command = program
    .command('restore')
    .argument('<snapshot>', 'an id, a unique prefix of one, or `latest`');
  withReadAhead(withJson(withExamples(command, EXAMPLES)))
    .description('restore a snapshot into a directory, or as a tar archive')
    .option('--to <dir>', 'the directory; made when missing, refused when it is not empty')
    .option('--tar <file>', 'write a tar archive instead, times to the nanosecond; `-` is stdout')
    .option('--include <glob>', 'restore only what fits, with all below it (repeatable)', repeated)
    .option('--overwrite', 'restore into a directory that is not empty, writing over what is there')
    .option('--quiet', 'no progress, no summary')
    .action((snapshot: string, options: RestoreCommandOptions) => {
      const isIncluded = options.include === undefined ? undefined : pathTest(options.include);
      return run(context, { snapshot, isIncluded, options });
    });
}

function run(context: Context, request: Request): Promise<void> {
  const { to, tar } = request.options;
  if (to !== undefined && tar !== undefined)
    throw usageError('--to and --tar exclude each other: choose one');
  if (tar !== undefined) return restoreTar(context, { ...request, tar });
  if (to === undefined) throw usageError('no target: give --to DIR, or --tar FILE');
  return restoreFiles(context, request, resolve(to));
}

async function restoreFiles(context: Context, request: Request, target: string): Promise<void> {
  const { options } = request;
  const result = await context.withRepository(options, (repository) =>
    restoreInto(context, repository, { ...request, target }),
  );
  // What this machine cannot recreate was warned about; anything else is missing or wrong.
  if (result.isIncomplete) context.exitCode = EXIT.failed;
  const { seconds } = context.usage();
  const { isIncomplete: _, ...told } = result;
  const json = { ...told, target, seconds };
  await context.result(options, { json, text: text(result, target, seconds) });
}

async function restoreInto(
  context: Context,
  repository: Repository,
  { snapshot, isIncluded, options, target }: Request & { readonly target: string },
): Promise<RestoreResult> {
  const progress = context.progress(options, 'file');
  const whole = repository.snapshots.resolve(snapshot);
  if (isIncluded === undefined) progress.expect({ count: whole.files, bytes: whole.bytes });
  return restore(repository, {
    snapshot: whole.id,
    target,
    ...(isIncluded === undefined ? {} : { isIncluded }),
    overwrite: options.overwrite === true,
    owners: process.getuid?.() === 0,
    readAhead: await loadReadAhead(options),
    onProgress: ({ files, bytes }) => progress.update({ count: files, bytes }),
    onProblem: (problem) => context.warn(problem),
    signal: context.signal,
  });
}

function text(
  { files, bytes, errorCount, snapshot }: RestoreResult,
  target: string,
  seconds: number,
): string {
  const what = `${counted(files, 'file')}, ${bytesText(bytes)}, of snapshot ${shortId(snapshot)}`;
  const lines = [`restored ${what} into ${safeText(target)}`, `took ${secondsText(seconds)}`];
  if (errorCount > 0) lines.push(`${counted(errorCount, 'problem')}, see above`);
  return `${lines.join('\n')}\n`;
}
