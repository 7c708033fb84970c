import type { Command } from 'commander';
import { type VerifyResult, verify } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { EXIT, usageError } from '../exit.ts';
import { share, withExamples, withJson } from '../options.ts';
import { andMore, counted, safeText } from '../text.ts';

interface VerifyCommandOptions extends CommonOptions {
  readonly data?: true;
  readonly sample?: number;
}

/** Adds `verify`. */
export function registerVerify(program: Command, context: Context): void {
  const command = withExamples(program.command('verify'), [
    'pilotfish verify --repo /backup/repo    check that all snapshots are complete',
    'pilotfish verify --data                 also read and check every stored byte',
    'pilotfish verify --sample 5%            also read and check a twentieth of the packs',
  ]);
  withJson(command)
    .description('check that every snapshot can be restored; exit code 1 when something is damaged')
    .option('--data', 'read and check every stored byte')
    .option('--sample <share>', 'read and check this share of the packs, chosen by chance', sampleShare)
    .option('--quiet', 'no progress, and no result when nothing is damaged')
    .action((options: VerifyCommandOptions) => run(context, options));
}

const sampleShare = share('--sample', { isZeroMeant: false });

async function run(context: Context, options: VerifyCommandOptions): Promise<void> {
  if (options.data && options.sample !== undefined)
    throw usageError('--data reads everything already: leave out --sample');
  const progress = context.progress(options, 'pack');
  const result = await context.withRepository(options, (repository) =>
    verify(repository, {
      data: options.data === true,
      ...(options.sample === undefined ? {} : { sampleShare: options.sample }),
      onProgress: ({ packs, totalPacks }) => {
        progress.expect({ count: totalPacks });
        progress.update({ count: packs });
      },
      signal: context.signal,
    }),
  );
  const isDamaged = result.damageCount > 0;
  if (isDamaged) context.exitCode = EXIT.failed;
  const json = { ...result, seconds: context.usage().seconds };
  // Damage is never kept quiet.
  if (options.json || !isDamaged) await context.result(options, { json, text: text(result) });
  else await context.result({}, { json, text: text(result) });
}

function text(result: VerifyResult): string {
  const lines = result.damage.map(({ code, path, message }) => safeText(`${code}: ${path}: ${message}`));
  const { snapshots, packs, blocks, checkedBlocks, leftovers, unusedPacks, damage, damageCount } = result;
  lines.push(`${counted(snapshots, 'snapshot')}, ${counted(packs, 'pack')}, ${counted(blocks, 'block')}`);
  if (checkedBlocks > 0) lines.push(`${counted(checkedBlocks, 'block')} read and checked`);
  if (leftovers > 0)
    lines.push(
      `${counted(leftovers, 'leftover')} of stopped writers (no damage; the next pack removes them)`,
    );
  if (unusedPacks > 0) lines.push(`${counted(unusedPacks, 'pack')} that no snapshot needs (no damage)`);
  lines.push(
    damageCount === 0
      ? 'no damage'
      : `${counted(damage.length, 'problem')}${andMore(damageCount, damage.length)}`,
  );
  return `${lines.join('\n')}\n`;
}
