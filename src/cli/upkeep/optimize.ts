import type { Command } from 'commander';
import { type OptimizeResult, optimize } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { baseAdviserOf } from '../models/adviser.ts';
import { withExamples, withJson } from '../options.ts';
import { openFingerprints } from '../search/similar.ts';
import { bytesText, counted, secondsText } from '../text.ts';

interface OptimizeCommandOptions extends CommonOptions {
  readonly hints: boolean;
}

/** Adds `optimize`. */
export function registerOptimize(program: Command, context: Context): void {
  const command = withExamples(program.command('optimize'), [
    'pilotfish optimize --repo /backup/repo',
    'nice pilotfish optimize --quiet    in the background, at night',
  ]);
  withJson(command)
    .description('store everything anew with much more effort; nothing else may use the repository meanwhile')
    .option('--no-hints', 'ask no room: bases by the built-in rule')
    .option('--quiet', 'no progress, no summary')
    .action((options: OptimizeCommandOptions) => run(context, options));
}

async function run(context: Context, options: OptimizeCommandOptions): Promise<void> {
  const bases = await baseAdviserOf(context, options.hints ? 'model' : 'features');
  const progress = context.progress(options, 'block');
  const result = await context.withRepository({ ...options, mode: 'exclusive' }, async (repository) => {
    const optimized = await optimize(repository, {
      onProgress: ({ blocks, totalBlocks }) => {
        progress.expect({ count: totalBlocks });
        progress.update({ count: blocks });
      },
      signal: context.signal,
      bases,
    });
    const { blocks } = await openFingerprints(context, repository, options);
    return { ...optimized, fingerprints: blocks };
  });
  const { seconds } = context.usage();
  await context.result(options, {
    json: { ...result, bases: bases?.report() ?? null, seconds },
    text: text(result, seconds),
  });
}

function text(
  { packs, bytesBefore, bytesAfter, fingerprints }: OptimizeResult & { readonly fingerprints: number },
  seconds: number,
): string {
  const change = bytesBefore === 0 ? 0 : (100 * (bytesAfter - bytesBefore)) / bytesBefore;
  const sizes = `${bytesText(bytesBefore)} before, ${bytesText(bytesAfter)} after`;
  const lines = [
    `${sizes} (${change > 0 ? '+' : ''}${change.toFixed(1)} %)`,
    `rewrote ${counted(packs, 'pack')} in ${secondsText(seconds)}; ${counted(fingerprints, 'block')} can be searched for similar ones`,
  ];
  return `${lines.join('\n')}\n`;
}
