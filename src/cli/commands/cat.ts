import type { Command } from 'commander';
import { fileContent } from '../../blocks/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { withExamples } from '../options.ts';
import { storedPath } from '../sources.ts';

/** Adds `cat`. */
export function registerCat(program: Command, context: Context): void {
  const command = program.command('cat').argument('<snapshot>', 'an id, a unique prefix of one, or `latest`');
  withExamples(command.argument('<path>', 'path of a file in the snapshot, as `ls` shows it'), [
    'pilotfish cat latest docs/notes.md --repo /backup/repo',
    'pilotfish cat latest all.tar | tar x',
  ])
    .description('print the bytes of one file of a snapshot')
    .action((snapshot: string, path: string, options: CommonOptions) =>
      run(context, { snapshot, path, options }),
    );
}

async function run(
  context: Context,
  { snapshot, path, options }: { snapshot: string; path: string; options: CommonOptions },
): Promise<void> {
  await context.withRepository(options, async (repository) => {
    for (const bytes of fileContent(repository, snapshot, storedPath(path))) {
      await context.turn();
      await context.output.write(bytes);
    }
    await context.output.flush();
  });
}
