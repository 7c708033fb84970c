import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { safeText } from '../text.ts';
import { type DataOptions, refOf, withData, withRegistry } from './data.ts';

interface ExportOptions extends DataOptions {
  readonly mlflow: string;
  readonly experiment?: string;
}

/** Adds `models export`. */
export function registerExport(models: Command, context: Context): void {
  withData(models.command('export <name> [version]'), [
    'pilotfish models export threat-detector --mlflow https://mlflow.example.org --data DIR     the version in production',
    'pilotfish models export threat-detector v1.2.0 --mlflow http://127.0.0.1:5000 --experiment threats --data DIR',
  ])
    .description(
      'push a version into an MLflow server; credentials are in MLFLOW_TRACKING_TOKEN, or in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD',
    )
    .requiredOption('--mlflow <url>', 'the address of the server')
    .option('--experiment <name>', 'of the run there; the name of the model otherwise')
    .action((name: string, version: string | undefined, options: ExportOptions) =>
      run(context, { name, version }, options),
    );
}

type Named = { readonly name: string; readonly version: string | undefined };

async function run(context: Context, { name, version }: Named, options: ExportOptions): Promise<void> {
  const { exportVersion, MlflowClient } = await import('../../lifecycle/index.ts');
  const { fs, clock } = context.ports();
  const credentials = context.world.settings.mlflow?.() ?? {};
  const client = new MlflowClient(options.mlflow, { ...credentials, fs, clock, signal: context.signal });
  await withRegistry(context, options, async ({ registry }) => {
    const made = await exportVersion(registry, refOf(name, version), {
      ...{ client, experimentName: options.experiment },
    });
    const place = `${safeText(made.name)} ${safeText(made.version)} at ${safeText(options.mlflow)}`;
    await context.result(options, { json: made, text: `${place}${made.isNew ? '' : ', as before'}\n` });
  });
}
