import type { Command } from 'commander';
import { listSnapshot, type Visited } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { withExamples, withJson } from '../options.ts';
import { storedPath } from '../sources.ts';
import { safeName } from '../text.ts';
import { eachItem, printJsonList } from './list.ts';
import { entryJson, longLine } from './listing.ts';

interface ListOptions extends CommonOptions {
  readonly long?: true;
  readonly null?: true;
}

/** Adds `ls`. */
export function registerList(program: Command, context: Context): void {
  const command = program.command('ls').argument('<snapshot>', 'an id, a unique prefix of one, or `latest`');
  withExamples(command.argument('[path]', 'a path in the snapshot; default: everything'), [
    'pilotfish ls latest --repo /backup/repo',
    'pilotfish ls latest src --long',
    'pilotfish ls latest --null | xargs -0 -n 1 echo',
  ]);
  withJson(command)
    .description('list the paths of a snapshot; characters a terminal would obey are shown as escapes')
    .option('-l, --long', 'with mode, owner, size and time')
    .option('-0, --null', 'raw names, each ended by a zero byte')
    .action((snapshot: string, path: string | undefined, options: ListOptions) =>
      run(context, { snapshot, path: path ?? '', options }),
    );
}

async function run(
  context: Context,
  { snapshot, path, options }: { snapshot: string; path: string; options: ListOptions },
): Promise<void> {
  if ([options.long, options.null, options.json].filter((chosen) => chosen).length > 1) {
    throw usageError('--long, --null and --json exclude each other: choose one');
  }
  await context.withRepository(options, async (repository) => {
    const entries = listSnapshot(repository, snapshot, storedPath(path));
    if (options.json) await printJsonList(context, entries, { name: 'entries', json: entryJson });
    else await printLines(context, entries, options);
    await context.output.flush();
  });
}

async function printLines(context: Context, entries: Iterable<Visited>, options: ListOptions): Promise<void> {
  await eachItem(context, entries, async (visited) => {
    if (options.null) await context.output.write(Buffer.concat([visited.path, ZERO]));
    else await context.output.write(`${options.long ? longLine(visited) : safeName(visited.path)}\n`);
  });
}

const ZERO = Buffer.from([0]);
