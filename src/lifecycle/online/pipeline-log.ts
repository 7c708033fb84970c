import { PilotfishError } from '../../base/index.ts';
import type { RegistryState, Sql, SqlRow } from '../registry/index.ts';
import { PipelineEngine, type SavedEngine } from './engine/engine.ts';
import type { EngineSettings, Outcome, PipelineEvent } from './engine/settings.ts';
import type { PipelineSettings, PipelineUpdate } from './types.ts';

/** Events after which a checkpoint saves reading them again. */
const CHECKPOINT_EVERY = 500;
/** Events that are kept: so far back the weights can be made again, and a sample id is known. */
const MAX_EVENTS = 200_000;
const MAX_UPDATES = 1000;
const PAGE = 2000;

/** A pipeline's row. */
export type PipelineRow = {
  readonly id: string;
  readonly settings: PipelineSettings;
  readonly status: 'active' | 'paused' | 'archived';
  readonly error: string | undefined;
  readonly failures: number;
  readonly retryMs: number;
  readonly lastSeq: number;
  readonly carriedSeq: number;
  readonly duplicates: number;
  readonly createdMs: number;
};

/** What is still to be done in the registry. */
export type Carriage = { readonly seq: number; readonly outcome: Outcome };

/** An engine at a place of its log. */
export class Handle {
  readonly settings: PipelineSettings;
  readonly engine: PipelineEngine;
  seq: number;
  /** Swaps and rollbacks the registry has not heard of, oldest first. */
  readonly uncarried: Carriage[] = [];

  constructor(settings: PipelineSettings, engine: PipelineEngine, seq: number) {
    this.settings = settings;
    this.engine = engine;
    this.seq = seq;
  }

  /** The next event of the log. */
  apply(event: PipelineEvent, carriedSeq: number): Outcome[] {
    const seq = this.seq + 1;
    const outcomes = this.engine.apply(event, `${this.settings.pipelineId}.${seq}`);
    this.seq = seq;
    for (const outcome of outcomes) {
      const isCarried = outcome.kind === 'swap' || outcome.kind === 'rollback';
      if (isCarried && seq > carriedSeq) this.uncarried.push({ seq, outcome });
    }
    return outcomes;
  }
}

export const engineSettings = (settings: PipelineSettings): EngineSettings => {
  const { strategy, updateFrequency, batchSize, minSamples, maxBufferSize, alpha } = settings;
  return { strategy, updateFrequencyMs: updateFrequency, batchSize, minSamples, maxBufferSize, alpha };
};

const open = (settings: PipelineSettings, checkpoint: string, seq: number): Handle => {
  const saved = parsed(checkpoint) as SavedEngine;
  return new Handle(settings, PipelineEngine.restore(engineSettings(settings), saved), seq);
};

/** @throws PilotfishError `DAMAGED`. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PilotfishError('DAMAGED', 'the log of the pipeline is no JSON: restore a backup', { cause });
  }
}

/** @throws PilotfishError `MISSING`. */
export async function rowAt(sql: Sql, id: string): Promise<PipelineRow> {
  const row = await sql.get(`SELECT ${COLUMNS} FROM online_pipelines WHERE id = ?`, id);
  if (row !== undefined) return pipelineOf(row);
  throw new PilotfishError('MISSING', `there is no pipeline ${id}: see \`pilotfish online status\``);
}

export async function rows(sql: Sql): Promise<PipelineRow[]> {
  return (await sql.all(`SELECT ${COLUMNS} FROM online_pipelines ORDER BY id`)).map(pipelineOf);
}

/** Brings an engine to the end of its log, or opens one. */
export async function catchUp(sql: Sql, row: PipelineRow, handle: Handle | undefined): Promise<Handle> {
  // One that is ahead applied what was never committed.
  const isBehind = handle !== undefined && handle.seq <= row.lastSeq;
  const current = isBehind ? handle : await openLast(sql, row);
  await replay(sql, current, { until: row.lastSeq, carriedSeq: row.carriedSeq });
  return current;
}

async function openLast(sql: Sql, { id, settings }: PipelineRow): Promise<Handle> {
  const kept = await sql.get('SELECT checkpoint, checkpoint_seq FROM online_pipelines WHERE id = ?', id);
  return open(settings, String(kept?.['checkpoint']), Number(kept?.['checkpoint_seq']));
}

async function replay(
  sql: Sql,
  handle: Handle,
  { until, carriedSeq }: { readonly until: number; readonly carriedSeq: number },
): Promise<void> {
  while (handle.seq < until) {
    const events = await sql.all(
      'SELECT body FROM online_events WHERE pipeline = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
      ...[handle.settings.pipelineId, handle.seq, until, PAGE],
    );
    if (events.length === 0)
      throw new PilotfishError('DAMAGED', 'the log of the pipeline has a gap: restore a backup');
    for (const { body } of events) handle.apply(parsed(String(body)) as PipelineEvent, carriedSeq);
  }
}

