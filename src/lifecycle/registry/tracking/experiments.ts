import { PilotfishError } from '../../../base/index.ts';
import type { Change } from '../audit/log.ts';
import { define } from '../models/records.ts';
import { compileFilter, compileOrder } from '../search/compile.ts';
import { checkMaxResults, offsetOf, type Page, pageOf, type SearchQuery } from '../search/page.ts';
import { EXPERIMENT_SEARCH } from '../search/specs.ts';
import type { Row, Sql, SqlValue } from '../state/port.ts';
import { checkExperimentName, checkExperimentTag, invalid, type KeyValue } from './check.ts';
import { type TrackingCore, viewCondition } from './core.ts';
import type { LifecycleStage, TrackedExperiment, ViewType } from './types.ts';

export type ExperimentDraft = {
  readonly name: string;
  /** `ROOT/ID` when it names none. */
  readonly artifactLocation?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
};

const MAX_RESULTS = 50_000;
const DEFAULT_RESULTS = 1000;

/** The experiments. */
export class Experiments {
  readonly #core: TrackingCore;

  constructor(core: TrackingCore) {
    this.#core = core;
  }

  /** @returns its id @throws PilotfishError `EXISTS`, `USAGE`. */
  async create({ name, artifactLocation, tags = {} }: ExperimentDraft, change: Change = {}): Promise<string> {
    checkExperimentName(name);
    for (const [key, value] of Object.entries(tags)) checkExperimentTag({ key, value });
    return this.#core.state.write(async (sql) => {
      await refuseTaken(sql, name);
      const nowMs = this.#core.clock.nowMs();
      const row = await sql.get(
        "INSERT INTO experiments (name, artifact_location, lifecycle_stage, created_ms, updated_ms) VALUES (?, ?, 'active', ?, ?) RETURNING id",
        ...[name, artifactLocation ?? '', nowMs, nowMs],
      );
      const id = Number(row?.['id']);
      const rows = Object.entries(tags).map(([key, value]) => [id, key, value]);
      await sql.runMany('INSERT INTO experiment_tags VALUES (?, ?, ?)', rows);
      await this.#note(sql, change, ['experiment.create', id, null, { name, tags }]);
      return String(id);
    });
  }

  /** @throws PilotfishError `MISSING`, `USAGE` for what is no id. */
  get(experimentId: string): Promise<TrackedExperiment> {
    return this.#core.state.read((sql) => this.#get(sql, experimentId));
  }

  /** Undefined when there is none of that name; deleted ones count. */
  findByName(name: string): Promise<TrackedExperiment | undefined> {
    return this.#core.state.read(async (sql) => (await this.#select(sql, 'WHERE e.name = ?', name))[0]);
  }

  /** The newest first unless ordered otherwise. @throws PilotfishError `USAGE`. */
  async search(query: SearchQuery & { readonly viewType?: ViewType } = {}): Promise<Page<TrackedExperiment>> {
    const { filter = '', orderBy = [], viewType } = query;
    const maxResults = checkMaxResults(query.maxResults ?? DEFAULT_RESULTS, MAX_RESULTS);
    const where = compileFilter(EXPERIMENT_SEARCH, filter);
    const order = compileOrder(EXPERIMENT_SEARCH, orderBy, 'e.created_ms DESC, e.id ASC');
    const offset = offsetOf(query.pageToken);
    return this.#core.state.read(async (sql) => {
      const rest = `WHERE ${viewCondition('e', viewType)} AND ${where.sql} ORDER BY ${order.sql} LIMIT ? OFFSET ?`;
      const found = await this.#select(sql, rest, ...where.values, ...order.values, maxResults + 1, offset);
      return pageOf(found, offset, maxResults);
    });
  }

  /** @throws PilotfishError `MISSING`, `EXISTS`, `USAGE` for one that is deleted. */
  async rename(experimentId: string, newName: string, change: Change = {}): Promise<void> {
    checkExperimentName(newName);
    return this.#core.state.write(async (sql) => {
      const { name, lifecycleStage } = await this.#get(sql, experimentId);
      if (lifecycleStage !== 'active') throw invalid('Cannot rename a non-active experiment.');
      if (newName !== name) await refuseTaken(sql, newName);
      await this.#update(sql, experimentId, ['name', newName]);
      await this.#note(sql, change, ['experiment.rename', experimentId, { name }, { name: newName }]);
    });
  }

  /** Its runs are deleted with it; all can be restored. @throws PilotfishError `MISSING`. */
  delete(experimentId: string, change: Change = {}): Promise<void> {
    return this.#setStage(experimentId, ['active', 'deleted'], change);
  }

  /** @throws PilotfishError `MISSING`. */
  restore(experimentId: string, change: Change = {}): Promise<void> {
    return this.#setStage(experimentId, ['deleted', 'active'], change);
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async setTag(experimentId: string, tag: KeyValue): Promise<void> {
    checkExperimentTag(tag);
    return this.#core.state.write(async (sql) => {
      await activeExperiment(sql, experimentId);
      await sql.run(
        'INSERT INTO experiment_tags VALUES (?, ?, ?) ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value',
        ...[Number(experimentId), tag.key, tag.value],
      );
      await this.#update(sql, experimentId);
    });
  }

  /** @throws PilotfishError `MISSING` also for a tag that is not there. */
  deleteTag(experimentId: string, key: string): Promise<void> {
    return this.#core.state.write(async (sql) => {
      await activeExperiment(sql, experimentId);
      const changes = await sql.run(
        'DELETE FROM experiment_tags WHERE experiment = ? AND key = ?',
        Number(experimentId),
        key,
      );
      if (changes === 0) {
        throw new PilotfishError('MISSING', `No tag with name: ${key} in experiment with id ${experimentId}`);
      }
      await this.#update(sql, experimentId);
    });
  }

  #setStage(
    experimentId: string,
    [from, to]: readonly [LifecycleStage, LifecycleStage],
    change: Change,
  ): Promise<void> {
    return this.#core.state.write(async (sql) => {
      const { lifecycleStage } = await this.#get(sql, experimentId);
      if (lifecycleStage !== from) {
        throw new PilotfishError('MISSING', `No Experiment with id=${experimentId} exists`);
      }
      const nowMs = this.#core.clock.nowMs();
      await this.#update(sql, experimentId, ['lifecycle_stage', to]);
      await sql.run(
        'UPDATE runs SET lifecycle_stage = ?, deleted_ms = ? WHERE experiment = ?',
        ...[to, to === 'deleted' ? nowMs : null, Number(experimentId)],
      );
      const action = to === 'deleted' ? 'experiment.delete' : 'experiment.restore';
      await this.#note(sql, change, [action, experimentId, { lifecycleStage: from }, { lifecycleStage: to }]);
    });
  }

  async #get(sql: Sql, experimentId: string): Promise<TrackedExperiment> {
    const id = numberOf(experimentId);
    const found = id === undefined ? undefined : (await this.#select(sql, 'WHERE e.id = ?', id))[0];
    if (found !== undefined) return found;
    throw new PilotfishError('MISSING', `No Experiment with id=${experimentId} exists`);
  }

  async #select(sql: Sql, rest: string, ...values: readonly SqlValue[]): Promise<TrackedExperiment[]> {
    const found: TrackedExperiment[] = [];
    for (const row of await sql.all(`SELECT e.* FROM experiments e ${rest}`, ...values)) {
      const tags: Record<string, string> = {};
      const rows = await sql.all(
        'SELECT key, value FROM experiment_tags WHERE experiment = ? ORDER BY key',
        Number(row['id']),
      );
      for (const tag of rows) define(tags, String(tag['key']), String(tag['value']));
      found.push(experimentOf(row, tags, this.#core.artifactRoot));
    }
    return found;
  }

  #update(
    sql: Sql,
    experimentId: string,
    set?: readonly ['name' | 'lifecycle_stage', string],
  ): Promise<number> {
    const nowMs = this.#core.clock.nowMs();
    const id = Number(experimentId);
    if (set === undefined) return sql.run('UPDATE experiments SET updated_ms = ? WHERE id = ?', nowMs, id);
    return sql.run(`UPDATE experiments SET ${set[0]} = ?, updated_ms = ? WHERE id = ?`, set[1], nowMs, id);
  }

  #note(
    sql: Sql,
    change: Change,
    entry: readonly [string, string | number, unknown, unknown],
  ): Promise<void> {
    const [action, id, before, after] = entry;
    return this.#core.audit.append(sql, { action, subject: `experiment ${id}`, before, after }, change);
  }
}

