import { MAX_CHAIN_DEPTH } from '../../base/index.ts';
import { entropyBits } from '../../signals/index.ts';
import { type CodecChoice, parseAlgorithm } from '../codec/index.ts';
import { GROUP_COUNT, type StoreAdviser } from '../questions.ts';
import type { Resemblance, ResemblanceIndex } from './resemblance.ts';

/** Tree nodes always share this group. */
export const TREE_GROUP = GROUP_COUNT;
const CANDIDATES_ASKED = 8;
/** Features a base must share: one of twelve may be chance. */
const MIN_SHARED = 2;
/** Measured on versions of packages and on a mixed system: 3 is 2.5 % larger, 9 is 2.5 % smaller for half as much CPU again. */
const DEFAULT_CODEC: CodecChoice = { codec: 'zstd', level: 5 };

interface Context {
  readonly fileKind: number;
  readonly nameClass: number;
  readonly fileOffsetBytes: number;
}

/**
 * The questions of the store with their built-in answers. An adviser's answer is used when it is legal; anything
 * else, an exception included, means the built-in one.
 */
export class Advice {
  readonly #adviser: StoreAdviser;
  /** Which questions cost something to put together and are answered at all. */
  readonly #asked: { readonly codec: boolean; readonly base: boolean };
  readonly #groupOf = new Map<number, number>();

  constructor(adviser: StoreAdviser) {
    this.#adviser = adviser;
    this.#asked = {
      codec: attempt(() => adviser.codec !== undefined) ?? false,
      base: attempt(() => adviser.base !== undefined) ?? false,
    };
  }

  /** The codec of a block that stands alone. */
  codec(raw: Uint8Array, context: Context): CodecChoice {
    if (!this.#asked.codec) return DEFAULT_CODEC;
    const answer = attempt(() =>
      this.#adviser.codec?.({
        rawBytes: raw.length,
        fileKind: context.fileKind,
        fileOffsetBytes: context.fileOffsetBytes,
        sampleEntropyBits: entropyBits(raw),
      }),
    );
    return (typeof answer === 'string' ? parseAlgorithm(answer) : undefined) ?? DEFAULT_CODEC;
  }

  /** Blocks that may be a base, best first; only those with a depth below the limit. */
  candidates(index: ResemblanceIndex, features: Uint32Array, depthLimit = MAX_CHAIN_DEPTH): Resemblance[] {
    const count = this.#asked.base ? CANDIDATES_ASKED : 1;
    return index.find(features, { count, depthLimit, minShared: MIN_SHARED });
  }

  /** Index of the base among the candidates; -1 for none. The built-in rule takes the first. */
  base(candidates: readonly Resemblance[], rawBytes: number, context: Context): number {
    if (candidates.length === 0 || !this.#asked.base) return 0;
    const described = candidates.map(({ rawLength, shared, depth, age }) => ({
      rawBytes: rawLength,
      sharedFeatures: shared,
      chainDepth: depth,
      ageBlocks: age,
    }));
    const answer = attempt(() =>
      this.#adviser.base?.({ rawBytes, fileKind: context.fileKind, candidates: described }),
    );
    return isWhole(answer, -1, candidates.length - 1) ? answer : 0;
  }

  /** The group of a small block. The built-in rule gives each name ending its own while there are any. */
  group(rawBytes: number, context: Context): number {
    const { fileKind, nameClass } = context;
    const answer = attempt(() => this.#adviser.group?.({ rawBytes, fileKind, nameClass }));
    if (isWhole(answer, 0, GROUP_COUNT - 1)) return answer;
    const known = this.#groupOf.get(nameClass);
    if (known !== undefined) return known;
    if (this.#groupOf.size >= GROUP_COUNT) return nameClass % GROUP_COUNT;
    this.#groupOf.set(nameClass, this.#groupOf.size);
    return this.#groupOf.size - 1;
  }
}

function attempt<T>(run: () => T): T | undefined {
  try {
    const answer = run();
    // A promise is no answer, and one that is rejected must not end the process.
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer;
  } catch {
    // An adviser that throws has no answer.
    return undefined;
  }
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
