import { resolve } from 'node:path';
import { type Clock, PilotfishError, systemClock } from '../../base/index.ts';
import { modelClassOf } from '../../decisions/index.ts';
import { numberWithin, wholeNumber } from '../../learn/index.ts';
import type { ModelRegistry, RegistryChange, RegistryState, Sql, SqlRow } from '../registry/index.ts';
import { TrainingConfig } from '../training/index.ts';
import type { Claim, Job, JobDraft, JobQueue, JobResult, JobStatus, JobWork } from './types.ts';

export type QueueOptions = {
  readonly clock?: Clock;
  /** Most jobs that wait or run. 10 000. */
  readonly maxJobs?: number;
};

const MAX_JOBS = 10_000;
/** Attempts that may fail before a job is given up. */
const MAX_FAILURES = 3;
/** How long after the first failure it is tried again; each further one doubles it. */
const RETRY_MS = 60_000;
/** Jobs that are over and still known; older ones are forgotten. */
const MAX_FINISHED = 10_000;
const MAX_WORD = 256;
const MAX_ERROR = 2000;
const LIST_LIMIT = 100;
const SYSTEM: RegistryChange = { actor: 'pilotfish worker' };

/** The queue in the registry's state: what was submitted is there after a restart, and for every process. */
export class StateJobQueue implements JobQueue {
  readonly #state: RegistryState;
  readonly #registry: Pick<ModelRegistry, 'audit'>;
  readonly #clock: Clock;
  readonly #maxJobs: number;

  constructor(
    state: RegistryState,
    registry: Pick<ModelRegistry, 'audit'>,
    { clock = systemClock, maxJobs = MAX_JOBS }: QueueOptions = {},
  ) {
    this.#state = state;
    this.#registry = registry;
    this.#clock = clock;
    this.#maxJobs = maxJobs;
  }

