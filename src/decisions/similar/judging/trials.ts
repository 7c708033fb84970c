import type { Clock } from '../../../base/index.ts';
import { compressBlock, deltaOf, usualDeltaLevel } from '../../../blocks/index.ts';
import type { SetBlock } from './blocks.ts';

/** What one encoding came to and took. */
export type Trial = { readonly bytes: number; readonly seconds: number };

/** As the store compresses a block that stands alone, and a group, when nobody advises it. */
const ALONE = { algorithm: 'zstd-5' };
const GROUP = { algorithm: 'zstd-9' };
/** The faster of so many tries counts: what disturbs a measurement only makes it longer. */
const TRIES = 3;

/** Encodings of the blocks of one set, each really run, once for everybody who asks. */
export class Trials {
  readonly #clock: Clock;
  readonly #raws: ReadonlyMap<string, Uint8Array>;
  readonly #alone = new Map<string, Trial>();
  readonly #deltas = new Map<string, Trial>();
  /** Seconds a byte of a group takes. */
  #groupRate: number | undefined;

  constructor(blocks: readonly SetBlock[], clock: Clock) {
    this.#raws = new Map(blocks.map(({ id, raw }) => [id, raw]));
    this.#clock = clock;
  }

  /** The block alone. */
  alone({ id, raw }: SetBlock): Trial {
    return once(this.#alone, id, () => this.#timed(() => compressBlock(raw, ALONE).bytes.length));
  }

  /** Its delta against an earlier block; 0 bytes where none can be made. */
  delta({ id, raw }: SetBlock, baseId: string): Trial {
    return once(this.#deltas, `${id}${baseId}`, () => {
      const base = this.#raws.get(baseId) ?? new Uint8Array();
      return this.#timed(() => deltaOf(raw, base, usualDeltaLevel(raw.length))?.length ?? 0);
    });
  }

  /**
   * Blocks in one group. With every policy it has other members, so its size is not kept; its time is priced by its
   * bytes, at the rate of the first group, so that noise does not decide between policies.
   */
  group(members: readonly SetBlock[]): Trial {
    const raw = Buffer.concat(members.map((member) => member.raw));
    const encode = (): number => compressBlock(raw, GROUP).bytes.length;
    this.#groupRate ??= this.#timed(encode).seconds / raw.length;
    return { bytes: encode(), seconds: this.#groupRate * raw.length };
  }

  #timed(run: () => number): Trial {
    let bytes = 0;
    let seconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES; i += 1) {
      const startedMs = this.#clock.monotonicMs();
      bytes = run();
      seconds = Math.min(seconds, (this.#clock.monotonicMs() - startedMs) / 1000);
    }
    return { bytes, seconds };
  }
}

function once(known: Map<string, Trial>, key: string, run: () => Trial): Trial {
  const before = known.get(key);
  if (before !== undefined) return before;
  const trial = run();
  known.set(key, trial);
  return trial;
}
