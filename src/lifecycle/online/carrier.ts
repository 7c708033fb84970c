import { hasCode, PilotfishError } from '../../base/index.ts';
import type { StreamLearner } from '../../learn/index.ts';
import type { ModelRegistry, ModelVersion, RegistryChange } from '../registry/index.ts';
import { bytesOf, openLearner } from './engine/learners.ts';
import type { Outcome } from './engine/settings.ts';
import type { PipelineSettings } from './types.ts';

const FILE = 'model.safetensors';
const FRAMEWORK = 'pilotfish';
const FEATURES = 'features';

/** What a pipeline asks of the registry. */
export type PipelineRegistry = Pick<
  ModelRegistry,
  'registerModel' | 'promoteModel' | 'rollbackModel' | 'loadModel' | 'transitions' | 'versions' | 'audit'
>;

/** How a version is named within its model. */
export const keyOf = ({ version, number }: ModelVersion): string => version ?? String(number);

/** A version that a pipeline may go on from, with the names of its features if it says them. */
export async function openVersion(
  registry: PipelineRegistry,
  modelId: string,
): Promise<{
  readonly version: ModelVersion;
  readonly learner: StreamLearner;
  readonly features: string[] | undefined;
}> {
  const { version, files } = await registry.loadModel(modelId);
  const bytes = files.get(FILE);
  if (bytes === undefined) {
    throw new PilotfishError(
      'UNSUPPORTED',
      `${version.name}/${version.number} is no learner that can go on learning (it has no ${FILE}): begin with { learner: { kind: 'logistic', features } }`,
    );
  }
  const named = version.parameters[FEATURES];
  const features = typeof named === 'string' ? named.split(',') : undefined;
  return { version, learner: openLearner(bytes), features };
}

/** Registers a learner that has learnt nothing, as a draft. @returns the id of the version */
export function registerNew(
  registry: PipelineRegistry,
  {
    key,
    settings: { modelName: name, algorithm, features },
    learner,
  }: { readonly key: string; readonly settings: PipelineSettings; readonly learner: StreamLearner },
  change: NonNullable<Parameters<PipelineRegistry['registerModel']>[2]>,
): Promise<string> {
  return registry.registerModel(
    {
      ...{ name, version: key, algorithm, framework: FRAMEWORK },
      description: 'learnt nothing yet',
      parameters: { [FEATURES]: features.join(',') },
    },
    [{ name: FILE, content: bytesOf(learner) }],
    change,
  );
}

/**
 * Tells the registry of a swap or a rollback; told twice, it does it once.
 * @returns false when another version is in production than the one the pipeline compared with: nothing was changed then
 * @throws PilotfishError as the registry.
 */
export async function carry(
  registry: PipelineRegistry,
  settings: PipelineSettings,
  outcome: Outcome,
): Promise<boolean> {
  const present = await registry.transitions.productionOf(settings.modelName);
  const change = { actor: `online ${settings.pipelineId}`, reason: reasonOf(outcome) };
  if (outcome.kind === 'rollback') return rollBack(registry, { settings, outcome, present }, change);
  if (present !== undefined && ![outcome.key, outcome.replaced].includes(keyOf(present))) return false;
  const version = await registered(registry, settings, outcome, change);
  if (version.status === 'draft') await registry.promoteModel(version.modelId, 'testing', change);
  const evidence = (kind: string) => ({ kind, passed: true, summary: change.reason, report: outcome.report });
  if (version.status === 'draft' || version.status === 'testing') {
    await registry.promoteModel(version.modelId, 'staging', {
      evidence: [evidence('evaluation')],
      ...change,
    });
  }
  if (version.status !== 'production' && version.status !== 'archived') {
    await registry.promoteModel(version.modelId, 'production', {
      evidence: [evidence('experiment')],
      ...change,
    });
  }
  return true;
}

type Back = {
  readonly settings: PipelineSettings;
  readonly outcome: Outcome;
  readonly present: ModelVersion | undefined;
};

async function rollBack(
  registry: PipelineRegistry,
  { settings, outcome, present }: Back,
  change: RegistryChange & { readonly reason: string },
): Promise<boolean> {
  if (present === undefined || keyOf(present) === outcome.key) return true;
  if (keyOf(present) !== outcome.replaced) return false;
  const { modelId } = present;
  const report = { kind: 'experiment', passed: false, summary: change.reason, report: outcome.report };
  await registry.transitions.addEvidence({ modelId }, report, change);
  try {
    await registry.rollbackModel(settings.modelName, change);
  } catch (error) {
    // The version before was never in production: then nothing of this name serves.
    if (!hasCode(error, 'REFUSED')) throw error;
    await registry.promoteModel(modelId, 'archived', change);
  }
  return true;
}

async function registered(
  registry: PipelineRegistry,
  settings: PipelineSettings,
  outcome: Outcome,
  change: RegistryChange,
): Promise<ModelVersion> {
  const { modelName: name, pipelineId, algorithm, features, classes } = settings;
  const { key: version, bytes = new Uint8Array(), report, replaced = '' } = outcome;
  const score = Number(report['score'] ?? 0);
  const metrics = classes > 0 ? { accuracy: score } : { mean_absolute_error: -score };
  try {
    await registry.registerModel(
      {
        ...{ name, version, algorithm, framework: FRAMEWORK, metrics },
        description: `learnt by the pipeline ${pipelineId}, from ${replaced}`,
        parameters: { [FEATURES]: features.join(','), pipeline: pipelineId, replaced },
        trainingData: {
          jobId: pipelineId,
          sampleCount: Number(report['learnt'] ?? 0),
          featureCount: features.length,
        },
        lineage: { command: `pilotfish online log ${pipelineId} --verify` },
      },
      [{ name: FILE, content: bytes }],
      change,
    );
  } catch (error) {
    // Another process, or this one before it was killed, was here already.
    if (!hasCode(error, 'EXISTS')) throw error;
  }
  return registry.versions.get({ name, version });
}

const reasonOf = ({ kind, key, replaced, report }: Outcome): string => {
  const evidence = `e-process ${Number(report['logEvidence']).toFixed(2)} in natural logarithms after ${report['trialSamples']} samples beside it`;
  return kind === 'swap'
    ? `${key} beat ${replaced} on samples it had not learnt: ${evidence}`
    : `${replaced} is worse than ${key} was: ${evidence}`;
};
