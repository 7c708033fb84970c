import type { KeyValue, TrackingStore } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { runOf } from '../mlflow/objects.ts';
import type { Params } from '../mlflow/params.ts';
import { type MlflowRoute, write } from '../mlflow/route.ts';
import { fileAt } from './artifacts.ts';

const TABLE = 'eval_results_table.json';
/** With the spaces that Python writes: it is compared as text. */
const TABLE_TAG = `[{"path": "${TABLE}", "type": "table"}]`;

/**
 * runs/create-promptlab-run: what MLflow's page for prompts keeps of a try. The run, its parameters and its table are as
 * there; the model that only MLflow's gateway runs is not made.
 */
export function promptlabRoutes({ runs, log, artifacts }: TrackingStore): MlflowRoute[] {
  const create = async (params: Params): Promise<object> => {
    const { draft, values, table } = promptlabOf(params);
    const { runId, artifactUri } = await runs.create(draft);
    try {
      await log.logBatch(runId, values);
      await artifacts.put(...fileAt(artifactUri, TABLE), Buffer.from(JSON.stringify(table)));
      await runs.update(runId, { status: 'FINISHED' });
    } catch (error) {
      await runs.update(runId, { status: 'FAILED' });
      throw error;
    }
    return { run: runOf(await runs.get(runId)) };
  };
  return [write('runs/create-promptlab-run', create)];
}

/** @throws PilotfishError `USAGE`, in MLflow's words. */
function promptlabOf(params: Params) {
  const experimentId = needed(params, 'experiment_id');
  const template = needed(params, 'prompt_template');
  const questions = params.pairs('prompt_parameters');
  if (questions.length === 0) throw lacks('prompt_parameters');
  const [route, input] = [needed(params, 'model_route'), needed(params, 'model_input')];
  needed(params, 'mlflow_version');
  const found = params.pairs('model_output_parameters');
  const columns = [...questions.map(({ key }) => key), 'prompt', 'output', ...found.map(({ key }) => key)];
  const answers = [input, params.text('model_output') ?? null, ...found.map(({ value }) => value)];
  const startMs = params.integer('start_time');
  const own: KeyValue[] = [
    { key: 'model_route', value: route },
    { key: 'prompt_template', value: template },
  ];
  const tags: KeyValue[] = [
    { key: 'mlflow.loggedArtifacts', value: TABLE_TAG },
    { key: 'mlflow.runSourceType', value: 'PROMPT_ENGINEERING' },
  ];
  return {
    draft: {
      ...{ experimentId, runName: params.text('run_name'), userId: params.text('user_id') ?? 'unknown' },
      ...{ tags: params.pairs('tags'), ...(startMs === undefined ? {} : { startMs }) },
    },
    values: { params: [...params.pairs('model_parameters'), ...own], tags },
    table: { columns, data: [[...questions.map(({ value }) => value), ...answers]] },
  };
}

function needed(params: Params, name: string): string {
  const value = params.text(name);
  if (value) return value;
  throw lacks(name);
}

const lacks = (name: string): Error => usage(`CreatePromptlabRun request must specify ${name}.`);
