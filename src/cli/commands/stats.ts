import type { Command } from 'commander';
import { type StatsResult, stats } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { withExamples, withJson } from '../options.ts';
import { bytesText, countText, table } from '../text.ts';

/** Adds `stats`. */
export function registerStats(program: Command, context: Context): void {
  const command = withExamples(program.command('stats'), [
    'pilotfish stats --repo /backup/repo',
    'pilotfish stats --json',
  ]);
  withJson(command)
    .description('show what the repository holds and how small it is')
    .action((options: CommonOptions) => run(context, options));
}

async function run(context: Context, options: CommonOptions): Promise<void> {
  const result = await context.withRepository(options, (repository) => stats(repository));
  await context.result(options, { json: result, text: text(result) });
}

function text(result: StatsResult): string {
  const { records, depths } = result;
  const rows = [
    ['repository', `${result.id}${result.encrypted ? ', encrypted' : ''}`],
    ['snapshots', `${countText(result.snapshots)}, ${bytesText(result.snapshotBytes)} in all`],
    ['stored', `${bytesText(result.storedBytes)}${ratio(result.snapshotBytes, result.storedBytes)}`],
    ['packs', `${countText(result.packs)}, ${bytesText(result.packBytes)}`],
    ['index', bytesText(result.indexBytes)],
    [
      'blocks',
      `${countText(result.blocks)}, ${bytesText(result.rawBytes)} raw; new ones about ${bytesText(result.averageBlockBytes)}`,
    ],
    [
      'records',
      `${countText(records.block)} alone, ${countText(records.delta)} deltas, ${countText(records.group)} groups`,
    ],
    ['depth', depths.map((count, depth) => `${depth}: ${countText(count)}`).join(', ')],
  ];
  if (result.unreadablePacks > 0)
    rows.push(['damage', `${countText(result.unreadablePacks)} unreadable packs: run \`pilotfish verify\``]);
  return table(rows);
}

function ratio(snapshotBytes: number, storedBytes: number): string {
  return snapshotBytes === 0
    ? ''
    : `, 1 byte for ${(snapshotBytes / storedBytes).toFixed(1)} of the snapshots`;
}
