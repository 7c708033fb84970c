import type { Clock } from '../../../base/index.ts';
import type { AuditLog, RegistryChange, RegistryState, Sql, SqlRow } from '../../registry/index.ts';
import type { AlertAction } from './policy.ts';

/** An alert that something follows. */
export type RecordDraft = {
  readonly fingerprint: string;
  readonly startsMs: number;
  readonly alert: string;
  readonly model: string;
  readonly action: AlertAction;
  /** What is in production. */
  readonly version: string | undefined;
  readonly pauseMs: number;
};

/** One that is to be acted upon now. */
export type OpenRecord = {
  readonly state: 'open';
  readonly fingerprint: string;
  readonly startsMs: number;
  readonly model: string;
  readonly action: AlertAction;
  /** What was in production when it was first told. */
  readonly version: string | undefined;
  readonly key: string;
  /** Whether it was begun before, and not ended. */
  readonly isResumed: boolean;
};

type Ended = { readonly state: 'done' | 'refused'; readonly detail: string };
type Paused = { readonly state: 'paused'; readonly detail: string };

type Ports = {
  readonly state: RegistryState;
  readonly registry: { readonly audit: AuditLog };
  readonly clock: Clock;
};

/** An alert that is told for longer than this counts as a new one. */
const KEPT_MS = 365 * 86_400_000;
const ONE = 'WHERE fingerprint = ? AND starts_ms = ?';

/** Which alerts were acted upon, in the state of the registry. */
export class AlertRecords {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Notes that an alert is being acted upon, unless it was, or the like of it was a short while ago. */
  begin(draft: RecordDraft): Promise<OpenRecord | Ended | Paused> {
    const nowMs = this.#ports.clock.nowMs();
    return this.#ports.state.write(async (sql) => {
      const { fingerprint, startsMs, alert, model, action, version, pauseMs } = draft;
      const known = await sql.get(`SELECT * FROM alert_actions ${ONE}`, fingerprint, startsMs);
      if (known !== undefined) return recordOf(known, draft);
      const pause = await pauseOf(sql, draft, nowMs - pauseMs);
      if (pause !== undefined) return pause;
      await sql.run('DELETE FROM alert_actions WHERE time_ms < ?', nowMs - KEPT_MS);
      await sql.run(
        'INSERT INTO alert_actions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        ...[fingerprint, startsMs, alert, model, action, 'open', '', version ?? null, nowMs],
      );
      const open = { fingerprint, startsMs, model, action, version };
      return { ...open, state: 'open', key: keyOf(draft), isResumed: false };
    });
  }

  /** Notes what became of it, also in the audit log. */
  end(
    { fingerprint, startsMs, model, action }: OpenRecord,
    ended: Ended,
    change: RegistryChange,
  ): Promise<void> {
    const { state, registry, clock } = this.#ports;
    return state.write(async (sql) => {
      await sql.run(
        `UPDATE alert_actions SET state = ?, detail = ?, time_ms = ? ${ONE}`,
        ...[ended.state, ended.detail, clock.nowMs(), fingerprint, startsMs],
      );
      const entry = { action: `alert.${action}`, subject: model, before: null, after: ended };
      await registry.audit.append(sql, entry, change);
    });
  }
}

async function pauseOf(
  sql: Sql,
  { model, action, pauseMs }: RecordDraft,
  sinceMs: number,
): Promise<Paused | undefined> {
  const row = await sql.get(
    "SELECT alert FROM alert_actions WHERE model = ? AND action = ? AND state = 'done' AND time_ms > ?",
    ...[model, action, sinceMs],
  );
  if (row === undefined) return undefined;
  const minutes = Math.round(pauseMs / 60_000);
  return { state: 'paused', detail: `${action} of ${model} was done within the last ${minutes} minutes` };
}

function recordOf(row: SqlRow, { model }: RecordDraft): OpenRecord | Ended | Paused {
  // Whoever may speak for one model must not speak for the one of the record.
  if (row['model'] !== model)
    return {
      state: 'paused',
      detail: 'this fingerprint and start are those of an alert about another model',
    };
  const state = row['state'] as 'open' | 'done' | 'refused';
  if (state !== 'open') return { state, detail: String(row['detail']) };
  const draft = { fingerprint: String(row['fingerprint']), startsMs: Number(row['starts_ms']) };
  return {
    ...{ ...draft, state, model: String(row['model']), action: row['action'] as AlertAction },
    ...{ version: row['version'] === null ? undefined : String(row['version']) },
    ...{ key: keyOf(draft), isResumed: true },
  };
}

const keyOf = ({
  fingerprint,
  startsMs,
}: {
  readonly fingerprint: string;
  readonly startsMs: number;
}): string => `alert ${fingerprint} ${startsMs}`;
