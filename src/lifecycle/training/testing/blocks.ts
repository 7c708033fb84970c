import { FastRng } from '../../../base/index.ts';
import { CODEC_FEATURES } from '../../../decisions/index.ts';
import { TrainingDataset } from '../../dataset/index.ts';

/** The classes of document 000 in its order. */
export const ALGORITHMS = ['zstd', 'lz4', 'snappy', 'none'] as const;

export type BlockOptions = { readonly seed?: number; readonly costs?: boolean; readonly noise?: number };

/**
 * Blocks whose best algorithm follows from entropy and link: hopeless ones are stored as they are, slow links want zstd,
 * fast ones lz4 or snappy. `noise` is the share of labels that are drawn by lot instead.
 */
export function blocks(
  count: number,
  { seed = 1, costs = true, noise = 0.02 }: BlockOptions = {},
): TrainingDataset {
  const rng = new FastRng(seed);
  const dataset = new TrainingDataset({ features: CODEC_FEATURES, classes: ALGORITHMS });
  for (let i = 0; i < count; i += 1) {
    const x = CODEC_FEATURES.map(() => rng.next());
    const [entropy, link] = [x[3] as number, x[10] as number];
    const right = entropy > 0.8 ? 3 : link < 0.5 ? 0 : link < 0.75 ? 1 : 2;
    const label = rng.next() < noise ? rng.below(ALGORITHMS.length) : right;
    // The further an algorithm is from the right one, the more it costs.
    const cost = ALGORITHMS.map((_, each) => 1 + Math.abs(each - label));
    dataset.addSample(x, ALGORITHMS[label] as string, {
      group: `file-${i % 50}`,
      ...(costs ? { cost } : {}),
    });
  }
  return dataset;
}
