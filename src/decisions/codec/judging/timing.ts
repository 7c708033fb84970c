import type { Clock } from '../../../base/index.ts';
import { NEUTRAL_CODEC_QUESTION, probeRatio, sampleEntropyBits } from '../../../blocks/index.ts';
import { quantile } from '../../../learn/index.ts';
import { ContentKind } from '../../../signals/index.ts';
import { sampleBlock } from '../speed.ts';
import type { Chooser } from './evaluate.ts';

const WARM_UP = 2000;
const ROUNDS = 2000;

/** Microseconds from the bytes of a block of 64 KiB to the answer, steps taken included, timed one by one. */
export function timeDecisions(chooser: Chooser, link: number, clock: Clock): { p50: number; p99: number } {
  const raw = sampleBlock();
  const known = { rawBytes: raw.length, fileKind: ContentKind.text, linkBitsPerSecond: link };
  const question = { ...NEUTRAL_CODEC_QUESTION, ...known };
  const decide = (): void => {
    const steps = chooser.steps(raw.length, link);
    question.sampleEntropyBits =
      steps === 'none' ? NEUTRAL_CODEC_QUESTION.sampleEntropyBits : sampleEntropyBits(raw);
    question.probeRatio = steps === 'entropy+probe' ? probeRatio(raw) : 1;
    chooser.choose(question);
  };
  for (let i = 0; i < WARM_UP; i += 1) decide();
  const times = Float64Array.from({ length: ROUNDS }, () => {
    const startedMs = clock.monotonicMs();
    decide();
    return 1000 * (clock.monotonicMs() - startedMs);
  });
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
