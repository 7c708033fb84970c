import {
  type CountOptions,
  countSource,
  type PackOptions,
  type RepositoryPorts,
} from '../../blocks/index.ts';
import type { Progress } from '../progress.ts';

/** Runs shorter than this never pay for counting. */
const COUNT_AFTER_MS = 1000;
/** How long one step of counting may hold up the rest. */
const STEP_MS = 10;

type Tally = Parameters<NonNullable<PackOptions['onProgress']>>[0];

/** Shows how far a `pack` is; once it takes longer, counts the source beside it, so that percent can be told. */
export class PackProgress {
  readonly #progress: Progress;
  readonly #ports: RepositoryPorts;
  readonly #source: CountOptions | undefined;
  #isCounting = false;
  #isOver = false;

  /** Without a `source` (a stream) the total stays unknown. */
  constructor(progress: Progress, ports: RepositoryPorts, source: CountOptions | undefined) {
    this.#progress = progress;
    this.#ports = ports;
    this.#source = source;
  }

  /** To be called with every report of a `pack`. */
  readonly update = (tally: Tally): void => {
    // What is read of a file counts at once, what is skipped or linked only when it is done.
    this.#progress.update({ count: tally.files, bytes: Math.max(tally.bytes, tally.bytesRead) });
    if (this.#isCounting || this.#progress.isQuiet || this.#progress.elapsedMs < COUNT_AFTER_MS) return;
    this.#isCounting = true;
    if (this.#source !== undefined) void this.#count(this.#source);
  };

  /** Ends counting, done or not. */
  end(): void {
    this.#isOver = true;
  }

  async #count(source: CountOptions): Promise<void> {
    const { fs, clock } = this.#ports;
    const steps = countSource(fs, source);
    while (!this.#isOver) {
      const untilMs = clock.nowMs() + STEP_MS;
      while (clock.nowMs() < untilMs) {
        const { done, value } = steps.next();
        if (done !== true) continue;
        this.#progress.expect({ count: value.files, bytes: value.bytes });
        return;
      }
      await clock.turn();
    }
  }
}
