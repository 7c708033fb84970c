import { isObject, need, PilotfishError } from '../../base/index.ts';
import type { StreamLearner } from '../../learn/index.ts';
import type { RegistryChange, Sql } from '../registry/index.ts';
import { keyOf, openVersion, type PipelineRegistry, registerNew } from './carrier.ts';
import { checkName, checkPipelineId, type PipelineDefaults, settingsOf } from './check.ts';
import { PipelineEngine } from './engine/engine.ts';
import { atRate, newLearner } from './engine/learners.ts';
import type { Keeper } from './keeper.ts';
import { engineSettings, rows } from './pipeline-log.ts';
import type { LearningPipeline, PipelineSettings } from './types.ts';

const MAX_PIPELINES = 1000;

type Request = {
  readonly pipeline: LearningPipeline;
  readonly defaults: PipelineDefaults;
  readonly change: RegistryChange;
};

type Beginning = {
  readonly modelId?: string;
  readonly modelName: string;
  readonly key: string;
  readonly learner: StreamLearner;
  readonly features: readonly string[] | undefined;
};

/** Makes a pipeline, and the version it begins with if it begins with none. @throws as `OnlineLearner.createPipeline`. */
export async function createPipeline(
  keeper: Keeper,
  registry: PipelineRegistry,
  { pipeline, defaults, change }: Request,
): Promise<void> {
  need(
    isObject(pipeline),
    'a pipeline is an object: give { pipelineId, name, modelId } or, in place of modelId, learner',
  );
  const id = checkPipelineId(pipeline.pipelineId);
  const { learningRate = 0.01 } = pipeline;
  checkName(pipeline.name);
  await keeper.state.read((sql) => requireRoom(sql, id));
  const beginning = await beginningOf(registry, pipeline);
  const features = pipeline.features ?? beginning.features;
  if (features === undefined) {
    throw new PilotfishError(
      'USAGE',
      "the version does not say in which order its features come: give features: ['request_size', …]",
    );
  }
  const { key, modelName, learner } = beginning;
  const present = await registry.transitions.productionOf(modelName);
  if (present !== undefined && present.modelId !== beginning.modelId) {
    throw new PilotfishError(
      'REFUSED',
      `${present.name}/${present.number} is in production: begin with it, ${present.modelId}`,
    );
  }
  const { modelId = '' } = beginning;
  const settings = settingsOf(pipeline, defaults, { modelId, modelName, features, learner });
  const champion = { key, learner: atRate(learner, learningRate) };
  const insert = inserter(keeper, settings, { champion, change });
  if (modelId !== '') return keeper.state.write((sql) => insert(sql, modelId));
  // In one transaction: the version of a pipeline that is not there would be in the way of the next try.
  await registerNew(registry, { key, settings, learner }, { ...change, within: insert });
}

/** What keeps a pipeline that begins with a version, within a transaction. */
function inserter(
  keeper: Keeper,
  settings: PipelineSettings,
  given: {
    readonly champion: ConstructorParameters<typeof PipelineEngine>[1];
    readonly change: RegistryChange;
  },
): (sql: Sql, modelId: string) => Promise<void> {
  const { pipelineId: id } = settings;
  const saved = JSON.stringify(new PipelineEngine(engineSettings(settings), given.champion).save());
  const nowMs = keeper.clock.nowMs();
  return async (sql, modelId) => {
    const kept = { ...settings, modelId };
    await requireRoom(sql, id);
    await sql.run(
      `INSERT INTO online_pipelines (id, settings, status, error, failures, retry_ms, last_seq, carried_seq, origin,
         origin_seq, checkpoint, checkpoint_seq, duplicates, created_ms, updated_ms)
       VALUES (?, ?, 'active', NULL, 0, 0, 0, 0, ?, 0, ?, 0, 0, ?, ?)`,
      ...[id, JSON.stringify(kept), saved, saved, nowMs, nowMs],
    );
    await keeper.note(sql, ['pipeline.create', id, null, kept], given.change);
  };
}

async function requireRoom(sql: Sql, id: string): Promise<void> {
  const all = await rows(sql);
  if (all.some((row) => row.id === id)) {
    throw new PilotfishError('EXISTS', `there is a pipeline ${id} already: choose another id`);
  }
  if (all.length < MAX_PIPELINES) return;
  throw new PilotfishError('LIMIT', `there are ${MAX_PIPELINES} pipelines already: use one of them`);
}

/** What a pipeline begins with: a version, or a learner that is not registered yet. */
async function beginningOf(
  registry: PipelineRegistry,
  { pipelineId, modelId, learner: draft, learningRate = 0.01 }: LearningPipeline,
): Promise<Beginning> {
  if (modelId !== undefined && draft === undefined) {
    const { version, learner, features } = await openVersion(registry, modelId);
    return { modelId, modelName: version.name, key: keyOf(version), learner, features };
  }
  if (draft !== undefined && modelId === undefined) {
    const learner = newLearner(draft, learningRate);
    return { modelName: pipelineId, key: `${pipelineId}.0`, learner, features: draft.features };
  }
  throw new PilotfishError(
    'USAGE',
    'a pipeline begins either with a modelId or with a learner: give one of them',
  );
}
