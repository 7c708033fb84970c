import { PilotfishError } from '../../base/index.ts';
import type { TrackingStore, ViewType } from '../../lifecycle/index.ts';
import { checkArtifactLocation } from './locations.ts';
import { experimentOf, filled } from './objects.ts';
import { type Params, wrong } from './params.ts';
import { queryOf } from './registered-models.ts';
import { done, type MlflowRoute, read, write } from './route.ts';

const MAX_RESULTS = 50_000;
const DEFAULT_RESULTS = 1000;
/** By their numbers in MLflow's protocol, from 1 on. */
const VIEW_TYPES = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const;

/** One of a list of names, by name or by number. @throws PilotfishError `USAGE`. */
export function choice<T extends string>(
  params: Params,
  name: string,
  choices: readonly T[],
  first = 1,
): T | undefined {
  if (!params.has(name)) return undefined;
  let given: string | number | undefined;
  try {
    given = params.integer(name);
  } catch {
    given = params.text(name);
  }
  const found = typeof given === 'number' ? choices[given - first] : choices.find((each) => each === given);
  if (found === undefined) throw wrong(name, given);
  return found;
}

export const viewTypeOf = (params: Params, name: string): ViewType =>
  choice(params, name, VIEW_TYPES) ?? 'ACTIVE_ONLY';

/** experiments/* */
export function experimentRoutes({ experiments }: TrackingStore): MlflowRoute[] {
  const idOf = (params: Params): string => params.requiredText('experiment_id');
  const search = async (params: Params): Promise<object> => {
    const viewType = viewTypeOf(params, 'view_type');
    const page = await experiments.search({ ...queryOf(params, [MAX_RESULTS, DEFAULT_RESULTS]), viewType });
    return { experiments: filled(page.items.map(experimentOf)), next_page_token: page.nextPageToken };
  };
  return [
    write('experiments/create', async (params, { change }) => {
      const artifactLocation = params.text('artifact_location') || undefined;
      checkArtifactLocation(artifactLocation);
      const draft = { name: params.requiredText('name'), artifactLocation, tags: params.record('tags') };
      return { experiment_id: await experiments.create(draft, change) };
    }),
    read('experiments/get', async (params) => ({
      experiment: experimentOf(await experiments.get(idOf(params))),
    })),
    read('experiments/get-by-name', async (params) => {
      const name = params.requiredText('experiment_name');
      const found = await experiments.findByName(name);
      if (found === undefined)
        throw new PilotfishError('MISSING', `Could not find experiment with name '${name}'`);
      return { experiment: experimentOf(found) };
    }),
    { ...read('experiments/search', search), methods: ['GET', 'POST'] },
    // As clients of MLflow 1 ask for it.
    read('experiments/list', search),
    write('experiments/delete', (params, { change }) => done(experiments.delete(idOf(params), change))),
    write('experiments/restore', (params, { change }) => done(experiments.restore(idOf(params), change))),
    write('experiments/update', (params, { change }) =>
      done(experiments.rename(idOf(params), params.requiredText('new_name'), change)),
    ),
    write('experiments/set-experiment-tag', (params) => {
      const tag = { key: params.requiredText('key'), value: params.text('value') ?? '' };
      return done(experiments.setTag(idOf(params), tag));
    }),
    write('experiments/delete-experiment-tag', (params) =>
      done(experiments.deleteTag(idOf(params), params.requiredText('key'))),
    ),
  ];
}
