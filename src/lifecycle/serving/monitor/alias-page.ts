import type { ModelRegistry } from '../../registry/index.ts';
import { collectedMetric, type MetricDefinition } from './definitions.ts';
import { type CollectedMetric, exposition } from './exposition.ts';

/** The metrics of document 003 that a registry has, by the document's names. */
export const DOCUMENT_METRICS = {
  models: {
    name: 'ml_models_total',
    help: 'Versions of models by status.',
    type: 'gauge',
    labels: ['status'],
  },
  fileSize: {
    name: 'ml_model_file_size_bytes',
    help: 'Bytes of the files of a version.',
    type: 'gauge',
    labels: ['model_id'],
  },
  promotion: {
    name: 'ml_model_promotion_total',
    help: 'Changes of status since the registry was made.',
    type: 'counter',
    labels: ['from_status', 'to_status'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Versions that are told apart by their id on the page. */
const MAX_VERSIONS = 1000;

/**
 * The documents' own metric names in the text format of Prometheus, for dashboards that were made for them. They break
 * rules that names keep today (`ml_models_total` is no counter), so the page is opt-in and apart from `/metrics`. It reads
 * all versions and the audit log: scrape it seldom. Of more than 1000 versions the sizes of the last are left out.
 * @param more what other rooms have under the documents' names
 */
export async function documentMetricsPage(
  registry: Pick<ModelRegistry, 'listModels' | 'audit'>,
  more: readonly CollectedMetric[] = [],
): Promise<string> {
  const versions = await registry.listModels();
  const byStatus = new Map<string, number>();
  for (const { status } of versions) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  const changes = await registry.audit.statusChanges();
  return exposition([
    collectedMetric(
      DOCUMENT_METRICS.models,
      [...byStatus].map(([status, value]) => ({ labels: { status }, value })),
    ),
    collectedMetric(
      DOCUMENT_METRICS.fileSize,
      versions
        .slice(0, MAX_VERSIONS)
        .map(({ modelId, fileSize }) => ({ labels: { model_id: modelId }, value: fileSize })),
    ),
    collectedMetric(
      DOCUMENT_METRICS.promotion,
      changes.map(({ from, to, count }) => ({ labels: { from_status: from, to_status: to }, value: count })),
    ),
    ...more,
  ]);
}
