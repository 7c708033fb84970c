import { type RandomSource, secureBytes } from '../../../base/index.ts';
import { PrivacyLedger, type RandomWords, releaseLaplace } from '../../../learn/index.ts';

/** What all noise of this process that names no ledger may cost together. */
export const DEFAULT_EPSILON_BUDGET = 10;

const WORD_BYTES = 4;
/** Words fetched at once: a call into the system for each would take most of the time. */
const WORDS = 256;

/** A source of 32-bit words for noise, from a source of bytes; the system's unless given. */
export function randomWords(random: RandomSource = secureBytes): RandomWords {
  let bytes = random(0);
  let at = 0;
  return () => {
    if (at === bytes.length) {
      bytes = random(WORDS * WORD_BYTES);
      at = 0;
    }
    at += WORD_BYTES;
    return bytes.readUInt32LE(at - WORD_BYTES);
  };
}

const ownLedger = new PrivacyLedger({ epsilon: DEFAULT_EPSILON_BUDGET });
const ownWords = randomWords();

export type NoiseOptions = {
  /** The privacy this release costs; smaller is more private and noisier. */
  readonly epsilon: number;
  /** How much one person can change the value, in whole units. 1. */
  readonly sensitivity?: number;
  /** Pays for it. A ledger of this process with a budget of ε = 10, unless given. */
  readonly ledger?: PrivacyLedger;
  /** Must be unpredictable outside of tests. */
  readonly words?: RandomWords;
};

/**
 * A draw of discrete Laplace noise of scale sensitivity / epsilon (Canonne, Kamath, Steinke 2020): added to a count, the
 * sum is ε-differentially private. Whole numbers only: the gaps of floating-point noise tell what it should hide
 * (Mironov 2012). The ledger is charged before the draw.
 * @throws PilotfishError `REFUSED` when the budget is spent, `USAGE` for an epsilon or sensitivity that is none.
 */
export function differentialPrivacyNoise(options: NoiseOptions): number {
  const { epsilon, sensitivity = 1, ledger = ownLedger, words = ownWords } = options;
  return releaseLaplace(0, { epsilon, sensitivity }, { ledger, words });
}
