import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Log, MIB, PilotfishError } from '../../base/index.ts';
import type { ModelDescription, ModelServer, Prediction } from '../../lifecycle/index.ts';
import { explain } from '../frame/frame.ts';
import { takeJson } from '../frame/json-body.ts';
import { requireModel } from '../identity.ts';
import { rowsOf, type Tensor } from './tensors.ts';

/** Which versions are in production, by the names the models are served under. */
export interface ServedNames {
  names(): readonly string[];
  /** The version that answers for a name; undefined when none is in production. */
  find(name: string): { readonly number: number; readonly version: string | undefined } | undefined;
}

export type InferenceOptions = {
  readonly models: ModelServer;
  readonly source: ServedNames;
  readonly log: Log;
  /** Of this program. */
  readonly version: string;
  /** Whether the server is about to end. */
  readonly isDraining: () => boolean;
};

const MAX_BODY_BYTES = 64 * MIB;
const INPUT = 'features';
const VALUES = 'values';
const LABEL = 'label';

type Path = { readonly model: string; readonly version?: string };

/** Adds the Open Inference Protocol, version 2: https://github.com/kserve/open-inference-protocol */
export function addInference(app: FastifyInstance, options: InferenceOptions): void {
  const { log, version, source } = options;
  const [anyone, viewer, approver] = [
    { role: 'anyone' } as const,
    { role: 'viewer' } as const,
    { role: 'approver' } as const,
  ];
  void app.register((scope, _options, done) => {
    scope.setErrorHandler((error, request: FastifyRequest, reply: FastifyReply) => {
      const { status, message } = explain({ log }, error, request);
      void reply.code(status).send({ error: message });
    });
    takeJson(scope);
    scope.get('/v2', { config: anyone }, () => ({
      name: 'pilotfish',
      version,
      extensions: ['model_repository'],
    }));
    scope.get('/v2/health/live', { config: anyone }, () => ({ live: true }));
    // The text of the protocol says `live` here, its examples `ready`.
    scope.get('/v2/health/ready', { config: anyone }, (_request, reply) => {
      const isReady = !options.isDraining();
      return reply.code(isReady ? 200 : 503).send({ ready: isReady, live: true });
    });
    for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
      scope.get<{ Params: Path }>(path, { config: viewer }, (request) => describe(options, request));
      scope.get<{ Params: Path }>(`${path}/ready`, { config: viewer }, (request) => ready(options, request));
      const infers = { config: viewer, bodyLimit: MAX_BODY_BYTES };
      scope.post<{ Params: Path }>(`${path}/infer`, infers, (request) => infer(options, request));
    }
    scope.post('/v2/repository/index', { config: viewer }, ({ identity }) =>
      source
        .names()
        .filter((name) => identity?.models?.includes(name) ?? true)
        .map((name) => entryOf(options, name)),
    );
    scope.post<{ Params: Path }>(
      '/v2/repository/models/:model/load',
      { config: approver },
      async (request) => {
        const [name, number] = wanted(options, request);
        await options.models.load(name, number);
        return {};
      },
    );
    scope.post<{ Params: Path }>(
      '/v2/repository/models/:model/unload',
      { config: approver },
      async (request) => {
        const [name] = wanted(options, request);
        await options.models.unload(name);
        return {};
      },
    );
    done();
  });
}

/** The model and version a call means. @throws PilotfishError `MISSING` for what is not in production. */
function wanted(
  { source }: InferenceOptions,
  { params, identity }: FastifyRequest<{ Params: Path }>,
): [string, string | undefined] {
  const { model, version } = params;
  requireModel(identity, model);
  const current = source.find(model);
  if (current === undefined) {
    throw new PilotfishError('MISSING', `there is no version of ${model} in production; promote one`);
  }
  return [model, version !== undefined && version === current.version ? String(current.number) : version];
}

async function described(
  options: InferenceOptions,
  request: FastifyRequest<{ Params: Path }>,
): Promise<ModelDescription> {
  const [name, version] = wanted(options, request);
  await options.models.load(name, version);
  return options.models.describe(name, version);
}

async function describe(
  options: InferenceOptions,
  request: FastifyRequest<{ Params: Path }>,
): Promise<object> {
  const { name, versions, loaded } = await described(options, request);
  const { platform = 'pilotfish', inputs = 0, outputs = 0, classes = null, features = null } = loaded ?? {};
  return {
    ...{ name, versions: versions.map(({ version }) => version), platform },
    inputs: [
      {
        name: INPUT,
        datatype: 'FP64',
        shape: [-1, inputs],
        parameters: features && { names: features.map((each) => each.name) },
      },
    ],
    outputs: [
      { name: VALUES, datatype: 'FP64', shape: [-1, outputs], parameters: classes && { names: classes } },
      ...(classes === null ? [] : [{ name: LABEL, datatype: 'BYTES', shape: [-1] }]),
    ],
  };
}

/** Ready is what can be asked; what cannot be loaded says why. */
async function ready(options: InferenceOptions, request: FastifyRequest<{ Params: Path }>): Promise<object> {
  const { name } = await described(options, request);
  return { name, ready: true, live: true };
}

async function infer(options: InferenceOptions, request: FastifyRequest<{ Params: Path }>): Promise<object> {
  const { models } = options;
  const [name, version] = wanted(options, request);
  await models.load(name, version);
  const { loaded } = models.describe(name, version);
  const rows = rowsOf(request.body, loaded?.inputs ?? 0);
  // All asked in one turn of a model that is loaded: no swap comes between them.
  const answers = await Promise.all(
    rows.map((row) => models.predict(name, row, version === undefined ? {} : { version })),
  );
  const { id, outputs } = request.body as { id?: string; outputs?: readonly { name?: unknown }[] };
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...{ model_name: name, model_version: answers[0]?.version ?? version },
    outputs: selected(tensorsOf(answers, loaded?.outputs ?? 0), outputs),
  };
}

function tensorsOf(answers: readonly Prediction[], width: number): Tensor[] {
  const rows = answers.length;
  const data: number[] = [];
  for (const { values } of answers) data.push(...values);
  const values = { name: VALUES, datatype: 'FP64', shape: [rows, width], data };
  const labels = answers.map(({ label }) => label).filter((label) => label !== null);
  return labels.length === 0
    ? [values]
    : [values, { name: LABEL, datatype: 'BYTES', shape: [rows], data: labels }];
}

/** Only what was asked for. @throws PilotfishError `USAGE` for a tensor that there is not. */
function selected(
  tensors: readonly Tensor[],
  outputs: readonly { name?: unknown }[] | undefined,
): readonly Tensor[] {
  if (!Array.isArray(outputs) || outputs.length === 0) return tensors;
  return outputs.map(({ name }) => {
    const found = tensors.find((tensor) => tensor.name === name);
    if (found !== undefined) return found;
    const names = tensors.map((tensor) => tensor.name).join(', ');
    throw new PilotfishError('USAGE', `the model has no output ${JSON.stringify(name)}; ask for ${names}`);
  });
}

function entryOf({ models, source }: InferenceOptions, name: string): object {
  const version = String(source.find(name)?.number ?? '');
  const isReady = models.names.includes(name) && models.describe(name).loaded !== null;
  return { name, version, state: isReady ? 'READY' : 'UNAVAILABLE', reason: '' };
}
