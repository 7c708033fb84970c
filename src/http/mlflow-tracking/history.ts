import type { Logging } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { filled, metricOf } from '../mlflow/objects.ts';
import { missing, type Params } from '../mlflow/params.ts';
import { type MlflowRoute, read } from '../mlflow/route.ts';

const MAX_RESULTS = 50_000;
const MAX_BULK = 25_000;
const MAX_BULK_RUNS = 100;
const DEFAULT_INTERVAL = 320;
/** `{"offset": 0}`: what MLflow's server answers to a history of no length. */
const FIRST_PAGE = 'eyJvZmZzZXQiOiAwfQ==';

/** metrics/*: what was logged, read back. */
export function historyRoutes(log: Logging): MlflowRoute[] {
  return [
    read('metrics/get-history', async (params) => {
      const [runId, key, maxResults] = [
        params.runId(),
        params.requiredText('metric_key'),
        params.maxResults(MAX_RESULTS),
      ];
      const pageToken = params.text('page_token') || undefined;
      const page = await log.history(runId, key, { maxResults: maxResults || 1, pageToken });
      if (maxResults)
        return { metrics: filled(page.items.map(metricOf)), next_page_token: page.nextPageToken };
      // As MLflow's server does, to which "not said" is none; its clients always say how many.
      return page.items.length === 0 ? {} : { next_page_token: pageToken ?? FIRST_PAGE };
    }),
    read('metrics/get-history-bulk', async (params) => {
      const runIds = params.texts('run_id');
      checkBulk(runIds, params.text('metric_key'));
      const limit = Math.min(params.integer('max_results') ?? MAX_BULK, MAX_BULK);
      const metrics: object[] = [];
      for (const runId of [...runIds].sort()) {
        if (metrics.length >= limit) break;
        const key = params.requiredText('metric_key');
        const page = await log.history(runId, key, { maxResults: limit - metrics.length });
        metrics.push(...page.items.map((metric) => ({ ...metricOf(metric), run_id: runId })));
      }
      return { metrics };
    }),
    read('metrics/get-history-bulk-interval', async (params) => {
      const runIds = params.texts('run_ids');
      if (runIds.length === 0) throw missing('run_ids');
      const found = await log.historyInterval(runIds, params.requiredText('metric_key'), rangeOf(params));
      return { metrics: filled(found.map((metric) => ({ ...metricOf(metric), run_id: metric.runId }))) };
    }),
  ];
}

/** @throws PilotfishError `USAGE`, in MLflow's words. */
function checkBulk(runIds: readonly string[], key: string | undefined): void {
  const call = 'GetMetricHistoryBulk request';
  if (runIds.length === 0) throw usage(`${call} must specify at least one run_id`);
  if (runIds.length > MAX_BULK_RUNS) {
    throw usage(
      `${call} cannot specify more than ${MAX_BULK_RUNS} run_ids. Received ${runIds.length} run_ids.`,
    );
  }
  if (!key) throw usage(`${call} must specify a metric_key`);
}

/** @throws PilotfishError `USAGE`. */
function rangeOf(params: Params) {
  const maxResults = params.integer('max_results') ?? DEFAULT_INTERVAL;
  const [startStep, endStep] = [params.integer('start_step'), params.integer('end_step')];
  if (startStep === undefined && endStep === undefined) return { maxResults };
  if (startStep !== undefined && endStep !== undefined) return { startStep, endStep, maxResults };
  throw usage('If either start step or end step are specified, both must be specified.');
}
