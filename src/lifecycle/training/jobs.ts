import { DatabaseSync } from 'node:sqlite';
import { PilotfishError } from '../../base/index.ts';
import { numberWithin } from '../../learn/index.ts';
import { withSqliteCodes } from '../telemetry/index.ts';

/** When a job runs: once an interval, on Sundays at 02:00 UTC, or when the serving model is older than so many days. */
export type JobSchedule = 'hourly' | 'daily' | 'weekly' | 'sunday-02:00' | { readonly olderThanDays: number };

/** A job as it is kept. */
export type StoredJob = {
  readonly id: number;
  readonly modelName: string;
  /** All else that was scheduled. */
  readonly request: unknown;
  readonly schedule: JobSchedule;
  readonly priority: number;
  /** Not before this time, in milliseconds since the epoch. */
  readonly dueMs: number;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const INTERVALS: Readonly<Record<string, number>> = { hourly: HOUR_MS, daily: DAY_MS, weekly: 7 * DAY_MS };
const SUNDAY_HOUR = 2;
/** The epoch began on a Thursday; Sunday is three days later. */
const EPOCH_TO_SUNDAY_DAYS = 3;

const SCHEMA = `CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY, modelName TEXT NOT NULL, datasetPath TEXT NOT NULL, request TEXT NOT NULL,
  schedule TEXT NOT NULL, priority REAL NOT NULL, dueMs REAL NOT NULL, UNIQUE (modelName, datasetPath)) STRICT`;

/** @throws PilotfishError `USAGE` for what is no schedule. */
export function checkSchedule(schedule: JobSchedule): JobSchedule {
  if (typeof schedule === 'object' && schedule !== null) {
    return { olderThanDays: numberWithin('olderThanDays', schedule.olderThanDays, [0, 36_500]) };
  }
  if (schedule === 'sunday-02:00' || Object.hasOwn(INTERVALS, schedule)) return schedule;
  throw new PilotfishError(
    'USAGE',
    'schedule is none of hourly, daily, weekly, sunday-02:00, { olderThanDays }',
  );
}

/** When a job that is scheduled now is first due: at once, but for the hour on Sundays. */
export function firstDueMs(schedule: JobSchedule, nowMs: number): number {
  return schedule === 'sunday-02:00' ? nextSundayMs(nowMs) : nowMs;
}

/** When a job that runs now is due again; one that looks at the age of a model is looked at again in an hour. */
export function nextDueMs(schedule: JobSchedule, nowMs: number): number {
  if (typeof schedule === 'object') return nowMs + HOUR_MS;
  return schedule === 'sunday-02:00' ? nextSundayMs(nowMs) : nowMs + (INTERVALS[schedule] as number);
}

/** The next Sunday, 02:00 UTC, after a moment. */
function nextSundayMs(nowMs: number): number {
  const offset = EPOCH_TO_SUNDAY_DAYS * DAY_MS + SUNDAY_HOUR * HOUR_MS;
  return (Math.floor((nowMs - offset) / (7 * DAY_MS)) + 1) * 7 * DAY_MS + offset;
}

/** Jobs in SQLite: what was scheduled is there after a restart. */
export class JobStore {
  readonly #path: string;
  readonly #db: DatabaseSync;

  /**
   * Opens or makes the file; like all methods
   * @throws PilotfishError `DAMAGED` for a file that is none of ours, `MISSING` without its folder, `LOCKED`, `NO_SPACE`,
   * `IO`.
   */
  constructor(path: string) {
    this.#path = path;
    this.#db = withSqliteCodes(path, () => new DatabaseSync(path, { timeout: 1000 }));
    try {
      withSqliteCodes(path, () => {
        this.#db.exec('PRAGMA journal_mode = WAL');
        this.#db.exec(SCHEMA);
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Enters a job; one for the same model and data is replaced. @returns its number */
  put(job: Omit<StoredJob, 'id'> & { readonly datasetPath: string }): number {
    const { modelName, datasetPath, schedule, priority, dueMs } = job;
    const request = JSON.stringify(job.request);
    const row = withSqliteCodes(this.#path, () =>
      this.#db
        .prepare(
          `INSERT INTO jobs (modelName, datasetPath, request, schedule, priority, dueMs) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (modelName, datasetPath) DO UPDATE SET request = excluded.request, schedule = excluded.schedule,
           priority = excluded.priority, dueMs = excluded.dueMs RETURNING id`,
        )
        .get(modelName, datasetPath, request, JSON.stringify(schedule), priority, dueMs),
    );
    return Number(row?.['id']);
  }

  /** Jobs that are due: the highest priority first, then whichever waits longest. */
  due(nowMs: number): StoredJob[] {
    const rows = withSqliteCodes(this.#path, () =>
      this.#db.prepare('SELECT * FROM jobs WHERE dueMs <= ? ORDER BY priority DESC, dueMs, id').all(nowMs),
    );
    return rows.map((row) => ({
      id: Number(row['id']),
      modelName: String(row['modelName']),
      request: parseKept(this.#path, row['request']),
      schedule: parseKept(this.#path, row['schedule']) as JobSchedule,
      priority: Number(row['priority']),
      dueMs: Number(row['dueMs']),
    }));
  }

  setDue(id: number, dueMs: number): void {
    withSqliteCodes(this.#path, () =>
      this.#db.prepare('UPDATE jobs SET dueMs = ? WHERE id = ?').run(dueMs, id),
    );
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

/** @throws PilotfishError `DAMAGED` for a cell that is no JSON. */
function parseKept(path: string, cell: unknown): unknown {
  try {
    return JSON.parse(String(cell));
  } catch (cause) {
    throw new PilotfishError(
      'DAMAGED',
      `a job in ${path} does not parse: schedule it again in another file`,
      {
        cause,
        path,
      },
    );
  }
}
