import { PilotfishError } from '../../../base/index.ts';
import type { Change } from '../audit/log.ts';
import { compileFilter, compileOrder } from '../search/compile.ts';
import { checkMaxResults, offsetOf, type Page, pageOf, type SearchQuery } from '../search/page.ts';
import { RUN_SEARCH } from '../search/specs.ts';
import type { Sql } from '../state/port.ts';
import { checkedRunTag, invalid, type KeyValue } from './check.ts';
import { type TrackingCore, viewCondition } from './core.ts';
import { activeExperiment, locationOf, numberOf } from './experiments.ts';
import { runName } from './run-names.ts';
import { activeRun, runInfoOf, runRow, selectRuns } from './run-records.ts';
import { RUN_STATUSES, type Run, type RunInfo, type RunStatus, type ViewType } from './types.ts';

export type RunDraft = {
  /** `0` when none is given. */
  readonly experimentId?: string;
  /** Made up when neither it nor the tag `mlflow.runName` is given. */
  readonly runName?: string | undefined;
  readonly startMs?: number;
  readonly userId?: string;
  readonly tags?: readonly KeyValue[];
};

export type RunSearch = SearchQuery & {
  readonly experimentIds: readonly string[];
  readonly viewType?: ViewType;
};

const RUN_NAME_TAG = 'mlflow.runName';
const ID_BYTES = 16;
const MAX_RESULTS = 50_000;
const DEFAULT_RESULTS = 1000;
const SET_TAG =
  'INSERT INTO run_tags VALUES (?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET value = excluded.value';

/** Keeps tags of a run; its name follows its tag. */
export async function setRunTags(sql: Sql, runId: string, tags: readonly KeyValue[]): Promise<void> {
  const name = tags.findLast(({ key }) => key === RUN_NAME_TAG)?.value;
  if (name !== undefined) {
    if (name === '') throw invalid('Run name cannot be empty.');
    await sql.run('UPDATE runs SET name = ? WHERE id = ?', name, runId);
  }
  await sql.runMany(
    SET_TAG,
    tags.map(({ key, value }) => [runId, key, value]),
  );
}

/** The runs of experiments. */
export class Runs {
  readonly #core: TrackingCore;

  constructor(core: TrackingCore) {
    this.#core = core;
  }

