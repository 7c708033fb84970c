import type { Command } from 'commander';
import { type Problem, type RepairResult, repair } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { withExamples, withJson } from '../options.ts';
import { andMore, counted, safeText } from '../text.ts';

interface RepairCommandOptions extends CommonOptions {
  readonly dryRun?: true;
}

/** Adds `repair`. */
export function registerRepair(program: Command, context: Context): void {
  const command = withExamples(program.command('repair'), [
    'pilotfish repair --repo /backup/repo --dry-run    which files does the damage affect?',
    'pilotfish repair --repo /backup/repo',
  ]);
  withJson(command)
    .description('save what damaged packs still hold; exit code 1 when files stay affected, which are listed')
    .option('--dry-run', 'say what is damaged and which files it affects; change nothing')
    .option('--quiet', 'no progress, and no result when nothing is damaged')
    .action((options: RepairCommandOptions) => run(context, options));
}

async function run(context: Context, options: RepairCommandOptions): Promise<void> {
  const dryRun = options.dryRun === true;
  const progress = context.progress(options, 'pack');
  const result = await context.withRepository(
    { ...options, mode: dryRun ? 'read' : 'exclusive' },
    (repository) =>
      repair(repository, {
        dryRun,
        onProgress: ({ packs, totalPacks }) => {
          progress.expect({ count: totalPacks });
          progress.update({ count: packs });
        },
        signal: context.signal,
      }),
  );
  const lost = result.affectedCount + result.damagedSnapshots.length;
  if (lost > 0) context.exitCode = EXIT.failed;
  const json = { ...result, dryRun, seconds: context.usage().seconds };
  const isWhole = result.damagedPacks.length === 0 && lost === 0;
  // Damage is never kept quiet.
  const shown = isWhole ? options : { ...options, quiet: undefined };
  await context.result(shown as CommonOptions, { json, text: text(result, dryRun) });
}

function text(
  { damagedPacks, damagedSnapshots, salvagedBlocks, affected, affectedCount }: RepairResult,
  dryRun: boolean,
): string {
  const lines = [
    ...damagedPacks.map((name) => `damaged  ${name}.pack`),
    ...damagedSnapshots.map((name) => `damaged  snapshot ${name}`),
  ];
  lines.push(...affected.map(({ path, code, message }) => safeText(`affected ${path}: ${code}: ${message}`)));
  if (damagedPacks.length > 0 && !dryRun)
    lines.push(`${counted(salvagedBlocks, 'block')} saved; the damaged packs lie in damaged/ now`);
  if (dryRun && damagedPacks.length + damagedSnapshots.length > 0) lines.push('dry run: nothing was changed');
  const snapshots = damagedSnapshots.length;
  lines.push(...advice(affected, { more: andMore(affectedCount, affected.length), dryRun, snapshots }));
  return `${lines.join('\n')}\n`;
}

/** Problems of files read `SNAPSHOT:path`; the others are about the files of snapshots themselves. */
const isOfFile = ({ path }: Problem): boolean => /^[0-9a-f]{12}:/.test(path);

function advice(
  affected: readonly Problem[],
  { more, dryRun, snapshots }: { more: string; dryRun: boolean; snapshots: number },
): string[] {
  if (affected.length + snapshots === 0) return ['no file is affected'];
  const files = affected.filter(isOfFile).length;
  const lines: string[] = [];
  if (files > 0)
    lines.push(
      `${counted(files, 'problem')} of files${more}: ${dryRun ? 'run `pilotfish repair`, then ' : 'run '}\`pilotfish pack --read-all\` on the same source, which mends all that still has the same content, then \`pilotfish verify\``,
    );
  if (snapshots > 0)
    lines.push(
      `${counted(snapshots, 'snapshot')} cannot be read${dryRun ? '' : ' and lies in damaged/ now'}: if you have a copy of the repository, put its file back into snapshots/`,
    );
  return lines;
}
