import { type Clock, type FileSystem, makeDirectories, PilotfishError } from '../../base/index.ts';
import {
  type IngestStore,
  type RegistryDirectory,
  readDataSource,
  StateJobQueue,
  type TrainingRequest,
} from '../../lifecycle/index.ts';

export type TrainingParts = {
  readonly directory: RegistryDirectory;
  readonly store: IngestStore;
  readonly fs: FileSystem;
  readonly clock: Clock;
};

/** Where rows that were sent lie as data sets, within the data directory. */
const FOLDER = 'datasets';

/**
 * Queues trainings for the workers: on the data set that is named, or on what was sent for the model.
 * @throws PilotfishError of the call: `EMPTY` when there is nothing to learn from, as the queue.
 */
export function trainingQueue({
  directory,
  store,
  fs,
  clock,
}: TrainingParts): (request: TrainingRequest) => Promise<string> {
  const queue = new StateJobQueue(directory.state, directory.registry, { clock });
  const exported = async (model: string): Promise<string> => {
    const source = (await store.list()).find((each) => each.model === model);
    if (source === undefined) {
      throw new PilotfishError(
        'EMPTY',
        `there is nothing to train ${model} on: name a dataset in the policy, or send rows to a source with this model`,
      );
    }
    const { name, classes } = source;
    const dataset = await readDataSource(store.source(name), { table: classes === null ? {} : { classes } });
    const folder = `${directory.path}/${FOLDER}`;
    makeDirectories(fs, folder);
    await dataset.save(`${folder}/${name}.json`, fs);
    return `${folder}/${name}.json`;
  };
  return async ({ model, reason, actor, key, dataset }) => {
    const request = { modelName: model, datasetPath: dataset ?? (await exported(model)) };
    const job = await queue.submit({ kind: 'train', request, dedupeKey: key }, { actor, reason });
    return String(job.id);
  };
}
