import type { Clock, RandomSource } from '../../../base/index.ts';
import type { AuditLog, RegistryChange, RegistryState, Sql, SqlRow } from '../../registry/index.ts';
import { emitEvent } from '../../registry/index.ts';
import type { DriftAlert, DriftSeverity, DriftType } from '../types.ts';
import type { SavedStream } from '../windows/finding.ts';
import { bytesOfValues, bytesOfWindows, valuesOfBytes, windowsOfBytes } from './saved.ts';

/** Where a baseline came from. */
export type BaselineSource = {
  /** SHA-256 of the training set it was taken from. */
  readonly datasetHash?: string;
  /** The version that learnt from it. */
  readonly modelId?: string;
};

/** A baseline with what belongs to it. */
export type StoredBaseline = {
  readonly type: DriftType;
  readonly feature: string;
  readonly models: readonly string[];
  readonly source: BaselineSource;
  /** In rising order. */
  readonly values: Float64Array;
};

/** A stream as it was left. */
export type StoredStream = StoredBaseline & {
  /** Grows with every change. */
  readonly revision: number;
  readonly windows: SavedStream | undefined;
};

export type DriftPorts = {
  readonly state: RegistryState;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Where changes are written down. */
  readonly audit: AuditLog | undefined;
};

type StreamKey = Pick<StoredBaseline, 'type' | 'feature'>;

/** Reports are read so many at a time. */
const MAX_REPORTS = 10_000;

/** Baselines, windows and alerts in the state of the registry. */
export class DriftStore {
  readonly #ports: DriftPorts;

  constructor(ports: DriftPorts) {
    this.#ports = ports;
  }

