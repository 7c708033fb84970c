import { resolve } from 'node:path';
import type { Command } from 'commander';
import { hasCode, PilotfishError } from '../../base/index.ts';
import { type CopyResult, copySnapshots, type Repository, repositoryExists } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { withExamples, withJson } from '../options.ts';
import { counted, safeText, secondsText, shortId } from '../text.ts';

interface CopyCommandOptions extends CommonOptions {
  readonly to?: string;
}

/** Adds `copy`. */
export function registerCopy(program: Command, context: Context): void {
  const command = withExamples(
    program.command('copy').argument('[snapshots...]', 'ids, prefixes or `latest`; default: all'),
    [
      'pilotfish copy --repo /backup/repo --to /mnt/other/repo',
      'pilotfish copy latest --to /mnt/other/repo',
      'PILOTFISH_TO_PASSWORD_FILE=key.txt pilotfish copy --to /mnt/secret    into an encrypted one',
    ],
  );
  withJson(command)
    .description('copy snapshots to another repository, plain or encrypted; their ids stay the same')
    .option('--to <dir>', 'the other repository (its password in PILOTFISH_TO_PASSWORD or …_FILE)')
    .option('--quiet', 'no progress, no summary')
    .action((snapshots: string[], options: CopyCommandOptions) => run(context, snapshots, options));
}

async function run(context: Context, names: readonly string[], options: CopyCommandOptions): Promise<void> {
  const to = targetPath(context, options);
  const password = context.world.settings.targetPassword;
  const result = await context.withRepository(options, (source) =>
    context
      .withRepository({ ...options, repo: to, mode: 'write', password }, (target) =>
        copy(context, { source, target }, { names, options }),
      )
      .catch((error: unknown) => {
        throw aboutTarget(error, to);
      }),
  );
  const { seconds } = context.usage();
  await context.result(options, { json: { to, ...result, seconds }, text: text(result, { to, seconds }) });
}

/** The target must be there: whether it is to be encrypted is not ours to guess. */
function targetPath(context: Context, options: CopyCommandOptions): string {
  if (!options.to) throw usageError('no target: give --to DIR');
  const to = resolve(options.to);
  if (to === context.repositoryPath(options))
    throw usageError('source and target are the same repository: give another one with --to');
  if (repositoryExists(to, context.ports(options.threads))) return to;
  throw new PilotfishError(
    'NO_REPOSITORY',
    `${to} is not a Pilotfish repository: create it with \`pilotfish init\`, with --encrypt if it is to be encrypted`,
  );
}

/** The password of the target has variables of its own. */
function aboutTarget(error: unknown, to: string): unknown {
  if (!hasCode(error, 'WRONG_PASSWORD')) return error;
  const message = error.message.replaceAll('PILOTFISH_PASSWORD', 'PILOTFISH_TO_PASSWORD');
  return new PilotfishError('WRONG_PASSWORD', `${to}: ${message}`, { cause: error });
}

interface Copied extends CopyResult {
  /** How many the target had before. */
  readonly present: number;
}

async function copy(
  context: Context,
  { source, target }: { source: Repository; target: Repository },
  { names, options }: { names: readonly string[]; options: CopyCommandOptions },
): Promise<Copied> {
  const progress = context.progress(options, 'snapshot');
  // Each once, however often it is named.
  const ids = new Set(names.map((name) => source.snapshots.resolve(name).id));
  const total = names.length === 0 ? source.snapshots.diskIds().length : ids.size;
  const result = await copySnapshots(source, target, {
    ...(names.length === 0 ? {} : { snapshots: [...ids] }),
    onProgress: ({ snapshots, totalSnapshots }) => {
      progress.expect({ count: totalSnapshots });
      progress.update({ count: snapshots });
    },
    signal: context.signal,
  });
  return { ...result, present: total - result.copied.length };
}

function text(
  { copied, present, newBlocks }: Copied,
  { to, seconds }: { to: string; seconds: number },
): string {
  const lines = copied.map((id) => `copied ${shortId(id)}`);
  lines.push(
    `${counted(copied.length, 'snapshot')} copied to ${safeText(to)}, ${present} there already; ${counted(newBlocks, 'new block')} in ${secondsText(seconds)}`,
  );
  return `${lines.join('\n')}\n`;
}
