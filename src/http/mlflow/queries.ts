import type { ViewType } from '../../lifecycle/index.ts';
import { type Params, wrong } from './params.ts';

/** By their numbers in MLflow's protocol, from 1 on. */
const VIEW_TYPES = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const;

/**
 * Python clients add it to every search: nothing that is a prompt. A model without the tag is none, which no comparison
 * says; there are no prompts here, so it is left out.
 */
const NO_PROMPTS =
  /(\s+AND\s+)?\btags?\.`mlflow\.prompt\.is_prompt`\s*(?:!=\s*'true'|=\s*'false')(\s+AND\s+)?/i;

/** The filter without what is always so. */
const withoutPrompts = (filter: string): string =>
  filter.replace(NO_PROMPTS, (_, before?: string, after?: string) => (before && after ? ' AND ' : '')).trim();

/** What a search asks for. */
export const queryOf = (params: Params, [most, usual]: readonly [number, number]) => ({
  filter: withoutPrompts(params.text('filter') ?? ''),
  maxResults: params.maxResults(most) ?? usual,
  orderBy: params.texts('order_by'),
  pageToken: params.text('page_token'),
});

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
