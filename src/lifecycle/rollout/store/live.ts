import { PilotfishError } from '../../../base/index.ts';
import type { RegistryChange, RegistryState } from '../../registry/index.ts';
import type { Rollout } from '../machine/rollout.ts';
import type { Track } from '../machine/track.ts';
import type { RolloutEvent } from '../machine/types.ts';
import { tellRegistry } from './outcome.ts';
import { rolloutAt, type StorePorts, updateRollout } from './rows.ts';

export type LiveParts = {
  readonly id: string;
  /** Key of the assignment, for this process. */
  readonly key: string;
  readonly token: number;
  readonly revision: number;
  readonly state: RegistryState;
  readonly ports: StorePorts;
  readonly change: RegistryChange;
  /** Makes the rollout; its events go to the function given. */
  readonly open: (onEvent: (event: RolloutEvent) => void) => Rollout;
};

/** Events that wait to be kept: a rollout has a few dozen in its life. */
const MAX_WAITING = 10_000;

/**
 * A rollout that this process feeds. It decides in memory, at once, and is kept at every event and every `checkpoint`;
 * what was observed after the last one is lost with a process that is killed, and nothing is counted twice.
 */
export class LiveRollout {
  readonly id: string;
  readonly key: string;
  readonly rollout: Rollout;
  readonly #parts: LiveParts;
  readonly #listeners = new Set<(event: RolloutEvent) => void>();
  #revision: number;
  #events: RolloutEvent[] = [];
  #saving: Promise<void> = Promise.resolve();
  #failure: unknown;
  #isLost = false;
  #stop: (() => void) | undefined;

  /** Use `RolloutManager.attach`. */
  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.key = parts.key;
    this.#revision = parts.revision;
    this.rollout = parts.open((event) => this.#hear(event));
  }

  /** Whether another process took over: the rule decides here. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** @throws PilotfishError `MISSING`. */
  region(name: string): Track {
    return this.rollout.region(name);
  }

  /** Probability of the model to make the next decision there. */
  shareOf(track: Track): number {
    return this.#isLost ? 0 : this.rollout.shareOf(track);
  }

  /** Another number whenever `shareOf` may be another. */
  epochOf(track: Track): number {
    return this.rollout.epochOf(track) + (this.#isLost ? 1 : 0);
  }

  /** Calls `listener` at every event until the returned function is called. */
  onEvent(listener: (event: RolloutEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks and keeps what came of it. @throws PilotfishError as `Rollout.advance` and `checkpoint`. */
  async advance(): Promise<void> {
    await this.checkpoint();
    await this.rollout.advance();
    await this.checkpoint();
  }

  /**
   * Keeps where it stands; takes over what others commanded meanwhile. One at a time.
   * @throws PilotfishError `LOCKED` when another process took over; `NO_SPACE`, `IO`.
   */
  checkpoint(): Promise<void> {
    const saved = this.#saving.then(() => this.#save());
    this.#saving = saved.catch((error: unknown) => {
      this.#failure = error;
    });
    return saved;
  }

  /** Resolves when everything that happened is kept, and the registry knows of the end. @throws what keeping threw */
  async settled(): Promise<void> {
    await this.#saving;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Looks every `intervalMs` until `release`; what fails is thrown by `settled`. */
  start(intervalMs = 1000): void {
    this.#stop ??= this.#parts.ports.clock.every(intervalMs, () => {
      this.advance().catch((error: unknown) => {
        this.#failure = error;
      });
    });
  }

  /** Keeps where it stands, and lets others feed it. */
  async release(): Promise<void> {
    this.#stop?.();
    this.#stop = undefined;
    const { state, id, token } = this.#parts;
    await this.checkpoint();
    await state.write(async (sql) => {
      await sql.run('UPDATE rollouts SET is_attached = 0 WHERE id = ? AND token = ?', id, token);
    });
    this.#isLost = true;
  }

  #hear(event: RolloutEvent): void {
    if (this.#events.length < MAX_WAITING) this.#events.push(event);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // Whoever listens must not disturb whoever works.
      }
    }
    // At once: a rollback must be known outside, and `settled` tells what fails.
    if (event.kind === 'rolled-back') void this.checkpoint().catch(() => undefined);
  }

  async #save(): Promise<void> {
    const { state, id, token, ports, change } = this.#parts;
    await state
      .write(async (sql) => {
        const stored = await rolloutAt(sql, id);
        if (stored.token !== token) {
          this.#isLost = true;
          throw new PilotfishError(
            'LOCKED',
            `another process feeds the rollout ${id}: the rule decides here; attach again to take it back`,
          );
        }
        if (stored.revision !== this.#revision) this.rollout.adopt(stored.control);
        // A copy: what happens while it is written is kept the next time.
        const events = [...this.#events];
        const [control, evidence] = [this.rollout.control(), this.rollout.evidence()];
        await updateRollout(sql, stored, { control, evidence, events, change, ports });
        return { revision: stored.revision + 1, count: events.length };
      })
      .then(({ revision, count }) => {
        this.#revision = revision;
        this.#events = this.#events.slice(count);
      });
    if (this.rollout.isEnded) await tellRegistry({ state, registry: ports.registry }, id, change);
  }
}
