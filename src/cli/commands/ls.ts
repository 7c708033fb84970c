import type { Command } from 'commander';
import { listSnapshot, type Visited } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { codedError, usageError } from '../exit.ts';
import { withExamples, withJson } from '../options.ts';
import { OutputClosed } from '../output.ts';
import { storedPath } from '../sources.ts';
import { safeName } from '../text.ts';
import { entryJson, longLine } from './listing.ts';

interface ListOptions extends CommonOptions {
  readonly long?: true;
  readonly null?: true;
}

/** Entries between two looks for a signal. */
const ENTRIES_PER_TURN = 256;

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
  const print = options.json ? printJson : printLines;
  await context.withRepository(options, async (repository) => {
    await print(context, listSnapshot(repository, snapshot, storedPath(path)), options);
    await context.output.flush();
  });
}

async function printLines(context: Context, entries: Iterable<Visited>, options: ListOptions): Promise<void> {
  await eachEntry(context, entries, async (visited) => {
    if (options.null) await context.output.write(Buffer.concat([visited.path, ZERO]));
    else await context.output.write(`${options.long ? longLine(visited) : safeName(visited.path)}\n`);
  });
}

const ZERO = Buffer.from([0]);

/** One object, written as it grows: a snapshot can have more entries than fit in memory. */
async function printJson(context: Context, entries: Iterable<Visited>): Promise<void> {
  const { output } = context;
  let separator = '{"entries":[';
  try {
    await eachEntry(context, entries, async (visited) => {
      await output.write(separator + JSON.stringify(entryJson(visited)));
      separator = ',\n';
    });
  } catch (error) {
    // Nothing written yet: the one object will be that of the error.
    if (separator !== ',\n' || error instanceof OutputClosed) throw error;
    const { code, message } = codedError(error);
    context.hasToldError = true;
    await output.write(`],"error":${JSON.stringify({ code, message })}}\n`);
    throw error;
  }
  await output.write(`${separator === ',\n' ? '' : separator}]}\n`);
}

async function eachEntry(
  context: Context,
  entries: Iterable<Visited>,
  work: (visited: Visited) => Promise<void>,
): Promise<void> {
  let count = 0;
  for (const visited of entries) {
    if (count++ % ENTRIES_PER_TURN === 0) await context.turn();
    await work(visited);
  }
}
