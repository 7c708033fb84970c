import type { FastifyInstance } from 'fastify';
import { ABTestManager } from '../../lifecycle/index.ts';
import { makeFrame } from '../frame/frame.ts';
import { addHealth } from '../frame/health.ts';
import { addInference } from '../inference/inference.ts';
import { HttpMetrics } from '../metrics/http-metrics.ts';
import { addMetrics } from '../metrics/metrics.ts';
import { addMlflow } from '../mlflow-routes/mlflow.ts';
import { addDocument, addNative } from '../native/native.ts';
import type { ServerOptions } from './options.ts';
import type { Parts } from './parts.ts';

/** All routes, on the parts they ask. */
export async function makeApp(options: ServerOptions, parts: Parts): Promise<FastifyInstance> {
  const { clock, random, version } = options;
  const { directory, log, access, follower, models, source, monitor, operations, dispatcher, tuned } = parts;
  const isDraining = (): boolean => parts.draining.signal.aborted;
  const http = new HttpMetrics();
  const app = makeFrame({ access, clock, random, log, tuned, observer: http });
  await addDocument(app, version);
  addHealth(app, {
    version,
    isDraining,
    check: () => directory.state.read(async (sql) => void (await sql.get('SELECT 1'))),
  });
  addMlflow(app, { directory, dispatcher, log });
  addInference(app, { models, source, log, version, isDraining });
  const { state, registry } = directory;
  const experiments = new ABTestManager(state, {
    audit: registry.audit,
    clock,
    random,
    ...options.abDefaults,
  });
  addNative(app, {
    ...{ directory, models, clock, ...operations, experiments, rollouts: parts.rollouts, drift: parts.drift },
    online: parts.online,
    follow: () => follower.follow(),
  });
  addMetrics(app, {
    directory,
    monitor,
    online: parts.online,
    drift: parts.drift,
    rollouts: parts.rollouts,
    experiments,
    http,
    log,
    production: () => source.names(),
    version,
  });
  return app;
}
