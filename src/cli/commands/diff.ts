import type { Command } from 'commander';
import { type Change, type Comparison, comparePaths } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { withExamples, withJson } from '../options.ts';
import { countText, safeName } from '../text.ts';
import { eachItem, printJsonList } from './list.ts';
import { textOf } from './listing.ts';

const LETTERS: Readonly<Record<Change, string>> = { added: '+', removed: '-', changed: 'M', attributes: 'U' };

type Counts = Record<Change, number>;

/** Adds `diff`. */
export function registerDiff(program: Command, context: Context): void {
  const command = program.command('diff').argument('<before>', 'an id, a unique prefix of one, or `latest`');
  withExamples(command.argument('<after>', 'the snapshot to compare it with'), [
    'pilotfish diff 3f9a latest --repo /backup/repo',
    'pilotfish diff 3f9a 81c0 --json | jq -r ".differences[].path"',
  ]);
  withJson(command)
    .description(
      'list what differs between two snapshots: + added, - removed, M content or type, U owner, mode, time or attributes only',
    )
    .action((before: string, after: string, options: CommonOptions) =>
      run(context, [before, after], options),
    );
}

async function run(
  context: Context,
  [before, after]: [string, string],
  options: CommonOptions,
): Promise<void> {
  await context.withRepository(options, async (repository) => {
    const counts: Counts = { added: 0, removed: 0, changed: 0, attributes: 0 };
    const compared = comparePaths(repository, before, after);
    if (options.json) await printJson(context, compared, counts);
    else await printLines(context, compared, counts);
    await context.output.flush();
  });
}

async function printJson(context: Context, compared: Iterable<Comparison>, counts: Counts): Promise<void> {
  await printJsonList(context, compared, {
    name: 'differences',
    json: ({ path, change }) => {
      if (change === undefined) return undefined;
      counts[change] += 1;
      return { ...textOf('path', path), change };
    },
    rest: () => counts,
  });
}

async function printLines(context: Context, compared: Iterable<Comparison>, counts: Counts): Promise<void> {
  await eachItem(context, compared, async ({ path, change }) => {
    if (change === undefined) return;
    counts[change] += 1;
    await context.output.write(`${LETTERS[change]} ${safeName(path)}\n`);
  });
  const { added, removed, changed, attributes } = counts;
  const parts = [
    `${countText(added)} added`,
    `${countText(removed)} removed`,
    `${countText(changed)} changed`,
  ];
  await context.output.write(`${parts.join(', ')}, ${countText(attributes)} with other attributes\n`);
}
