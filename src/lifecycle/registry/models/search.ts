import { compileFilter, compileOrder } from '../search/compile.ts';
import { checkMaxResults, offsetOf, type Page, pageOf, type SearchQuery } from '../search/page.ts';
import { MODEL_SEARCH, VERSION_SEARCH } from '../search/specs.ts';
import type { RegistryState } from '../state/port.ts';
import { selectModels, selectVersions } from './records.ts';
import type { ModelVersion, RegisteredModel } from './types.ts';

const MAX_MODELS = 1000;
const DEFAULT_MODELS = 100;
const MAX_VERSIONS = 200_000;
const DEFAULT_VERSIONS = 10_000;

/**
 * Registered models by name and tags: `name LIKE 'threat%' AND tags.team = 'red'`; by name unless ordered otherwise.
 * @throws PilotfishError `USAGE` for a filter, order or token that is none.
 */
export function searchModels(state: RegistryState, query: SearchQuery): Promise<Page<RegisteredModel>> {
  const { filter = '', orderBy = [] } = query;
  const maxResults = checkMaxResults(query.maxResults ?? DEFAULT_MODELS, MAX_MODELS);
  const [where, order] = [
    compileFilter(MODEL_SEARCH, filter),
    compileOrder(MODEL_SEARCH, orderBy, 'm.name ASC'),
  ];
  const offset = offsetOf(query.pageToken);
  return state.read(async (sql) => {
    const rest = `WHERE ${where.sql} ORDER BY ${order.sql} LIMIT ? OFFSET ?`;
    const found = await selectModels(sql, rest, ...where.values, ...order.values, maxResults + 1, offset);
    return pageOf(found, offset, maxResults);
  });
}

/**
 * Versions by name, run, source, number and tags; the latest change first. Those of one place in an order
 * of the caller's are by name, the latest number first.
 * @throws PilotfishError as `searchModels`.
 */
export function searchVersions(state: RegistryState, query: SearchQuery): Promise<Page<ModelVersion>> {
  const { filter = '', orderBy = [] } = query;
  const maxResults = checkMaxResults(query.maxResults ?? DEFAULT_VERSIONS, MAX_VERSIONS);
  const ties = 'm.name ASC, v.number DESC';
  const last = orderBy.length === 0 ? `v.updated_ms DESC, ${ties}` : ties;
  const [where, order] = [compileFilter(VERSION_SEARCH, filter), compileOrder(VERSION_SEARCH, orderBy, last)];
  const offset = offsetOf(query.pageToken);
  return state.read(async (sql) => {
    const rest = `WHERE ${where.sql} ORDER BY ${order.sql} LIMIT ? OFFSET ?`;
    const found = await selectVersions(sql, rest, ...where.values, ...order.values, maxResults + 1, offset);
    return pageOf(found, offset, maxResults);
  });
}
