import { hasCode, type Log } from '../../base/index.ts';
import type { ModelServer, RegistrySource } from '../../lifecycle/index.ts';

export type FollowerOptions = {
  readonly source: RegistrySource;
  readonly models: ModelServer;
  readonly log: Log;
};

/**
 * Waits until what is in production is served. The model server follows its source by itself; this is for who wants to know
 * when it has, and loads models before they are asked.
 */
export class Follower {
  readonly #options: FollowerOptions;
  /** By name, the version that was last tried: the same is not tried, nor complained of, again. */
  readonly #tried = new Map<string, string>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Resolves when what was in production at the call is loaded, or was found not to be loadable. */
  async follow(): Promise<void> {
    const { source, log } = this.#options;
    await source.look();
    for (const name of source.names()) {
      const wanted = source.find(name)?.modelId ?? '';
      if (this.#tried.get(name) === wanted) continue;
      this.#tried.set(name, wanted);
      try {
        await this.#load(name);
      } catch (error) {
        if (!hasCode(error)) throw error;
        log.write('warn', error.message, { model: name, code: error.code });
        // Trouble of the moment: the next look may find room.
        if (hasCode(error, 'LIMIT', 'IO', 'LOCKED')) this.#tried.delete(name);
      }
    }
  }

  async #load(name: string): Promise<void> {
    const { source, models } = this.#options;
    const isCurrent = models.names.includes(name) && models.describe(name).current === source.current(name);
    if (!isCurrent) await models.refresh(name);
    await models.load(name);
  }
}
