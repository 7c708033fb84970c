import {
  exists,
  type FileSystem,
  hasCode,
  makeDirectories,
  readSmallFile,
  writeAll,
} from '../../base/index.ts';
import { loadArtefact, modelClassOf } from '../../decisions/index.ts';
import { TrainingDataset } from '../dataset/index.ts';
import type { ModelRegistry } from '../registry/index.ts';
import { HyperparameterTuner, type TrainerPorts, TrainingScheduler } from '../training/index.ts';
import type { AttemptResult, Claim, TrainJob, TuneJob } from './types.ts';

/** What an attempt works with. */
export type AttemptPorts = {
  readonly registry: Pick<ModelRegistry, 'loadProduction'>;
  readonly fs: FileSystem;
  readonly ports: TrainerPorts;
  /** Where the attempts of all jobs lie. */
  readonly workDirectory: string;
};

const CHECKPOINT = 'checkpoint.safetensors';
const JOURNAL = 'journal.jsonl';
const MAX_KEPT_BYTES = 256 * 1024 * 1024;

/**
 * Does the work of a claim in a folder of its own, `JOB/TOKEN`: a worker that was thought dead and goes on changes
 * nothing of what its successor writes. What the attempt before left (checkpoint, journal) is copied, so that a killed
 * training goes on where it stopped.
 * @throws PilotfishError as the scheduler and the tuner; `INTERRUPTED` by the signal.
 */
export async function attempt(
  claim: Claim,
  given: AttemptPorts,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const { job, token } = claim;
  const home = `${given.workDirectory}/${job.id}`;
  const directory = `${home}/${token}`;
  makeDirectories(given.fs, `${directory}/checkpoint`);
  for (const file of [`checkpoint/${CHECKPOINT}`, JOURNAL]) copyNewest(given.fs, home, { token, file });
  return job.kind === 'train'
    ? train(job.request, directory, given, signal)
    : tune(job.request, directory, given, signal);
}

/** One run of the scheduler, judged against what is in production. */
async function train(
  request: TrainJob,
  directory: string,
  { registry, fs, ports }: AttemptPorts,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const { modelName } = request;
  const { room } = new (modelClassOf(modelName))({ name: modelName });
  await layIncumbent(registry, fs, { modelName, path: `${directory}/models/${room}` });
  const scheduler = new TrainingScheduler({
    ...{ dbPath: `${directory}/training.db`, modelsDir: `${directory}/models`, ports },
  });
  try {
    const config = { ...request.config, logDir: null };
    scheduler.scheduleJob({
      ...request,
      ...{ config, schedule: 'weekly', checkpointPath: `${directory}/checkpoint` },
    });
    const outcome = await scheduler.runNextJob({ signal });
    if (outcome === null) return { figures: { trained: false } };
    const { metrics, gate } = outcome;
    const { accuracy, loss, epochs, resumedFrom } = metrics;
    return {
      figures: { trained: true, accuracy, loss, epochs, resumedFrom, gate },
      artefact: loadArtefact(fs, `${directory}/checkpoint/model`),
    };
  } finally {
    scheduler.close();
  }
}

async function tune(
  { modelName, datasetPath, space, trials = 50, metric = 'accuracy', seed = 42, config = {} }: TuneJob,
  directory: string,
  { fs, ports }: AttemptPorts,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const dataset = await TrainingDataset.load(datasetPath, fs);
  const [trainData, valData, testData] = dataset.split({ duplicates: 'drop' });
  const tuner = new HyperparameterTuner(
    {
      ...{ modelClass: modelClassOf(modelName), modelConfig: { name: modelName }, trainData, valData },
      ...{ nTrials: trials, seed, config, quality: { siblings: [testData] } },
      journal: `${directory}/${JOURNAL}`,
    },
    ports,
  );
  const best = await tuner.tune(space, { metric, signal });
  return { figures: { best, value: tuner.bestValue ?? null, trials: tuner.trials.length } };
}

/** Lays the version in production where the gate looks for the model that serves. */
async function layIncumbent(
  registry: AttemptPorts['registry'],
  fs: FileSystem,
  { modelName, path }: { readonly modelName: string; readonly path: string },
): Promise<void> {
  try {
    const { files } = await registry.loadProduction(modelName);
    makeDirectories(fs, path);
    for (const [name, content] of files) write(fs, `${path}/${name}`, content);
  } catch (error) {
    // Nothing in production, or nothing that can be asked: the gate compares with the rule alone.
    if (!hasCode(error)) throw error;
  }
}

/** Copies a file from the latest attempt before this one that has it. */
function copyNewest(
  fs: FileSystem,
  home: string,
  { token, file }: { readonly token: number; readonly file: string },
): void {
  for (let earlier = token - 1; earlier > 0; earlier -= 1) {
    const path = `${home}/${earlier}/${file}`;
    if (!exists(fs, path)) continue;
    write(fs, `${home}/${token}/${file}`, readSmallFile(fs, path, MAX_KEPT_BYTES));
    return;
  }
}

function write(fs: FileSystem, path: string, content: Uint8Array): void {
  const fd = fs.open(path, 'truncate', 0o600);
  try {
    writeAll(fs, fd, content, 0);
  } finally {
    fs.close(fd);
  }
}
