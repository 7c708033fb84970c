import { hasCode, type Log } from '../../../base/index.ts';
import type { ModelMonitor } from '../monitor/monitor.ts';
import type { IngestStore } from './store.ts';

/** Fewer judged decisions say little: a share of 30 is off by up to 18 points, one time in twenty. */
const MIN_JUDGED = 30;

export type QualityFeedPorts = {
  readonly store: IngestStore;
  readonly monitor: ModelMonitor;
  /** The version that answers, if the model is served. */
  readonly currentOf: (model: string) => string | undefined;
  readonly log: Log;
};

/** Tells the monitor how models decide, after the outcomes that were sent in bulk. */
export class QualityFeed {
  readonly #ports: QualityFeedPorts;
  /** By source, the version that was told of last. */
  readonly #told = new Map<string, string>();

  constructor(ports: QualityFeedPorts) {
    this.#ports = ports;
  }

  /** After new outcomes of a source for a model. */
  async tell(source: string, model: string): Promise<void> {
    const { store, monitor, currentOf } = this.#ports;
    const version = currentOf(model);
    if (version === undefined) return;
    this.#told.set(source, version);
    const { count, accuracy, gain } = await store.quality(source, version);
    if (count >= MIN_JUDGED)
      monitor.recordQuality(model, gain === undefined ? { accuracy } : { accuracy, gain });
  }

  /** Where another version answers now, what was judged of that one before. */
  async look(): Promise<void> {
    for (const { name, model } of await this.#ports.store.list()) {
      if (model === null || this.#told.get(name) === this.#ports.currentOf(model)) continue;
      try {
        await this.tell(name, model);
      } catch (error) {
        if (!hasCode(error)) throw error;
        this.#ports.log.write('warn', error.message, { source: name, code: error.code });
      }
    }
  }
}
