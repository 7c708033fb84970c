import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import type { SampleOptions } from '../builder.ts';
import { TrainingDataset } from '../dataset.ts';

/** Characters that one format or another has trouble with. */
const character = fc.oneof(
  fc.constantFrom('\0', "'", '"', '\\', '\n', ',', '\u2028', '\u00e9', '\u{1f600}', 'N'),
  fc.integer({ min: 32, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
);
const text = fc.string({ unit: character, minLength: 1, maxLength: 8 });
const feature = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(0, -0, 1, Number.NaN));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

type Given = {
  readonly features: readonly number[];
  readonly label: string | number;
  readonly options: SampleOptions;
};

/** Any data set of one to three features and up to ten samples. */
export const anyDataset: fc.Arbitrary<TrainingDataset> = fc
  .record({ features: fc.integer({ min: 1, max: 3 }), costs: fc.nat(2), isClass: fc.boolean() })
  .chain(({ features, costs, isClass }) => {
    const sample: fc.Arbitrary<Given> = fc.record({
      features: fc.array(feature, { minLength: features, maxLength: features }),
      label: isClass ? text : finite,
      options: fc.record(
        {
          cost: fc.array(finite, { minLength: costs, maxLength: costs }),
          group: text,
          time: finite,
          weight: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
        },
        { requiredKeys: ['cost'] },
      ),
    });
    return fc.array(sample, { minLength: 1, maxLength: 10 });
  })
  .map((samples) => {
    const names = ['a', 'B.1', 'c_-'].slice(0, samples[0]?.features.length);
    const slots = names.map((name) => ({ name, unit: 'bytes "per" 1', scale: "x' / 2", neutral: 0.1 }));
    const dataset = new TrainingDataset({ features: slots });
    for (const { features, label, options } of samples) dataset.addSample(features, label, options);
    return dataset;
  });

/** Two features that tell something of the class and one that tells nothing. */
export function threeCodecs(samples: number, seed = 1): TrainingDataset {
  const rng = new FastRng(seed);
  const dataset = new TrainingDataset({ classes: ['zstd', 'lz4', 'none'] });
  for (let i = 0; i < samples; i += 1) {
    const [size, ratio, noise] = [rng.next(), rng.next(), rng.next()];
    const label =
      ratio + 0.3 * rng.normal() > 0.8 ? 'none' : size + 0.3 * rng.normal() > 0.5 ? 'zstd' : 'lz4';
    const features = { block_size_log: size, sibling_ratio: ratio, noise };
    dataset.addSample(features, label, { group: `file-${i % 20}`, time: i, cost: [1, 2, i] });
  }
  return dataset;
}
