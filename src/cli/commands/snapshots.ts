import type { Command } from 'commander';
import { isoTime, type PilotfishError } from '../../base/index.ts';
import type { StoredSnapshot } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { withExamples, withJson } from '../options.ts';
import { bytesText, countText, localTime, safeName, safeText, shortId, table } from '../text.ts';

/** Columns of numbers. */
const RIGHT = new Set([4, 5]);

/** Adds `snapshots`. */
export function registerSnapshots(program: Command, context: Context): void {
  const command = withExamples(program.command('snapshots'), [
    'pilotfish snapshots --repo /backup/repo',
    'pilotfish snapshots --json | jq -r ".snapshots[-1].id"',
  ]);
  withJson(command)
    .description('list snapshots, oldest first')
    .action((options: CommonOptions) => run(context, options));
}

async function run(context: Context, options: CommonOptions): Promise<void> {
  const snapshots = await context.withRepository(options, (repository) => {
    return repository.snapshots.list((error) => tellDamage(context, error));
  });
  await context.result(options, { json: { snapshots: snapshots.map(asJson) }, text: text(snapshots) });
}

/** A snapshot that cannot be read does not hide the others. */
function tellDamage(context: Context, error: PilotfishError): void {
  context.exitCode = EXIT.failed;
  context.warn({ path: error.path ?? 'snapshots', code: error.code, message: error.message });
}

function asJson(snapshot: StoredSnapshot): object {
  const { id, timeMs, host, tags, paths, files, bytes, errors, root } = snapshot;
  return {
    id,
    time: isoTime(timeMs),
    host,
    tags,
    paths: paths.map((path) => Buffer.from(path).toString()),
    files,
    bytes,
    errors,
    root: root.toString(),
  };
}

function text(snapshots: readonly StoredSnapshot[]): string {
  if (snapshots.length === 0) return 'no snapshots yet\n';
  // A column of zeros would only teach to look past it.
  const errors = snapshots.some((snapshot) => snapshot.errors > 0);
  const rows = snapshots.map((snapshot) => [
    shortId(snapshot.id),
    localTime(snapshot.timeMs),
    safeText(snapshot.host),
    safeText(snapshot.tags.join(',')),
    countText(snapshot.files),
    bytesText(snapshot.bytes),
    ...(errors ? [snapshot.errors > 0 ? countText(snapshot.errors) : ''] : []),
    snapshot.paths.map(safeName).join(' '),
  ]);
  const heading = ['id', 'time', 'host', 'tags', 'files', 'size', ...(errors ? ['errors'] : []), 'paths'];
  return table([heading, ...rows], errors ? new Set([...RIGHT, 6]) : RIGHT);
}
