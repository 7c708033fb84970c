import type { Command } from 'commander';
import { fileContent } from '../../blocks/index.ts';
import type { Context } from '../context.ts';
import { loadReadAhead, type ReadingOptions } from '../models/read-ahead.ts';
import { withExamples, withReadAhead } from '../options.ts';
import { storedPath } from '../sources.ts';

const EXAMPLES = [
  'pilotfish cat latest docs/notes.md --repo /backup/repo',
  'pilotfish cat latest all.tar | tar x',
];

/** Adds `cat`. */
export function registerCat(program: Command, context: Context): void {
  const command = program.command('cat').argument('<snapshot>', 'an id, a unique prefix of one, or `latest`');
  const withPath = command.argument('<path>', 'path of a file in the snapshot, as `ls` shows it');
  withReadAhead(withExamples(withPath, EXAMPLES))
    .description('print the bytes of one file of a snapshot')
    .action((snapshot: string, path: string, options: ReadingOptions) =>
      run(context, { snapshot, path, options }),
    );
}

async function run(
  context: Context,
  { snapshot, path, options }: { snapshot: string; path: string; options: ReadingOptions },
): Promise<void> {
  await context.withRepository(options, async (repository) => {
    const content = fileContent(repository, snapshot, storedPath(path), {
      readAhead: await loadReadAhead(options),
    });
    for (const bytes of content) {
      await context.turn();
      await context.output.write(bytes);
    }
    await context.output.flush();
  });
}
