import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { counted, safeText } from '../text.ts';
import { type DataOptions, withData, withRegistry } from './data.ts';

interface BackupOptions extends DataOptions {
  readonly out: string;
}

/** Adds `backup`. */
export function registerBackup(program: Command, context: Context): void {
  withData(program.command('backup'), ['pilotfish backup --data DIR --out /backup/registry'])
    .description('copy a registry to a new directory while it is in use')
    .requiredOption('--out <dir>', 'where to; must not be there yet')
    .action((options: BackupOptions) => run(context, options));
}

function run(context: Context, options: BackupOptions): Promise<void> {
  return withRegistry(context, options, async (directory) => {
    const out = resolve(options.out);
    const { files } = await directory.backup(out);
    const text = `${counted(files, 'artefact')} and the database in ${safeText(out)}\n`;
    await context.result(options, { json: { out, files }, text });
  });
}