  streams(): Promise<StoredStream[]> {
    return this.#ports.state.read(async (sql) =>
      (await sql.all('SELECT * FROM drift_streams ORDER BY type, feature')).map(streamOf),
    );
  }

  stream({ type, feature }: StreamKey): Promise<StoredStream | undefined> {
    return this.#ports.state.read(async (sql) => {
      const row = await sql.get('SELECT * FROM drift_streams WHERE type = ? AND feature = ?', type, feature);
      return row === undefined ? undefined : streamOf(row);
    });
  }

  /** Replaces baselines, all or none; their windows begin anew. @returns their revisions */
  setBaselines(baselines: readonly StoredBaseline[], change: RegistryChange): Promise<number[]> {
    const nowMs = this.#ports.clock.nowMs();
    return this.#ports.state.write(async (sql) => {
      const revisions = [];
      for (const { type, feature, models, source, values } of baselines) {
        const row = await sql.get(
          `INSERT INTO drift_streams VALUES (?, ?, ?, ?, ?, NULL, 1, ?, ?)
           ON CONFLICT (type, feature) DO UPDATE SET models = excluded.models, source = excluded.source,
             baseline = excluded.baseline, windows = NULL, revision = drift_streams.revision + 1, updated_ms = excluded.updated_ms
           RETURNING revision`,
          ...[
            type,
            feature,
            JSON.stringify(models),
            JSON.stringify(source),
            bytesOfValues(values),
            nowMs,
            nowMs,
          ],
        );
        revisions.push(Number(row?.['revision']));
      }
      const after = baselines.map(({ type, feature, models, source, values }) => ({
        ...{ type, feature, models, source, values: values.length },
      }));
      await this.#note(sql, change, ['drift.baseline', 'drift', null, after]);
      return revisions;
    });
  }

  /** Forgets streams. @returns how many there were */
  remove(keys: readonly StreamKey[], change: RegistryChange): Promise<number> {
    return this.#ports.state.write(async (sql) => {
      let removed = 0;
      for (const { type, feature } of keys)
        removed += await sql.run('DELETE FROM drift_streams WHERE type = ? AND feature = ?', type, feature);
      if (removed > 0) await this.#note(sql, change, ['drift.forget', 'drift', keys, null]);
      return removed;
    });
  }

  /**
   * Keeps alerts and windows, together or not at all, and forgets alerts that are older than `keptMs`.
   * @returns by stream whether its windows were kept: not where another process changed it meanwhile
   */
  keep(
    alerts: readonly DriftAlert[],
    streams: readonly (StreamKey & { readonly revision: number; readonly windows: SavedStream })[],
    { keptMs, credit }: { readonly keptMs: number; readonly credit: number | undefined },
  ): Promise<boolean[]> {
    const nowMs = this.#ports.clock.nowMs();
    return this.#ports.state.write(async (sql) => {
      for (const alert of alerts) await this.#add(sql, alert);
      await sql.run('DELETE FROM drift_alerts WHERE detected_ms < ?', nowMs - keptMs);
      if (credit !== undefined)
        await sql.run(
          'INSERT INTO drift_credit VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET alarms = excluded.alarms, at_ms = excluded.at_ms',
          credit,
          nowMs,
        );
      const kept = [];
      for (const { type, feature, revision, windows } of streams) {
        const changed = await sql.run(
          `UPDATE drift_streams SET windows = ?, revision = revision + 1, updated_ms = ?
           WHERE type = ? AND feature = ? AND revision = ?`,
          ...[bytesOfWindows(windows), nowMs, type, feature, revision],
        );
        kept.push(changed === 1);
      }
      return kept;
    });
  }

  async #add(sql: Sql, alert: DriftAlert): Promise<void> {
    const { id, type, featureName, severity, detectedAt } = alert;
    await sql.run(
      'INSERT INTO drift_alerts (id, type, feature, severity, detected_ms, alert) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, type, featureName, severity, detectedAt.getTime(), JSON.stringify(alert)],
    );
    await sql.run(
      'INSERT INTO drift_totals VALUES (?, 1) ON CONFLICT (severity) DO UPDATE SET alerts = drift_totals.alerts + 1',
      severity,
    );
    const data = {
      ...{ id, type, feature_name: featureName, severity, score: alert.score, message: alert.message },
      models: alert.models,
    };
    const event = { entity: 'DRIFT_ALERT', action: 'CREATED', timeMs: detectedAt.getTime(), data } as const;
    await emitEvent(sql, event, this.#ports.random);
    await this.#note(sql, { actor: 'drift' }, ['drift.alert', `drift ${featureName}`, null, data]);
  }

  /** Writes down what followed from an alert. */
  async setActions(alert: DriftAlert): Promise<void> {
    await this.#ports.state.write(async (sql) => {
      await sql.run('UPDATE drift_alerts SET alert = ? WHERE id = ?', JSON.stringify(alert), alert.id);
      await this.#note(sql, { actor: 'drift' }, [
        'drift.respond',
        `drift ${alert.featureName}`,
        alert.id,
        alert.actions,
      ]);
    });
  }

  /** Oldest first. */
  alerts(sinceMs: number): Promise<DriftAlert[]> {
    return this.#ports.state.read(async (sql) => {
      const rows = await sql.all(
        'SELECT alert FROM drift_alerts WHERE detected_ms >= ? ORDER BY detected_ms, seq LIMIT ?',
        ...[sinceMs, MAX_REPORTS],
      );
      return rows.map(({ alert }) => alertOf(String(alert)));
    });
  }

  /** Alerts since the registry was made, by severity. */
  totals(): Promise<Partial<Record<DriftSeverity, number>>> {
    return this.#ports.state.read(async (sql) => {
      const rows = await sql.all('SELECT severity, alerts FROM drift_totals');
      return Object.fromEntries(rows.map(({ severity, alerts }) => [String(severity), Number(alerts)]));
    });
  }

  /** What is left of the month's alarms, and as of when. */
  credit(): Promise<{ readonly alarms: number; readonly atMs: number } | undefined> {
    return this.#ports.state.read(async (sql) => {
      const row = await sql.get('SELECT alarms, at_ms FROM drift_credit WHERE id = 1');
      return row === undefined ? undefined : { alarms: Number(row['alarms']), atMs: Number(row['at_ms']) };
    });
  }

  async #note(
    sql: Sql,
    change: RegistryChange,
    entry: readonly [string, string, unknown, unknown],
  ): Promise<void> {
    const [action, subject, before, after] = entry;
    await this.#ports.audit?.append(sql, { action, subject, before, after }, change);
  }
}

const streamOf = (row: SqlRow): StoredStream => ({
  type: row['type'] as DriftType,
  feature: String(row['feature']),
  models: JSON.parse(String(row['models'])) as string[],
  source: JSON.parse(String(row['source'])) as BaselineSource,
  values: valuesOfBytes(row['baseline'] as Uint8Array),
  revision: Number(row['revision']),
  windows: row['windows'] instanceof Uint8Array ? windowsOfBytes(row['windows']) : undefined,
});

/** JSON has texts for dates. */
function alertOf(text: string): DriftAlert {
  const alert = JSON.parse(text) as DriftAlert;
  const dated = (stats: DriftAlert['baselineStats']) => ({ ...stats, updatedAt: new Date(stats.updatedAt) });
  return {
    ...alert,
    detectedAt: new Date(alert.detectedAt),
    baselineStats: dated(alert.baselineStats),
    currentStats: dated(alert.currentStats),
  };
}
