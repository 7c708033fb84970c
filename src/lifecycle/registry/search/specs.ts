import type { SearchSpec } from './compile.ts';

const text = (column: string) => ({ column, kind: 'text' as const });
const number = (column: string) => ({ column, kind: 'number' as const });
const orderOnly = (column: string) => ({ ...number(column), isOrderOnly: true as const });

/** Runs `r`. */
export const RUN_SEARCH: SearchSpec = {
  attributes: {
    ...{
      run_id: text('r.id'),
      run_name: text('r.name'),
      user_id: text('r.user_id'),
      status: text('r.status'),
    },
    ...{
      artifact_uri: text('r.artifact_uri'),
      start_time: number('r.start_ms'),
      end_time: number('r.end_ms'),
    },
    ...{
      created: number('r.start_ms'),
      Created: number('r.start_ms'),
      experiment_id: orderOnly('r.experiment'),
    },
    ...{ 'run name': text('r.name'), 'Run name': text('r.name'), 'Run Name': text('r.name') },
  },
  keyed: {
    metric: { table: 'latest_metrics', owner: 'run', base: 'r.id', kind: 'number' },
    parameter: { table: 'params', owner: 'run', base: 'r.id', kind: 'text' },
    tag: { table: 'run_tags', owner: 'run', base: 'r.id', kind: 'text' },
  },
  datasets:
    'EXISTS (SELECT 1 FROM run_inputs i JOIN datasets d ON d.id = i.dataset WHERE i.run = r.id AND ?)',
};

/** Experiments `e`. */
export const EXPERIMENT_SEARCH: SearchSpec = {
  attributes: {
    ...{
      name: text('e.name'),
      creation_time: number('e.created_ms'),
      last_update_time: number('e.updated_ms'),
    },
    experiment_id: orderOnly('e.id'),
  },
  keyed: { tag: { table: 'experiment_tags', owner: 'experiment', base: 'e.id', kind: 'text' } },
};

/** Registered models `m`. */
export const MODEL_SEARCH: SearchSpec = {
  attributes: {
    ...{ name: text('m.name'), creation_timestamp: orderOnly('m.created_ms') },
    ...{ timestamp: orderOnly('m.updated_ms'), last_updated_timestamp: orderOnly('m.updated_ms') },
  },
  keyed: { tag: { table: 'model_tags', owner: 'model', base: 'm.id', kind: 'text' } },
};

/** MLflow counts versions only: towards its clients the text of a version is this tag, to be read and searched by. */
export const VERSION_TEXT_TAG = 'pilotfish.version';

const VERSION_TAGS = `(SELECT version, key, value FROM version_tags UNION ALL
  SELECT id AS version, '${VERSION_TEXT_TAG}' AS key, version AS value FROM versions WHERE version IS NOT NULL)`;

/** Versions `v` of models `m`. */
export const VERSION_SEARCH: SearchSpec = {
  attributes: {
    ...{ name: text('m.name'), run_id: text('v.run_id'), source_path: text('v.source') },
    ...{ version_number: number('v.number'), creation_timestamp: orderOnly('v.created_ms') },
    last_updated_timestamp: orderOnly('v.updated_ms'),
  },
  keyed: { tag: { table: VERSION_TAGS, owner: 'version', base: 'v.id', kind: 'text' } },
};

/** Logged models `l`. */
export const LOGGED_MODEL_SEARCH: SearchSpec = {
  attributes: {
    ...{
      name: text('l.name'),
      model_id: text('l.id'),
      model_type: text('l.model_type'),
      status: text('l.status'),
    },
    ...{ source_run_id: text('l.source_run_id'), experiment_id: orderOnly('l.experiment') },
    ...{ creation_timestamp: number('l.created_ms'), creation_time: number('l.created_ms') },
    ...{ last_updated_timestamp: number('l.updated_ms'), last_updated_time: number('l.updated_ms') },
  },
  keyed: {
    metric: { table: 'logged_model_metrics', owner: 'model', base: 'l.id', kind: 'number' },
    parameter: { table: 'logged_model_params', owner: 'model', base: 'l.id', kind: 'text' },
    tag: { table: 'logged_model_tags', owner: 'model', base: 'l.id', kind: 'text' },
  },
};