async function refuseTaken(sql: Sql, name: string): Promise<void> {
  const taken = await sql.get('SELECT lifecycle_stage FROM experiments WHERE name = ?', name);
  if (taken === undefined) return;
  const where =
    taken['lifecycle_stage'] === 'active'
      ? ''
      : ' in deleted state. You can restore the experiment, or permanently delete the experiment to create a new one.';
  throw new PilotfishError('EXISTS', `Experiment(name=${name}) already exists${where === '' ? '.' : where}`);
}

/** The row of an experiment that is not deleted. @throws PilotfishError `MISSING`, `USAGE`. */
export async function activeExperiment(sql: Sql, experimentId: string): Promise<Row> {
  const id = numberOf(experimentId);
  const row = id === undefined ? undefined : await sql.get('SELECT * FROM experiments WHERE id = ?', id);
  if (row === undefined) throw new PilotfishError('MISSING', `No Experiment with id=${experimentId} exists`);
  if (row['lifecycle_stage'] === 'active') return row;
  throw invalid(`The experiment ${experimentId} must be in the 'active' state. Current state is deleted.`);
}

/** Ids are numbers as text; another text names no experiment. */
export const numberOf = (experimentId: string): number | undefined =>
  /^[0-9]{1,15}$/.test(experimentId) ? Number(experimentId) : undefined;

/** Where the artefacts of an experiment lie. */
export const locationOf = (row: Row, root: string): string =>
  row['artifact_location'] === '' ? `${root}/${Number(row['id'])}` : String(row['artifact_location']);

const experimentOf = (row: Row, tags: TrackedExperiment['tags'], root: string): TrackedExperiment => ({
  experimentId: String(row['id']),
  name: String(row['name']),
  artifactLocation: locationOf(row, root),
  lifecycleStage: row['lifecycle_stage'] as LifecycleStage,
  createdMs: Number(row['created_ms']),
  updatedMs: Number(row['updated_ms']),
  tags,
});
