import { type Clock, PilotfishError } from '../../base/index.ts';
import type { ModelRegistry, RegistryChange, RegistryState, Sql } from '../registry/index.ts';
import type { PipelineEvent } from './engine/settings.ts';
import { append, catchUp, type Handle, keep, type PipelineRow, rowAt } from './pipeline-log.ts';

/** An event before its time is known. */
export type EventDraft = PipelineEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'timeMs'>
    : never
  : never;

/** What a change of one pipeline works on. */
export type Place = { readonly sql: Sql; readonly row: PipelineRow; readonly handle: Handle };

/** What a note in the audit log says: action, pipeline, before, after. */
type Note = readonly [action: string, id: string, before: unknown, after: unknown];

/** Engines in memory, each at a place of its log; the log is what is true. */
export class Keeper {
  readonly state: RegistryState;
  readonly clock: Clock;
  readonly #registry: Pick<ModelRegistry, 'audit'>;
  readonly #handles = new Map<string, Handle>();

  constructor(state: RegistryState, registry: Pick<ModelRegistry, 'audit'>, clock: Clock) {
    this.state = state;
    this.clock = clock;
    this.#registry = registry;
  }

  /** Whether the registry has not heard of something yet. */
  hasUncarried(id: string): boolean {
    return (this.#handles.get(id)?.uncarried.length ?? 0) > 0;
  }

  /** Whether nothing is to be done for a pipeline, by what is in memory: nothing is read. */
  isIdle({ id, lastSeq, retryMs }: PipelineRow, nowMs: number): boolean {
    const handle = this.#handles.get(id);
    if (handle === undefined || handle.seq !== lastSeq || handle.engine.due(nowMs)) return false;
    return handle.uncarried.length === 0 || nowMs < retryMs;
  }

  /** Runs `work` on a pipeline at the end of its log, alone among all writers. */
  async change<T>(id: string, work: (place: Place) => Promise<T>): Promise<T> {
    let isAhead = false;
    try {
      return await this.state.write(async (sql) => {
        const row = await rowAt(sql, id);
        const handle = await catchUp(sql, row, this.#handles.get(id));
        this.#handles.set(id, handle);
        const result = await work({ sql, row, handle }).finally(() => {
          isAhead = handle.seq > row.lastSeq;
        });
        if (isAhead) await keep(sql, handle, this.clock.nowMs());
        return result;
      });
    } catch (error) {
      // What was applied was not committed: the log says what is true.
      if (isAhead) this.#handles.delete(id);
      throw error;
    }
  }

  /** Adds an event to the log of the pipeline, and applies it. */
  async append({ sql, row, handle }: Place, draft: EventDraft): Promise<void> {
    // A clock that goes back must not make the log do so.
    const timeMs = Math.max(this.clock.nowMs(), handle.engine.counts.lastMs);
    const event = { ...draft, timeMs } as PipelineEvent;
    for (const outcome of await append(sql, handle, event, row.carriedSeq)) {
      if (outcome.kind === 'update') continue;
      const { kind, key, replaced = null, report } = outcome;
      const change = { actor: `online ${row.id}` };
      await this.note(sql, [`pipeline.${kind}`, row.id, { replaced }, { key, ...report }], change);
    }
  }

  /** Writes a change down, in its transaction. */
  note(sql: Sql, [action, id, before, after]: Note, change: RegistryChange): Promise<void> {
    return this.#registry.audit.append(sql, { action, subject: `pipeline/${id}`, before, after }, change);
  }

  /** @throws PilotfishError `MISSING`, `REFUSED` for one that is archived. */
  async setStatus(id: string, status: PipelineRow['status'], change: RegistryChange): Promise<void> {
    await this.state.write(async (sql) => {
      const row = await rowAt(sql, id);
      if (row.status === 'archived')
        throw new PilotfishError('REFUSED', `${id} is archived: create another pipeline`);
      const nowMs = this.clock.nowMs();
      await sql.run('UPDATE online_pipelines SET status = ?, updated_ms = ? WHERE id = ?', status, nowMs, id);
      await this.note(sql, [`pipeline.${status}`, id, { status: row.status }, { status }], change);
    });
  }
}
