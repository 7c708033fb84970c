import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { type ChangeOptions, changeOf, refOf, withData, withReason, withRegistry } from '../registry/data.ts';
import { safeText } from '../text.ts';
import { managerOf } from './manager.ts';

interface EvidenceOptions extends ChangeOptions {
  readonly treatment?: string;
}

/** Adds `experiments evidence`. */
export function registerEvidence(experiments: Command, context: Context): void {
  withReason(
    withData(experiments.command('evidence <id> <name> <version>'), [
      'pilotfish experiments evidence threat-model-v2 threat-detector v1.2.0 --data DIR',
      'pilotfish models promote threat-detector v1.2.0 --to production --data DIR',
    ]),
  )
    .description('keep what an experiment has shown as evidence for the version it tried')
    .option('--treatment <model>', 'which, where it tried several')
    .action((id: string, name: string, version: string, options: EvidenceOptions) =>
      run(context, { id, name, version }, options),
    );
}

type Named = { readonly id: string; readonly name: string; readonly version: string };

function run(context: Context, { id, name, version }: Named, options: EvidenceOptions): Promise<void> {
  return withRegistry(context, options, async (directory) => {
    const { experimentEvidence } = await import('../../lifecycle/index.ts');
    const results = await (await managerOf(context, directory)).getExperimentResults(id);
    const evidence = experimentEvidence(results, options.treatment);
    await directory.registry.transitions.addEvidence(refOf(name, version), evidence, changeOf(options));
    const { passed, summary } = evidence;
    const text = `${passed ? 'passed' : 'failed'} experiment: ${safeText(summary)}\n`;
    await context.result(options, { json: { passed, summary }, text });
  });
}