  async submit(draft: JobDraft, change: RegistryChange = {}): Promise<Job> {
    const { kind, request } = checkWork(draft);
    const { priority = 0, dedupeKey = null } = draft;
    numberWithin('priority', priority, [-1e6, 1e6]);
    if (dedupeKey !== null && (dedupeKey === '' || dedupeKey.length > MAX_WORD)) {
      throw new PilotfishError('USAGE', `a dedupeKey has 1 to ${MAX_WORD} characters`);
    }
    return this.#state.write(async (sql) => {
      if (dedupeKey !== null) {
        const same = await sql.get(
          "SELECT * FROM work_jobs WHERE dedupe_key = ? AND status IN ('waiting', 'running')",
          dedupeKey,
        );
        if (same !== undefined) return jobOf(same);
      }
      const open = await sql.get(
        "SELECT count(*) AS n FROM work_jobs WHERE status IN ('waiting', 'running')",
      );
      if (Number(open?.['n']) >= this.#maxJobs) {
        throw new PilotfishError(
          'LIMIT',
          `${this.#maxJobs} jobs wait already: cancel some, or start a worker`,
        );
      }
      const nowMs = this.#clock.nowMs();
      const row = await sql.get(
        `INSERT INTO work_jobs (kind, request, priority, dedupe_key, status, token, worker, lease_until_ms, due_ms,
           failures, result, error, created_by, created_ms, updated_ms)
         VALUES (?, ?, ?, ?, 'waiting', 0, NULL, 0, ?, 0, NULL, NULL, ?, ?, ?) RETURNING *`,
        ...[
          kind,
          JSON.stringify(request),
          priority,
          dedupeKey,
          nowMs,
          change.actor ?? 'unknown',
          nowMs,
          nowMs,
        ],
      );
      const job = jobOf(row as SqlRow);
      await sql.run(
        "DELETE FROM work_jobs WHERE id <= ? AND status NOT IN ('waiting', 'running')",
        job.id - MAX_FINISHED,
      );
      await this.#note(sql, ['job.submit', job.id, null, { kind, request }], change);
      return job;
    });
  }

  async claim(worker: string, leaseMs: number): Promise<Claim | undefined> {
    if (worker === '' || worker.length > MAX_WORD) {
      throw new PilotfishError('USAGE', `the name of a worker has 1 to ${MAX_WORD} characters`);
    }
    checkLease(leaseMs);
    return this.#state.write(async (sql) => {
      const nowMs = this.#clock.nowMs();
      await this.#giveUpDeadly(sql, nowMs);
      const found = await sql.get(
        `SELECT id, worker, token, status FROM work_jobs
         WHERE (status = 'waiting' AND due_ms <= ?) OR (status = 'running' AND lease_until_ms <= ?)
         ORDER BY priority DESC, id LIMIT 1`,
        ...[nowMs, nowMs],
      );
      if (found === undefined) return undefined;
      const row = await sql.get(
        `UPDATE work_jobs SET status = 'running', token = token + 1, worker = ?, lease_until_ms = ?, updated_ms = ?,
           failures = failures + ? WHERE id = ? RETURNING *`,
        ...[worker, nowMs + leaseMs, nowMs, Number(found['status'] === 'running'), Number(found['id'])],
      );
      const job = jobOf(row as SqlRow);
      const before = { worker: found['worker'] ?? null, token: Number(found['token']) };
      await this.#note(sql, ['job.claim', job.id, before, { worker, token: job.token }], SYSTEM);
      return { job, token: job.token, worker };
    });
  }

  /** A job whose workers fell silent as often as one may fail would go on to kill workers. */
  async #giveUpDeadly(sql: Sql, nowMs: number): Promise<void> {
    const error = `its workers fell silent ${MAX_FAILURES} times: it may take more memory than there is`;
    const rows = await sql.all(
      `UPDATE work_jobs SET status = 'failed', failures = failures + 1, error = ?, updated_ms = ?
       WHERE status = 'running' AND lease_until_ms <= ? AND failures >= ? RETURNING id, failures`,
      ...[error, nowMs, nowMs, MAX_FAILURES - 1],
    );
    for (const { id, failures } of rows)
      await this.#note(sql, ['job.fail', Number(id), null, { status: 'failed', failures, error }], SYSTEM);
  }

  async renew(claim: Claim, leaseMs: number): Promise<void> {
    checkLease(leaseMs);
    return this.#state.write(async (sql) => {
      const nowMs = this.#clock.nowMs();
      await fenced(sql, claim, 'lease_until_ms = ?, updated_ms = ?', [nowMs + leaseMs, nowMs]);
    });
  }

  async accept(sql: Sql, claim: Claim, result: JobResult): Promise<void> {
    const set = "status = 'done', result = ?, error = NULL, updated_ms = ?";
    await fenced(sql, claim, set, [JSON.stringify(result), this.#clock.nowMs()]);
    const { worker, token } = claim;
    await this.#note(sql, ['job.accept', claim.job.id, null, { worker, token, ...result }], SYSTEM);
  }

  finish(claim: Claim, result: JobResult): Promise<void> {
    return this.#state.write((sql) => this.accept(sql, claim, result));
  }

  fail(claim: Claim, error: string): Promise<void> {
    return this.#state.write(async (sql) => {
      const failures = claim.job.failures + 1;
      const status = failures >= MAX_FAILURES ? 'failed' : 'waiting';
      const nowMs = this.#clock.nowMs();
      const dueMs = nowMs + RETRY_MS * 2 ** (failures - 1);
      const set = 'status = ?, failures = ?, error = ?, due_ms = ?, updated_ms = ?';
      await fenced(sql, claim, set, [status, failures, error.slice(0, MAX_ERROR), dueMs, nowMs]);
      await this.#note(sql, ['job.fail', claim.job.id, null, { status, failures, error }], SYSTEM);
    });
  }

  release(claim: Claim): Promise<void> {
    return this.#state.write(async (sql) => {
      const nowMs = this.#clock.nowMs();
      await fenced(sql, claim, "status = 'waiting', due_ms = ?, updated_ms = ?", [nowMs, nowMs]);
      await this.#note(sql, ['job.release', claim.job.id, null, { worker: claim.worker }], SYSTEM);
    });
  }

  cancel(id: number, change: RegistryChange = {}): Promise<Job> {
    return this.#state.write(async (sql) => {
      const job = await jobAt(sql, id);
      if (job.status !== 'waiting' && job.status !== 'running') {
        throw new PilotfishError(
          'REFUSED',
          `job ${id} is ${job.status}: only one that is open can be cancelled`,
        );
      }
      const row = await sql.get(
        "UPDATE work_jobs SET status = 'cancelled', updated_ms = ? WHERE id = ? RETURNING *",
        ...[this.#clock.nowMs(), id],
      );
      await this.#note(sql, ['job.cancel', id, { status: job.status }, { status: 'cancelled' }], change);
      return jobOf(row as SqlRow);
    });
  }

  get(id: number): Promise<Job> {
    return this.#state.read((sql) => jobAt(sql, id));
  }

  list({ status, limit = LIST_LIMIT }: { readonly status?: JobStatus; readonly limit?: number } = {}) {
    wholeNumber('limit', limit, [1, MAX_JOBS]);
    return this.#state.read(async (sql) => {
      const rows =
        status === undefined
          ? await sql.all('SELECT * FROM work_jobs ORDER BY id DESC LIMIT ?', limit)
          : await sql.all('SELECT * FROM work_jobs WHERE status = ? ORDER BY id DESC LIMIT ?', status, limit);
      return rows.map(jobOf);
    });
  }

  #note(
    sql: Sql,
    [action, id, before, after]: readonly [string, number, unknown, unknown],
    change: RegistryChange,
  ): Promise<void> {
    return this.#registry.audit.append(sql, { action, subject: `job/${id}`, before, after }, change);
  }
}