/** Adds an event to the log and applies it. */
export async function append(
  sql: Sql,
  handle: Handle,
  event: PipelineEvent,
  carriedSeq: number,
): Promise<Outcome[]> {
  const { pipelineId } = handle.settings;
  const outcomes = handle.apply(event, carriedSeq);
  const sampleId = 'sampleId' in event ? event.sampleId : null;
  await sql.run(
    'INSERT INTO online_events (pipeline, seq, time_ms, kind, sample_id, body) VALUES (?, ?, ?, ?, ?, ?)',
    ...[pipelineId, handle.seq, event.timeMs, event.kind, sampleId, JSON.stringify(event)],
  );
  for (const [number, { kind, key, report }] of outcomes.entries()) {
    await sql.run(
      'INSERT INTO online_updates VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[pipelineId, handle.seq, number, kind, key, JSON.stringify(report), event.timeMs],
    );
  }
  return outcomes;
}

/** Writes down how far the log goes, and now and then a checkpoint, so that nobody has to read all of it. */
export async function keep(sql: Sql, handle: Handle, nowMs: number): Promise<void> {
  const id = handle.settings.pipelineId;
  await sql.run(
    'UPDATE online_pipelines SET last_seq = ?, updated_ms = ? WHERE id = ?',
    handle.seq,
    nowMs,
    id,
  );
  const row = await sql.get('SELECT checkpoint_seq, origin_seq FROM online_pipelines WHERE id = ?', id);
  // What the registry has not heard of yet is found again only in the log.
  if (handle.uncarried.length > 0 || handle.seq - Number(row?.['checkpoint_seq']) < CHECKPOINT_EVERY) return;
  const checkpoint = JSON.stringify(handle.engine.save());
  await sql.run(
    'UPDATE online_pipelines SET checkpoint = ?, checkpoint_seq = ? WHERE id = ?',
    ...[checkpoint, handle.seq, id],
  );
  await sql.run(
    `DELETE FROM online_updates WHERE pipeline = ? AND seq <= (SELECT seq FROM online_updates WHERE pipeline = ?
       ORDER BY seq DESC, number DESC LIMIT 1 OFFSET ?)`,
    ...[id, id, MAX_UPDATES],
  );
  if (handle.seq - Number(row?.['origin_seq']) < MAX_EVENTS) return;
  await sql.run('DELETE FROM online_events WHERE pipeline = ? AND seq <= ?', id, handle.seq);
  await sql.run(
    'UPDATE online_pipelines SET origin = ?, origin_seq = ? WHERE id = ?',
    ...[checkpoint, handle.seq, id],
  );
}

/** The event by which a sample, or its label, came. */
export async function eventOf(
  sql: Sql,
  id: string,
  { kind, sampleId }: { readonly kind: 'sample' | 'label'; readonly sampleId: string },
): Promise<PipelineEvent | undefined> {
  const row = await sql.get(
    'SELECT body FROM online_events WHERE pipeline = ? AND kind = ? AND sample_id = ?',
    ...[id, kind, sampleId],
  );
  return row === undefined ? undefined : (JSON.parse(String(row['body'])) as PipelineEvent);
}

/** Events of a pipeline, oldest first. */
export function readEvents(
  state: RegistryState,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<(PipelineEvent & { readonly seq: number })[]> {
  return state.read(async (sql) => {
    const found = await sql.all(
      'SELECT seq, body FROM online_events WHERE pipeline = ? AND seq > ? ORDER BY seq LIMIT ?',
      ...[id, after, limit],
    );
    return found.map(({ seq, body }) => ({
      ...(JSON.parse(String(body)) as PipelineEvent),
      seq: Number(seq),
    }));
  });
}

/** What the log led to, the latest last. */
export async function readUpdates(sql: Sql, id: string, limit: number): Promise<PipelineUpdate[]> {
  const found = await sql.all(
    'SELECT * FROM online_updates WHERE pipeline = ? ORDER BY seq DESC, number DESC LIMIT ?',
    ...[id, limit],
  );
  return found.toReversed().map((row) => ({
    ...{ seq: Number(row['seq']), kind: String(row['kind']) as PipelineUpdate['kind'] },
    ...{
      subject: String(row['subject']),
      report: JSON.parse(String(row['report'])) as PipelineUpdate['report'],
    },
    timeMs: Number(row['created_ms']),
  }));
}

/** Learns the whole log again, from its beginning. @returns the engine it makes and where the log began */
export async function relearn(
  sql: Sql,
  row: PipelineRow,
): Promise<{ readonly handle: Handle; readonly from: number }> {
  const kept = await sql.get('SELECT origin, origin_seq FROM online_pipelines WHERE id = ?', row.id);
  const from = Number(kept?.['origin_seq']);
  const handle = open(row.settings, String(kept?.['origin']), from);
  await replay(sql, handle, { until: row.lastSeq, carriedSeq: row.lastSeq });
  return { handle, from };
}

const COLUMNS =
  'id, settings, status, error, failures, retry_ms, last_seq, carried_seq, duplicates, created_ms, updated_ms';

const pipelineOf = (row: SqlRow): PipelineRow => ({
  ...{ id: String(row['id']), settings: JSON.parse(String(row['settings'])) as PipelineSettings },
  status: String(row['status']) as PipelineRow['status'],
  error: row['error'] === null ? undefined : String(row['error']),
  ...{ failures: Number(row['failures']), retryMs: Number(row['retry_ms']) },
  ...{ lastSeq: Number(row['last_seq']), carriedSeq: Number(row['carried_seq']) },
  ...{ duplicates: Number(row['duplicates']), createdMs: Number(row['created_ms']) },
});
