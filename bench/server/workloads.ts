// What the servers are asked. Every task works on objects of its own, so that no round depends on another.
import { PilotfishClient } from '../../src/http/client/index.ts';
import type { Ask, Wire } from './load.ts';

/** Requests by number, and what the server holds once they were answered: the same for every server. */
export interface Task {
  ask(index: number): Ask;
  stored(): Promise<unknown>;
}

export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly connections: readonly number[];
  /** Only servers that serve models are asked. */
  readonly isInference?: true;
  /** Must be this many times as fast as MLflow's server at 16 connections. */
  readonly goal?: number;
  /** `name` is one the server does not know yet. */
  makeTask(wire: Wire, name: string): Promise<Task>;
}

const METRICS = 1000;
const KEYS = 10;
const SOURCE = 's3://bucket/model';
const NAMES = 16;
const api = '/api/2.0/mlflow/';

const post = (path: string, values: object): Ask => ({
  method: 'POST',
  path: `${api}${path}`,
  body: JSON.stringify(values),
});
const get = (path: string, values: Readonly<Record<string, string>>): Ask => ({
  method: 'GET',
  path: `${api}${path}?${new URLSearchParams(values)}`,
});

async function makeRun(wire: Wire, name: string): Promise<string> {
  const asked = post('runs/create', { experiment_id: '0', run_name: name, start_time: 1 });
  return (await wire.well<{ run: { info: { run_id: string } } }>(asked)).run.info.run_id;
}

interface MetricRow {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number | string;
  readonly step?: number | string;
}

/** Everything a run has logged, in an order of its own. */
async function metricsOf(wire: Wire, runId: string): Promise<unknown> {
  const rows: [string, number, number, number][] = [];
  for (let key = 0; key < KEYS; key += 1) {
    const asked = { run_id: runId, metric_key: `metric-${key}`, max_results: '20000' };
    const { metrics = [] } = await wire.well<{ metrics?: MetricRow[] }>(get('metrics/get-history', asked));
    for (const { key: name, value, timestamp, step } of metrics)
      rows.push([name, value, Number(timestamp), Number(step ?? 0)]);
  }
  return rows.sort((a, b) => a[0].localeCompare(b[0]) || a[2] - b[2] || a[3] - b[3]);
}

async function logBatch(wire: Wire, name: string): Promise<Task> {
  const runId = await makeRun(wire, name);
  const metrics = Array.from({ length: METRICS }, (_, i) => ({
    ...{ key: `metric-${i % KEYS}`, value: i / 8, timestamp: '@', step: Math.floor(i / KEYS) },
  }));
  const { method, path, body = '' } = post('runs/log-batch', { run_id: runId, metrics });
  return {
    // Only the time differs: what asks must cost little beside what answers.
    ask: (index) => ({ method, path, body: body.replaceAll('"@"', String(index + 1)) }),
    stored: () => metricsOf(wire, runId),
  };
}

async function logMetric(wire: Wire, name: string): Promise<Task> {
  const runId = await makeRun(wire, name);
  return {
    ask: (index) => {
      const metric = { key: `metric-${index % KEYS}`, value: index / 8, timestamp: index + 1, step: index };
      return post('runs/log-metric', { run_id: runId, ...metric });
    },
    stored: () => metricsOf(wire, runId),
  };
}

/** Versions of so many models, one after another. */
async function createVersions(wire: Wire, name: string, models: number): Promise<Task> {
  const nameOf = (index: number): string => `${name}-${index % models}`;
  for (let i = 0; i < models; i += 1) await wire.well(post('registered-models/create', { name: nameOf(i) }));
  return {
    ask: (index) => post('model-versions/create', { name: nameOf(index), source: SOURCE }),
    stored: async () => {
      const asked = get('model-versions/search', { filter: `name LIKE '${name}-%'`, max_results: '1000' });
      type Version = { name: string; version: string; source: string };
      const { model_versions: found = [] } = await wire.well<{ model_versions?: Version[] }>(asked);
      const rows = found.map(({ name: of, version, source }) => [
        of.slice(name.length),
        Number(version),
        source,
      ]);
      return rows.map((row) => JSON.stringify(row)).sort();
    },
  };
}

async function aliasGet(wire: Wire, name: string): Promise<Task> {
  await wire.well(post('registered-models/create', { name }));
  await wire.well(post('model-versions/create', { name, source: SOURCE }));
  await wire.well(post('registered-models/alias', { name, alias: 'champion', version: '1' }));
  const ask = get('registered-models/alias', { name, alias: 'champion' });
  type Found = { model_version: { version: string; source: string } };
  return {
    ask: () => ask,
    stored: async () => {
      const { version, source } = (await wire.well<Found>(ask)).model_version;
      return [version, source];
    },
  };
}

/** The row every model is asked about. */
export const rowOf = (features: number): number[] => Array.from({ length: features }, (_, i) => i / features);

/** The model that is asked: it comes with Pilotfish. */
export const MODEL = 'codec';

/** Takes it to production: a server only registers what comes with it. */
async function ensureServed(url: string): Promise<void> {
  const client = new PilotfishClient({ url });
  const versions = await client.list({ name: MODEL });
  const [latest] = versions.slice(-1);
  if (latest === undefined || versions.some(({ status }) => status === 'production')) return;
  const passed = (kind: string) => ({ evidence: [{ kind, passed: true, summary: 'for the benchmark' }] });
  const ref = { name: MODEL, version: latest.number };
  if (latest.status === 'draft') await client.promote(ref, 'testing');
  if (latest.status !== 'staging') await client.promote(ref, 'staging', passed('evaluation'));
  await client.promote(ref, 'production', passed('experiment'));
}

async function infer(wire: Wire): Promise<Task> {
  await ensureServed(wire.url);
  const path = `/v2/models/${MODEL}`;
  const { inputs } = await wire.well<{ inputs: { shape: number[] }[] }>({ method: 'GET', path });
  const features = inputs[0]?.shape[1] ?? 0;
  const tensor = { name: 'features', datatype: 'FP64', shape: [1, features], data: rowOf(features) };
  const ask: Ask = { method: 'POST', path: `${path}/infer`, body: JSON.stringify({ inputs: [tensor] }) };
  return {
    ask: () => ask,
    stored: async () => (await wire.well<{ outputs: { data: unknown }[] }>(ask)).outputs[0]?.data,
  };
}

const both = [1, 16];
const times = 10;

export const workloads: readonly Workload[] = [
  {
    ...{ id: 'log-batch', title: `log-batch of ${METRICS} metrics`, connections: both, goal: times },
    makeTask: logBatch,
  },
  { id: 'log-metric', title: 'log-metric', connections: both, goal: times, makeTask: logMetric },
  {
    ...{ id: 'create', title: `create-model-version, ${NAMES} models`, connections: both, goal: times },
    makeTask: (wire, name) => createVersions(wire, name, NAMES),
  },
  {
    ...{ id: 'parallel', title: 'create-model-version, all of one model', connections: [16] },
    ...{ goal: times, makeTask: (wire, name) => createVersions(wire, name, 1) },
  },
  { id: 'alias', title: 'version by alias', connections: both, goal: times, makeTask: aliasGet },
  {
    ...{ id: 'infer', title: 'Open Inference Protocol, one row', connections: both, isInference: true },
    makeTask: infer,
  },
];