/** Changes a job that is still in the hands of its claim. */
async function fenced(
  sql: Sql,
  claim: Claim,
  set: string,
  values: readonly (string | number)[],
): Promise<void> {
  const changed = await sql.run(
    `UPDATE work_jobs SET ${set} WHERE id = ? AND token = ? AND status = 'running'`,
    ...[...values, claim.job.id, claim.token],
  );
  if (changed === 1) return;
  throw new PilotfishError(
    'REFUSED',
    `job ${claim.job.id} is no longer ${claim.worker}'s: another worker has it, or it was cancelled`,
  );
}

async function jobAt(sql: Sql, id: number): Promise<Job> {
  const row = await sql.get('SELECT * FROM work_jobs WHERE id = ?', id);
  if (row !== undefined) return jobOf(row);
  throw new PilotfishError('MISSING', `there is no job ${id}: see \`pilotfish jobs list\``);
}

/** The work with absolute paths. @throws PilotfishError `USAGE` for what no worker can do. */
function checkWork(draft: JobDraft): JobWork {
  if (draft.kind !== 'train' && draft.kind !== 'tune') {
    throw new PilotfishError('USAGE', 'a job is of the kind train or tune');
  }
  const { modelName, datasetPath, config = {} } = draft.request;
  modelClassOf(modelName);
  const { checkpointDir, logDir } = new TrainingConfig({ logDir: null, ...config });
  if (checkpointDir !== undefined || logDir !== null) {
    throw new PilotfishError('USAGE', 'a job has a folder of its own: leave checkpointDir and logDir out');
  }
  const endings = draft.kind === 'train' ? /\.(json|parquet|db)$/ : /\.(json|parquet)$/;
  if (typeof datasetPath !== 'string' || !endings.test(datasetPath)) {
    const allowed = draft.kind === 'train' ? '.json, .parquet or .db' : '.json or .parquet';
    throw new PilotfishError('USAGE', `a ${draft.kind} job reads a data set that ends in ${allowed}`);
  }
  const path = resolve(datasetPath);
  if (draft.kind === 'tune') {
    wholeNumber('trials', draft.request.trials ?? 50, [1, 100_000]);
    if (Object.keys(draft.request.space ?? {}).length === 0) {
      throw new PilotfishError(
        'USAGE',
        'a search needs a space: give { learningRate: ["float", 1e-4, 1e-2, true] }',
      );
    }
    return { kind: 'tune', request: { ...draft.request, datasetPath: path } };
  }
  const { realPath } = draft.request;
  const real = realPath === undefined ? {} : { realPath: resolve(realPath) };
  return { kind: 'train', request: { ...draft.request, datasetPath: path, ...real } };
}

const checkLease = (leaseMs: number): number => wholeNumber('leaseMs', leaseMs, [1000, 86_400_000]);

const jobOf = (row: SqlRow): Job =>
  ({
    ...{ id: Number(row['id']), kind: String(row['kind']), request: JSON.parse(String(row['request'])) },
    ...{ priority: Number(row['priority']), status: String(row['status']), token: Number(row['token']) },
    worker: row['worker'] === null ? undefined : String(row['worker']),
    ...{ leaseUntilMs: Number(row['lease_until_ms']), dueMs: Number(row['due_ms']) },
    failures: Number(row['failures']),
    result: row['result'] === null ? undefined : JSON.parse(String(row['result'])),
    error: row['error'] === null ? undefined : String(row['error']),
    ...{ createdBy: String(row['created_by']), createdMs: Number(row['created_ms']) },
    updatedMs: Number(row['updated_ms']),
  }) as Job;
