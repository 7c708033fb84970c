import { type PruneOptions, type PruneResult, prune } from '../../blocks/index.ts';
import type { Context, OpenChoices } from '../context.ts';
import { bytesText, counted } from '../text.ts';

type PruneChoices = Pick<PruneOptions, 'maxUnusedShare' | 'graceMs' | 'dryRun'>;

/** Prunes, showing how far it is. Under the exclusive lock, unless it is only asked what it would do. */
export async function runPrune(
  context: Context,
  options: OpenChoices,
  choices: PruneChoices,
): Promise<PruneResult> {
  const progress = context.progress(options, 'pack');
  const mode = choices.dryRun === true ? 'read' : 'exclusive';
  const result = await context.withRepository({ ...options, mode }, (repository) =>
    prune(repository, {
      ...choices,
      onProgress: ({ packs, totalPacks }) => {
        progress.expect({ count: totalPacks });
        progress.update({ count: packs });
      },
      signal: context.signal,
    }),
  );
  // The members of a group share its bytes, which makes fractions.
  return { ...result, unusedBytes: Math.round(result.unusedBytes) };
}

/** What a prune did, or would do, for people. */
export function pruneText(result: PruneResult, dryRun: boolean): string {
  const { packs, unusedBytes, replacedPacks, deletedPacks, freedBytes } = result;
  const lines = [`${counted(packs, 'pack')}, ${bytesText(unusedBytes)} that no snapshot needs`];
  if (dryRun)
    lines.push(`dry run: nothing was removed; ${counted(replacedPacks, 'pack')} would go or be rewritten`);
  else
    lines.push(
      `replaced ${counted(replacedPacks, 'pack')}, deleted ${counted(deletedPacks, 'pack')}`,
      freedText(freedBytes),
    );
  return `${lines.join('\n')}\n`;
}

/** Within the time of grace old and new packs lie side by side. */
function freedText(bytes: number): string {
  if (bytes >= 0) return `freed ${bytesText(bytes)}`;
  return `${bytesText(-bytes)} more are taken until the replaced packs are deleted, by a prune after the time of grace`;
}
