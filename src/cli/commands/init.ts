import type { Command } from 'commander';
import type { CommonOptions, Context } from '../context.ts';
import { create, createEncrypted } from '../create.ts';
import { blockSizeBytes, withExamples, withJson } from '../options.ts';
import { bytesText, safeText } from '../text.ts';

interface InitOptions extends CommonOptions {
  readonly blockSize?: number;
  readonly encrypt?: true;
}

/** Adds `init`. */
export function registerInit(program: Command, context: Context): void {
  const command = withExamples(program.command('init'), [
    'pilotfish init --repo /backup/repo',
    'pilotfish init --repo /backup/images --block-size 256',
    'pilotfish init --repo /backup/secret --encrypt    asks for the password',
    'pilotfish init --repo /backup/secret --encrypt --password-file key.txt',
  ]);
  withJson(command)
    .description('create an empty repository; `pack` does it too where there is none')
    .option(
      '--block-size <kib>',
      'average block: 16, 32, 64 (default), 128 or 256 KiB, for good',
      blockSizeBytes,
    )
    .option('--encrypt', 'encrypt it; without the password nobody can read it again, not even you')
    .option('--quiet', 'print nothing')
    .action((options: InitOptions) => run(context, options));
}

async function run(context: Context, options: InitOptions): Promise<void> {
  const path = context.repositoryPath(options);
  const config = options.encrypt ? await createEncrypted(context, options) : create(context, options);
  const { id, averageBlockBytes } = config;
  const encrypted = config.keySlots.length > 0;
  const json = { path, id, averageBlockBytes, encrypted };
  const what = `${encrypted ? 'encrypted, ' : ''}blocks`;
  const text = `created ${safeText(path)}, ${what} of ${bytesText(averageBlockBytes)} on average\n`;
  await context.result(options, { json, text });
}
