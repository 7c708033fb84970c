import { sha256 } from '../../../base/index.ts';
import type { Assign } from '../../../decisions/index.ts';

/** Decisions whose arms are remembered until their receipts come: as many as a guard remembers. */
const REMEMBERED = 2048;
const TWO_32 = 4_294_967_296;

/** Where a share comes from. */
export interface ShareSource {
  /** Another number when the share may be another. Looked at for every decision; the share is not. */
  readonly epoch: number;
  /** Probability of the model to make the next decision. */
  share(): number;
}

/** A place of the ring: nobody was assigned, the model, the rule. */
const [NOBODY, MODEL, RULE] = [0, 1, 2];

/** Mixes 32 bits so that each depends on all (Prospecting for Hash Functions, Wellons 2018: `lowbias32`). */
function mixed(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/**
 * Which decisions the model makes: those whose keyed hash is below its share. A unit keeps its side while the share
 * grows. Nothing is allocated.
 */
export class ShareAssignment implements Assign {
  propensity = 1;
  readonly #source: ShareSource;
  #epoch = -1;
  #ofModel = 0;
  #ofRule = 1;
  readonly #lowKey: number;
  readonly #highKey: number;
  readonly #arms = new Uint8Array(REMEMBERED);
  readonly #shares = new Float64Array(REMEMBERED);

  /**
   * @param key makes assignments of one key independent of those of another
   */
  constructor(key: string, source: ShareSource) {
    const digest = sha256(Buffer.from(key));
    this.#lowKey = digest.readInt32LE(0);
    this.#highKey = digest.readInt32LE(4);
    this.#source = source;
  }

  useModel(decisionId: number): boolean {
    if (this.#epoch !== this.#source.epoch) this.#renew();
    const high = Math.floor(decisionId / TWO_32);
    const isModel =
      (mixed(mixed(decisionId ^ this.#lowKey) ^ high ^ this.#highKey) >>> 0) / TWO_32 < this.#ofModel;
    const place = decisionId % REMEMBERED;
    this.#shares[place] = this.#ofModel;
    this.#arms[place] = isModel ? MODEL : RULE;
    this.propensity = isModel ? this.#ofModel : this.#ofRule;
    return isModel;
  }

  /** Whether a decision had a chance to go either way; false before anyone was assigned. */
  isCompared(decisionId: number): boolean {
    const share = this.shareAt(decisionId);
    return this.#arms[decisionId % REMEMBERED] !== NOBODY && share > 0 && share < 1;
  }

  /** Who it was given to, whoever answered in the end. */
  isModelAt(decisionId: number): boolean {
    return this.#arms[decisionId % REMEMBERED] === MODEL;
  }

  /** The share when it was made. */
  shareAt(decisionId: number): number {
    return this.#shares[decisionId % REMEMBERED] as number;
  }

  #renew(): void {
    this.#epoch = this.#source.epoch;
    this.#ofModel = this.#source.share();
    this.#ofRule = 1 - this.#ofModel;
  }
}
