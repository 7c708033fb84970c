import type { Clock, FileSystem, Log } from '../../base/index.ts';
import {
  AlertDesk,
  IngestStore,
  type ModelMonitor,
  type ModelServer,
  QualityFeed,
  type RegistryDirectory,
  type TrainingRequest,
} from '../../lifecycle/index.ts';
import { trainingQueue } from './trainings.ts';

/** What the server is told from outside: alerts, rows in bulk, and what follows from them. */
export type Operations = {
  readonly queueTraining: (request: TrainingRequest) => Promise<string>;
  readonly alerts: AlertDesk;
  readonly ingest: { readonly store: IngestStore; readonly feed: QualityFeed };
};

export type OperationsParts = {
  readonly directory: RegistryDirectory;
  readonly models: ModelServer;
  readonly monitor: ModelMonitor;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly log: Log;
};

export function makeOperations({ directory, models, monitor, fs, clock, log }: OperationsParts): Operations {
  const { state, registry } = directory;
  const store = new IngestStore({ state, audit: registry.audit, clock });
  const currentOf = (model: string): string | undefined =>
    models.names.includes(model) ? (models.describe(model).current ?? undefined) : undefined;
  const queueTraining = trainingQueue({ directory, store, fs, clock });
  return {
    queueTraining,
    alerts: new AlertDesk({ state, registry, clock, queueTraining }),
    ingest: { store, feed: new QualityFeed({ store, monitor, currentOf, log }) },
  };
}
