import {
  AHEAD_SLOTS,
  AHEAD_STEP_WIDTH,
  AHEAD_STEPS,
  type AheadQuestion,
  AheadSlots,
} from '../../blocks/index.ts';
import { featureSchemaOf } from '../artefact/index.ts';
import type { FeatureSlot } from '../contract/index.ts';

const slot = (name: string, unit: string, scale: string): FeatureSlot => ({ name, unit, scale, neutral: 0 });

/** What each candidate of a step is: its source and its rank there. */
function sourceOf(index: number): string {
  if (index < AheadSlots.next) return `tree_${index + 1}`;
  if (index < AheadSlots.pair) return 'next';
  if (index < AheadSlots.recent) return `pair_${index - AheadSlots.pair + 1}`;
  return `recent_${index - AheadSlots.recent + 1}`;
}

const FACTS = ['tree', 'next', 'pair_1', 'pair_others', 'recent_1', 'recent_others'] as const;

/** Of one access: what its candidates were worth lately, who had named it, when it was asked for before. */
const STEP: readonly FeatureSlot[] = [
  ...Array.from({ length: AHEAD_SLOTS }, (_, i) => slot(`chance_${sourceOf(i)}`, '-', 'share right lately')),
  ...FACTS.map((fact) => slot(`named_by_${fact}`, '-', '0 or 1')),
  slot('seen_before', '-', '0 or 1'),
  slot('gap_log', 'accesses', 'min(1, log2(x) / 20)'),
];

/** Numbers of one step of the net. */
export const STEP_WIDTH = AHEAD_STEP_WIDTH;

/** The last accesses, oldest first. No slot says which block it is about: only what is relative to the run. */
export const PREFETCH_FEATURES: readonly FeatureSlot[] = Array.from({ length: AHEAD_STEPS }, (_, step) =>
  STEP.map((each) => ({ ...each, name: `${each.name}_${AHEAD_STEPS - step}` })),
).flat();

export const PREFETCH_SCHEMA = featureSchemaOf(PREFETCH_FEATURES);

/** Writes the numbers of a question into `out`. */
export function prefetchFeatures({ steps }: Readonly<AheadQuestion>, out: Float32Array | Float64Array): void {
  out.set(steps);
}
