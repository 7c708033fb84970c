import { PilotfishError } from '../../../base/index.ts';
import type { Sql } from '../state/port.ts';
import { invalid } from './check.ts';
import type { TrackingCore } from './core.ts';
import { activeRun } from './run-records.ts';
import type { Dataset, DatasetInput } from './types.ts';

const LIMITS: Readonly<Record<keyof Dataset, number>> = {
  ...{ name: 500, digest: 36, sourceType: 500, source: 65_535, schema: 1_048_575, profile: 16_777_215 },
};
const MAX_INPUTS = 1000;
const MAX_TAG_KEY = 255;
const MAX_TAG_VALUE = 500;
const CONTEXT_TAG = 'mlflow.data.context';

/** Data sets and models that runs read, and models they made. */
export class RunInputs {
  readonly #core: TrackingCore;

  constructor(core: TrackingCore) {
    this.#core = core;
  }

  /** The same data set once more changes nothing. @throws PilotfishError `MISSING`, `USAGE`. */
  async logInputs(
    runId: string,
    {
      datasets = [],
      models = [],
    }: { readonly datasets?: readonly DatasetInput[]; readonly models?: readonly string[] },
  ): Promise<void> {
    if (datasets.length + models.length > MAX_INPUTS)
      throw invalid(`A run has at most ${MAX_INPUTS} inputs: log fewer`);
    for (const [at, input] of datasets.entries()) checkInput(input, at);
    await this.#core.state.write(async (sql) => {
      const run = await activeRun(sql, runId);
      for (const { dataset, tags } of datasets) {
        const id = await datasetId(sql, Number(run['experiment']), dataset);
        await sql.run(
          'INSERT INTO run_inputs VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
          ...[runId, id, JSON.stringify(tags), tags[CONTEXT_TAG] ?? ''],
        );
      }
      for (const modelId of models) await link(sql, { runId, direction: 'input', modelId, step: 0 });
    });
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async logOutputs(
    runId: string,
    models: readonly { readonly modelId: string; readonly step: number }[],
  ): Promise<void> {
    if (models.length > MAX_INPUTS) throw invalid(`A run has at most ${MAX_INPUTS} outputs: log fewer`);
    await this.#core.state.write(async (sql) => {
      await activeRun(sql, runId);
      for (const { modelId, step } of models) await link(sql, { runId, direction: 'output', modelId, step });
    });
  }
}

type ModelLink = {
  readonly runId: string;
  readonly direction: string;
  readonly modelId: string;
  readonly step: number;
};

async function link(sql: Sql, { runId, direction, modelId, step }: ModelLink): Promise<void> {
  if (!Number.isSafeInteger(step)) throw invalid(`Invalid step ${step} of model ${modelId}`);
  if ((await sql.get('SELECT id FROM logged_models WHERE id = ?', modelId)) === undefined) {
    throw new PilotfishError('MISSING', `Logged model with ID '${modelId}' not found.`);
  }
  await sql.run(
    'INSERT INTO run_models VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    runId,
    direction,
    modelId,
    step,
  );
}

async function datasetId(sql: Sql, experiment: number, dataset: Dataset): Promise<number> {
  const { name, digest, sourceType, source, schema = null, profile = null } = dataset;
  await sql.run(
    `INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    ...[experiment, name, digest, sourceType, source, schema, profile],
  );
  const row = await sql.get(
    'SELECT id FROM datasets WHERE experiment = ? AND name = ? AND digest = ?',
    ...[experiment, name, digest],
  );
  return Number(row?.['id']);
}

function checkInput({ dataset, tags }: DatasetInput, at: number): void {
  for (const key of ['name', 'digest'] as const) {
    if (!dataset[key])
      throw invalid(`Missing value for required parameter 'datasets[${at}].dataset.${key}'.`);
  }
  for (const [key, max] of Object.entries(LIMITS) as [keyof Dataset, number][]) {
    if ((dataset[key]?.length ?? 0) > max) {
      throw invalid(`'datasets[${at}].dataset.${key}' exceeds the maximum length of ${max} characters`);
    }
  }
  for (const [key, value] of Object.entries(tags)) {
    if (key.length > MAX_TAG_KEY || value.length > MAX_TAG_VALUE) {
      throw invalid(
        `'datasets[${at}].tags' exceeds the maximum length of ${MAX_TAG_KEY} or ${MAX_TAG_VALUE} characters`,
      );
    }
  }
}
