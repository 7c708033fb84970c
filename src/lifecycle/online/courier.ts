import { PilotfishError } from '../../base/index.ts';
import { carry, keyOf, openVersion, type PipelineRegistry } from './carrier.ts';
import { bytesOf } from './engine/learners.ts';
import type { Keeper } from './keeper.ts';
import { type PipelineRow, rowAt } from './pipeline-log.ts';

/** How long one process has to tell the registry, and waits after the first error. */
const RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 3_600_000;
const MAX_ERROR = 2000;

/** Between the logs of pipelines and the registry: carries swaps and rollbacks there, and brings back what others did. */
export class Courier {
  readonly #keeper: Keeper;
  readonly #registry: PipelineRegistry;
  readonly #carrying = new Map<string, Promise<void>>();

  constructor(keeper: Keeper, registry: PipelineRegistry) {
    this.#keeper = keeper;
    this.#registry = registry;
  }

  isCarrying(id: string): boolean {
    return this.#carrying.has(id);
  }

  /** Resolves when all that is under way is over. */
  async settled(): Promise<void> {
    await Promise.all([...this.#carrying.values()]);
  }

  /** Tells the registry what it has not heard of; one at a time, and after an error not before its time. */
  carry(id: string): Promise<void> {
    const running = this.#carrying.get(id);
    if (running !== undefined) return running;
    if (!this.#keeper.hasUncarried(id)) return Promise.resolve();
    const carrying = this.#carryAll(id)
      // What can be kept of an error is kept: this is a state that is closed or locked. The log still has it all.
      .catch(() => undefined)
      .finally(() => this.#carrying.delete(id));
    this.#carrying.set(id, carrying);
    return carrying;
  }

  async #carryAll(id: string): Promise<void> {
    for (;;) {
      const { row, handle } = await this.#keeper.change(id, async (place) => place);
      const { uncarried } = handle;
      while (uncarried[0] !== undefined && uncarried[0].seq <= row.carriedSeq) uncarried.shift();
      const [next] = uncarried;
      if (next === undefined || !(await this.#claim(id, next.seq))) return;
      try {
        if (await carry(this.#registry, row.settings, next.outcome)) await this.#carried(id, next.seq);
        else await this.#rebase(id, next.seq);
      } catch (error) {
        await this.fail(row, error);
        return;
      }
    }
  }

  /** Whether it is this process that carries now: another one that does has this long, and so has one that was killed. */
  async #claim(id: string, seq: number): Promise<boolean> {
    const nowMs = this.#keeper.clock.nowMs();
    const changed = await this.#keeper.state.write((sql) =>
      sql.run(
        'UPDATE online_pipelines SET retry_ms = ? WHERE id = ? AND carried_seq < ? AND retry_ms <= ?',
        ...[nowMs + RETRY_MS, id, seq, nowMs],
      ),
    );
    return changed === 1;
  }

  #carried(id: string, seq: number): Promise<void> {
    return this.#keeper.state.write(async (sql) => {
      await sql.run(
        `UPDATE online_pipelines SET carried_seq = CASE WHEN carried_seq < ? THEN ? ELSE carried_seq END, error = NULL,
           failures = 0, retry_ms = 0 WHERE id = ?`,
        ...[seq, seq, id],
      );
    });
  }

  /** Keeps what went wrong; nothing is tried again for a while. */
  async fail({ id, failures }: PipelineRow, error: unknown): Promise<void> {
    const text = error instanceof PilotfishError ? `${error.code}: ${error.message}` : String(error);
    const retryMs = this.#keeper.clock.nowMs() + Math.min(RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
    await this.#keeper.state.write(async (sql) => {
      await sql.run(
        'UPDATE online_pipelines SET error = ?, failures = failures + 1, retry_ms = ? WHERE id = ?',
        ...[text.slice(0, MAX_ERROR), retryMs, id],
      );
      await this.#keeper.note(sql, ['pipeline.error', id, null, { error: text.slice(0, MAX_ERROR) }], {
        actor: `online ${id}`,
      });
    });
  }

  /** Goes on from what somebody else put in production. */
  async follow(id: string): Promise<void> {
    const { row, handle } = await this.#keeper.change(id, async (place) => place);
    if (handle.uncarried.length > 0) return;
    const present = await this.#registry.transitions.productionOf(row.settings.modelName);
    const isOther = present !== undefined && keyOf(present) !== handle.engine.champion;
    if (isOther) await this.#rebase(id, handle.seq);
    else if (row.error !== undefined) await this.#carried(id, row.carriedSeq);
  }

  /** @param carriedSeq what need not be told to the registry any more */
  async #rebase(id: string, carriedSeq: number): Promise<void> {
    const { modelName } = (await this.#keeper.state.read((sql) => rowAt(sql, id))).settings;
    const present = await this.#registry.transitions.productionOf(modelName);
    if (present === undefined) return this.#carried(id, carriedSeq);
    const { version, learner } = await openVersion(this.#registry, present.modelId);
    const bytes = Buffer.from(bytesOf(learner)).toString('base64');
    await this.#keeper.change(id, (place) =>
      this.#keeper.append(place, { kind: 'rebase', champion: keyOf(version), learner: bytes }),
    );
    await this.#carried(id, carriedSeq);
  }
}
