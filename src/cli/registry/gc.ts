import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { bytesText, counted } from '../text.ts';
import { type ChangeOptions, changeOf, withData, withReason, withRegistry } from './data.ts';

interface GcOptions extends ChangeOptions {
  readonly dryRun?: true;
}

/** Adds `models gc`. */
export function registerGc(models: Command, context: Context): void {
  withReason(
    withData(models.command('gc'), [
      'pilotfish models gc --data DIR --dry-run     how much it would free',
      'pilotfish models gc --data DIR',
    ]),
  )
    .description('delete artefacts that no version, run or logged model names, an hour after their upload')
    .option('--dry-run', 'only count')
    .action((options: GcOptions) => run(context, options));
}

function run(context: Context, options: GcOptions): Promise<void> {
  const isDryRun = options.dryRun === true;
  return withRegistry(context, options, async ({ registry }) => {
    const report = await registry.collectGarbage({ ...changeOf(options), isDryRun, signal: context.signal });
    const verb = isDryRun ? 'could go' : 'deleted';
    const text = `${counted(report.files, 'artefact')} ${verb}, ${bytesText(report.bytes)}\n`;
    await context.result(options, { json: { ...report, isDryRun }, text });
  });
}
