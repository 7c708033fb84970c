import type { ForgetResult, Repository, StoredSnapshot } from '../../blocks/index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { counted, localTime, safeName, safeText, shortId, table } from '../text.ts';

/** What a `forget` did, or would do. */
export interface Forgotten {
  readonly before: readonly StoredSnapshot[];
  readonly result: ForgetResult;
  readonly dryRun: boolean;
}

/** All snapshots that can be read. The others are neither kept nor forgotten: that they are there is told. */
export function readableSnapshots(context: Context, { snapshots }: Repository): StoredSnapshot[] {
  return snapshots.list((error) => {
    context.exitCode = EXIT.failed;
    context.warn({ path: error.path ?? 'snapshots', code: error.code, message: error.message });
  });
}

/** Every snapshot with its fate, oldest first, for people. */
export function forgetText({ before, result, dryRun }: Forgotten): string {
  const gone = new Set(result.forgotten);
  const rows = before.map((snapshot) => [
    gone.has(snapshot.id) ? 'forget' : 'keep',
    shortId(snapshot.id),
    localTime(snapshot.timeMs),
    safeText(snapshot.host),
    safeText(snapshot.tags.join(',')),
    snapshot.paths.map(safeName).join(' '),
  ]);
  const summary = `${counted(gone.size, 'snapshot')} forgotten, ${result.kept.length} kept`;
  return `${table(rows)}${summary}${dryRun ? ' (dry run: nothing was removed)' : ''}\n`;
}