  /** @throws PilotfishError `MISSING` without the experiment, `USAGE`. */
  async create({ experimentId = '0', startMs, userId = '', ...draft }: RunDraft = {}): Promise<Run> {
    const tags = (draft.tags ?? []).map((tag, at) => checkedRunTag(tag, `tags[${at}].`));
    const tagged = tags.findLast(({ key }) => key === RUN_NAME_TAG)?.value;
    const given = draft.runName || undefined;
    if (given !== undefined && tagged !== undefined && given !== tagged) {
      throw invalid(
        `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${given}', mlflow.runName='${tagged}').`,
      );
    }
    return this.#core.state.write(async (sql) => {
      const experiment = await activeExperiment(sql, experimentId);
      const [id, name] = [
        this.#core.random(ID_BYTES).toString('hex'),
        given ?? (tagged || runName(this.#core.random)),
      ];
      const uri = `${locationOf(experiment, this.#core.artifactRoot)}/${id}/artifacts`;
      await sql.run(
        "INSERT INTO runs VALUES (?, ?, ?, ?, 'RUNNING', ?, NULL, ?, 'active', NULL)",
        ...[id, Number(experimentId), name, userId, startMs ?? this.#core.clock.nowMs(), uri],
      );
      await setRunTags(sql, id, tagged === undefined ? [...tags, { key: RUN_NAME_TAG, value: name }] : tags);
      return (await selectRuns(sql, 'WHERE r.id = ?', id))[0] as Run;
    });
  }

  /** @throws PilotfishError `MISSING`. */
  get(runId: string): Promise<Run> {
    return this.#core.state.read(async (sql) => {
      await runRow(sql, runId);
      return (await selectRuns(sql, 'WHERE r.id = ?', runId))[0] as Run;
    });
  }

  /** Sets what is given. @throws PilotfishError `MISSING`, `USAGE` for a deleted run. */
  update(
    runId: string,
    fields: { readonly status?: RunStatus; readonly endMs?: number; readonly runName?: string | undefined },
  ): Promise<RunInfo> {
    return this.#core.state.write(async (sql) => {
      const row = await activeRun(sql, runId);
      const { status = row['status'] as RunStatus, endMs, runName: name } = fields;
      if (!RUN_STATUSES.includes(status)) throw invalid(`Invalid run status: ${status}`);
      if (name) await setRunTags(sql, runId, [{ key: RUN_NAME_TAG, value: name }]);
      await sql.run(
        'UPDATE runs SET status = ?, end_ms = ? WHERE id = ?',
        status,
        endMs ?? row['end_ms'] ?? null,
        runId,
      );
      return runInfoOf(await runRow(sql, runId));
    });
  }

  /** It can be restored. @throws PilotfishError `MISSING`. */
  delete(runId: string, change: Change = {}): Promise<void> {
    return this.#setStage(runId, 'deleted', change);
  }

  /** @throws PilotfishError `MISSING`. */
  restore(runId: string, change: Change = {}): Promise<void> {
    return this.#setStage(runId, 'active', change);
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async setTag(runId: string, tag: KeyValue): Promise<void> {
    const kept = checkedRunTag(tag);
    return this.#core.state.write(async (sql) => {
      await activeRun(sql, runId);
      await setRunTags(sql, runId, [kept]);
    });
  }

  /** @throws PilotfishError `MISSING` also for a tag that is not there. */
  deleteTag(runId: string, key: string): Promise<void> {
    return this.#core.state.write(async (sql) => {
      await activeRun(sql, runId);
      if ((await sql.run('DELETE FROM run_tags WHERE run = ? AND key = ?', runId, key)) === 0) {
        throw new PilotfishError('MISSING', `No tag with name: ${key} in run with id ${runId}`);
      }
    });
  }

  /** The latest start first unless ordered otherwise. @throws PilotfishError `USAGE`. */
  async search(query: RunSearch): Promise<Page<Run>> {
    const { experimentIds, filter = '', orderBy = [], viewType } = query;
    const maxResults = checkMaxResults(query.maxResults ?? DEFAULT_RESULTS, MAX_RESULTS);
    const where = compileFilter(RUN_SEARCH, filter);
    const order = compileOrder(RUN_SEARCH, orderBy, 'r.start_ms DESC, r.id ASC');
    const offset = offsetOf(query.pageToken);
    const ids = experimentIds.map(numberOf).filter((id) => id !== undefined);
    if (ids.length === 0) return { items: [], nextPageToken: undefined };
    return this.#core.state.read(async (sql) => {
      const list = `r.experiment IN (${ids.map(() => '?').join(', ')})`;
      const rest = `WHERE ${list} AND ${viewCondition('r', viewType)} AND ${where.sql} ORDER BY ${order.sql} LIMIT ? OFFSET ?`;
      const found = await selectRuns(
        sql,
        rest,
        ...ids,
        ...where.values,
        ...order.values,
        maxResults + 1,
        offset,
      );
      return pageOf(found, offset, maxResults);
    });
  }

  #setStage(runId: string, to: 'active' | 'deleted', change: Change): Promise<void> {
    return this.#core.state.write(async (sql) => {
      const before = (await runRow(sql, runId))['lifecycle_stage'];
      const deletedMs = to === 'deleted' ? this.#core.clock.nowMs() : null;
      await sql.run('UPDATE runs SET lifecycle_stage = ?, deleted_ms = ? WHERE id = ?', to, deletedMs, runId);
      const action = to === 'deleted' ? 'run.delete' : 'run.restore';
      const entry = {
        action,
        subject: `run ${runId}`,
        before: { lifecycleStage: before },
        after: { lifecycleStage: to },
      };
      await this.#core.audit.append(sql, entry, change);
    });
  }
}
