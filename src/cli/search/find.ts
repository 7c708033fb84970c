import type { Command } from 'commander';
import { isoTime } from '../../base/index.ts';
import { type Found, findPaths, type PathTest, pathTest } from '../../blocks/index.ts';
import { eachItem, printJsonList } from '../commands/list.ts';
import { entryJson } from '../commands/listing.ts';
import type { CommonOptions, Context } from '../context.ts';
import { repeated, withExamples, withJson } from '../options.ts';
import { localTime, safeName, shortId } from '../text.ts';

interface FindOptions extends CommonOptions {
  readonly snapshot?: readonly string[];
}

/** Adds `find`. */
export function registerFind(program: Command, context: Context): void {
  const command = program.command('find').argument('<patterns...>', 'globs, as `pack --exclude` takes them');
  withExamples(command, [
    'pilotfish find "*.key" --repo /backup/repo          by name at any depth, in all snapshots',
    'pilotfish find "docs/**/*.md" --snapshot latest     from the root, in one',
    'pilotfish find notes.txt --json | jq -r ".found[0].snapshot"',
  ]);
  withJson(command)
    .description('list paths that fit a pattern, in all snapshots, newest first')
    .option('--snapshot <id>', 'only in this one: an id, a prefix or `latest` (repeatable)', repeated)
    .action((patterns: string[], options: FindOptions) => run(context, pathTest(patterns), options));
}

async function run(context: Context, fits: PathTest, options: FindOptions): Promise<void> {
  await context.withRepository(options, async (repository) => {
    // All paths come here and are tested here: between those that do not fit, signals must be served too.
    const all = findPaths(repository, () => true, options.snapshot);
    const isFound = ({ path }: Found): boolean => fits(path.toString());
    if (options.json) {
      const json = (found: Found): object | undefined => (isFound(found) ? foundJson(found) : undefined);
      await printJsonList(context, all, { name: 'found', json });
    } else {
      await eachItem(context, all, async (found) => {
        if (isFound(found)) await context.output.write(line(found));
      });
    }
    await context.output.flush();
  });
}

function foundJson(found: Found): object {
  const { id, timeMs } = found.snapshot;
  return { snapshot: id, time: isoTime(timeMs), ...entryJson(found) };
}

const line = ({ snapshot, path }: Found): string =>
  `${shortId(snapshot.id)}  ${localTime(snapshot.timeMs)}  ${safeName(path)}\n`;
