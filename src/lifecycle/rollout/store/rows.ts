import { type Clock, PilotfishError, type RandomSource } from '../../../base/index.ts';
import {
  emitEvent,
  type ModelRegistry,
  type RegistryChange,
  type Sql,
  type SqlRow,
} from '../../registry/index.ts';
import type { Control, Evidence, Phase, RolloutEvent } from '../machine/types.ts';
import type { RolloutPlan } from '../plan/plan.ts';

/** What the store works with. */
export type StorePorts = {
  readonly registry: ModelRegistry;
  readonly clock: Clock;
  readonly random: RandomSource;
};

/** A rollout as it is kept. */
export type StoredRollout = {
  readonly id: string;
  readonly model: string;
  /** Number of the version. */
  readonly version: number;
  readonly phase: Phase;
  readonly plan: RolloutPlan;
  readonly control: Control;
  readonly evidence: Evidence;
  readonly revision: number;
  readonly token: number;
  readonly isAttached: boolean;
  /** The end that the registry knows of; empty for none. */
  readonly told: string;
  /** Key of the assignment. */
  readonly salt: string;
  readonly createdMs: number;
  readonly updatedMs: number;
};

/** Events of a rollout that are kept. */
const MAX_EVENTS = 10_000;

const storedOf = (row: SqlRow): StoredRollout => ({
  ...{ id: String(row['id']), model: String(row['model']), version: Number(row['version']) },
  ...{ phase: row['phase'] as Phase, plan: JSON.parse(String(row['plan'])) as RolloutPlan },
  control: JSON.parse(String(row['control'])) as Control,
  evidence: JSON.parse(String(row['evidence'])) as Evidence,
  ...{ revision: Number(row['revision']), token: Number(row['token']), isAttached: row['is_attached'] === 1 },
  ...{ told: String(row['told']), salt: String(row['salt']) },
  ...{ createdMs: Number(row['created_ms']), updatedMs: Number(row['updated_ms']) },
});

/** @throws PilotfishError `MISSING`. */
export async function rolloutAt(sql: Sql, id: string): Promise<StoredRollout> {
  const row = await sql.get('SELECT * FROM rollouts WHERE id = ?', id);
  if (row !== undefined) return storedOf(row);
  throw new PilotfishError('MISSING', `there is no rollout ${id}: see \`pilotfish rollout status\``);
}

/** Newest first. */
export async function rolloutsOf(sql: Sql, model: string | undefined): Promise<StoredRollout[]> {
  const rows =
    model === undefined
      ? await sql.all('SELECT * FROM rollouts ORDER BY seq DESC LIMIT 1000')
      : await sql.all('SELECT * FROM rollouts WHERE model = ? ORDER BY seq DESC LIMIT 1000', model);
  return rows.map(storedOf);
}

export async function insertRollout(sql: Sql, stored: StoredRollout): Promise<void> {
  await sql.run(
    `INSERT INTO rollouts (id, model, version, phase, plan, control, evidence, revision, token, is_attached, told, salt,
       created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0, 0, '', ?, ?, ?)`,
    ...[stored.id, stored.model, stored.version, stored.phase, JSON.stringify(stored.plan)],
    ...[JSON.stringify(stored.control), JSON.stringify(stored.evidence), stored.salt],
    ...[stored.createdMs, stored.updatedMs],
  );
}

/** What is new of a rollout. */
export type Update = {
  readonly control: Control;
  readonly evidence: Evidence;
  readonly events: readonly RolloutEvent[];
  readonly change: RegistryChange;
};

/** Keeps where a rollout stands and what happened: state, log, audit and events in one transaction. */
export async function updateRollout(
  sql: Sql,
  stored: StoredRollout,
  { control, evidence, events, change, ports }: Update & { readonly ports: StorePorts },
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  await sql.run(
    'UPDATE rollouts SET phase = ?, control = ?, evidence = ?, revision = revision + 1, updated_ms = ? WHERE id = ?',
    ...[control.phase, JSON.stringify(control), JSON.stringify(evidence), nowMs, stored.id],
  );
  for (const event of events) await noteEvent(sql, stored, { event, change, ports });
}

type Noted = { readonly event: RolloutEvent; readonly change: RegistryChange; readonly ports: StorePorts };

async function noteEvent(
  sql: Sql,
  { id, model, version, phase }: StoredRollout,
  noted: Noted,
): Promise<void> {
  const { event, change, ports } = noted;
  const last = await sql.get('SELECT MAX(seq) AS seq FROM rollout_events WHERE rollout = ?', id);
  const seq = Number(last?.['seq'] ?? 0) + 1;
  await sql.run(
    'INSERT INTO rollout_events VALUES (?, ?, ?, ?, ?)',
    id,
    seq,
    event.timeMs,
    event.kind,
    JSON.stringify(event),
  );
  await sql.run('DELETE FROM rollout_events WHERE rollout = ? AND seq <= ?', id, seq - MAX_EVENTS);
  const after = { rollout: id, ...event };
  const draft = { action: `rollout.${event.kind}`, subject: `${model}/${version}`, before: { phase }, after };
  await ports.registry.audit.append(sql, draft, change);
  // An event of the version it is about, so that whoever listens to models hears of it.
  const data = { name: model, version: String(version), rollout: after };
  const kind = { entity: 'MODEL_VERSION', action: 'UPDATED' } as const;
  await emitEvent(sql, { ...kind, timeMs: event.timeMs, data }, ports.random);
}

/** How long a batch is known, so that one that is sent again is not counted again. */
const BATCH_MS = 30 * 86_400_000;

/** Notes that a batch was counted. @throws PilotfishError `EXISTS` when it was before. */
export async function noteBatch(sql: Sql, id: string, batch: string, nowMs: number): Promise<void> {
  const known = await sql.get('SELECT id FROM rollout_batches WHERE rollout = ? AND id = ?', id, batch);
  if (known !== undefined) {
    throw new PilotfishError(
      'EXISTS',
      `the batch ${batch} was counted already: send what is new under another name`,
    );
  }
  await sql.run('DELETE FROM rollout_batches WHERE rollout = ? AND time_ms < ?', id, nowMs - BATCH_MS);
  await sql.run('INSERT INTO rollout_batches VALUES (?, ?, ?)', id, batch, nowMs);
}

/** Events of a rollout after a number, oldest first. */
export async function eventsOf(
  sql: Sql,
  id: string,
  after: number,
): Promise<(RolloutEvent & { readonly seq: number })[]> {
  const rows = await sql.all(
    'SELECT seq, body FROM rollout_events WHERE rollout = ? AND seq > ? ORDER BY seq LIMIT 1000',
    ...[id, after],
  );
  return rows.map((row) => ({
    ...(JSON.parse(String(row['body'])) as RolloutEvent),
    seq: Number(row['seq']),
  }));
}
