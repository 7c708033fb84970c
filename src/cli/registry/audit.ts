import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { counted } from '../text.ts';
import { type DataOptions, group, withData, withRegistry } from './data.ts';

const EXAMPLES = ['pilotfish audit verify --data DIR'];

/** Adds `audit`. */
export function registerAudit(program: Command, context: Context): void {
  const audit = group(program, 'audit', EXAMPLES).description(
    'check the log of who changed what in a registry',
  );
  withData(audit.command('verify'), EXAMPLES)
    .description('find an entry that was changed, removed, added or put elsewhere')
    .action((options: DataOptions) => verify(context, options));
}

function verify(context: Context, options: DataOptions): Promise<void> {
  return withRegistry(context, options, async ({ registry }) => {
    const report = await registry.audit.verify();
    const text = `${counted(report.entries, 'entry').replace('entrys', 'entries')}, all as they were written; head ${report.head}\n`;
    await context.result(options, { json: report, text });
  });
}
