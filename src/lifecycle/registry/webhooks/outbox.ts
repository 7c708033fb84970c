import type { Clock, RandomSource } from '../../../base/index.ts';
import type { RegistryState, Row, Sql } from '../state/port.ts';

/** What an event is about: in MLflow's words, and the experiments on models. */
export const EVENT_ENTITIES = [
  'REGISTERED_MODEL',
  'MODEL_VERSION',
  'MODEL_VERSION_TAG',
  'MODEL_VERSION_ALIAS',
  'EXPERIMENT',
  'DRIFT_ALERT',
] as const;
export const EVENT_ACTIONS = ['CREATED', 'UPDATED', 'DELETED', 'SET'] as const;

export type EventKind = {
  readonly entity: (typeof EVENT_ENTITIES)[number];
  readonly action: (typeof EVENT_ACTIONS)[number];
};

/** Something that happened to a model; `data` in the snake_case of MLflow's payloads. */
export type RegistryEvent = EventKind & {
  /** Grows from event to event, also over restarts. */
  readonly seq: number;
  readonly timeMs: number;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Kept for those who ask for what they missed; older ones are forgotten, not their deliveries. */
const MAX_EVENTS = 100_000;
/** How often the oldest are deleted. */
const PRUNE_EVERY = 1000;
const PAGE = 500;
/** How soon events of other processes are seen. */
const POLL_MS = 1000;

/** Notes an event and whom it must be told, in the transaction of what happened. */
export async function emitEvent(
  sql: Sql,
  event: Omit<RegistryEvent, 'seq'>,
  random: RandomSource,
): Promise<void> {
  const { entity, action, timeMs, data } = event;
  const row = await sql.get(
    'INSERT INTO events (time_ms, entity, action, data) VALUES (?, ?, ?, ?) RETURNING seq',
    ...[timeMs, entity, action, JSON.stringify(data)],
  );
  const seq = Number(row?.['seq']);
  if (seq % PRUNE_EVERY === 0) await sql.run('DELETE FROM events WHERE seq <= ?', seq - MAX_EVENTS);
  const hooks = await sql.all("SELECT id, events FROM webhooks WHERE status = 'ACTIVE'");
  const body = JSON.stringify({ entity, action, timestamp: new Date(timeMs).toISOString(), data });
  for (const hook of hooks) {
    const wanted = JSON.parse(String(hook['events'])) as EventKind[];
    if (!wanted.some((kind) => kind.entity === entity && kind.action === action)) continue;
    await sql.run(
      "INSERT INTO deliveries VALUES (?, ?, ?, ?, 0, ?, 'waiting', '')",
      ...[random(16).toString('hex'), seq, String(hook['id']), body, timeMs],
    );
  }
}

/** Events after `after`, oldest first. */
export function eventsAfter(
  state: RegistryState,
  after: number,
  limit: number = PAGE,
): Promise<RegistryEvent[]> {
  return state.read(async (sql) => {
    const rows = await sql.all('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?', after, limit);
    return rows.map(eventOf);
  });
}

/**
 * Events as they come, for server-sent events: those after `after` that are still kept, then new ones, also of other
 * processes. Ends when `signal` is aborted; none is left out, and a slow taker holds nothing in memory.
 */
export async function* subscribe(
  state: RegistryState,
  { after, signal, clock }: { readonly after: number; readonly signal: AbortSignal; readonly clock: Clock },
): AsyncGenerator<RegistryEvent> {
  let last = after;
  while (!signal.aborted) {
    // Listened for before it is looked: what comes in between is not missed.
    const news = untilNews(state, clock, signal);
    const events = await eventsAfter(state, last);
    if (events.length === 0) await news.promise;
    news.stop();
    for (const event of events) {
      if (signal.aborted) return;
      yield event;
      last = event.seq;
    }
  }
}

/** Resolves at the next commit of this process, in a second for those of others, or when `signal` is aborted. */
function untilNews(
  state: RegistryState,
  clock: Clock,
  signal: AbortSignal,
): { readonly promise: Promise<void>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stops = [state.onCommit(resolve), clock.every(POLL_MS, resolve)];
  signal.addEventListener('abort', () => resolve(), { once: true });
  const stop = (): void => {
    for (const one of stops) one();
  };
  return { promise, stop };
}

/** The number of the newest event; 0 before the first. */
export function lastEvent(state: RegistryState): Promise<number> {
  return state.read(async (sql) =>
    Number((await sql.get('SELECT MAX(seq) AS seq FROM events'))?.['seq'] ?? 0),
  );
}

const eventOf = (row: Row): RegistryEvent => ({
  seq: Number(row['seq']),
  timeMs: Number(row['time_ms']),
  entity: String(row['entity']) as RegistryEvent['entity'],
  action: String(row['action']) as RegistryEvent['action'],
  data: JSON.parse(String(row['data'])) as Record<string, unknown>,
});
