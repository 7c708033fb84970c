import { SMALL_FILE_BYTES } from '../../base/index.ts';
import type { BaseCandidate, BaseQuestion } from '../../blocks/index.ts';
import { ContentKind, isCompressed, isText } from '../../signals/index.ts';
import { featureSchemaOf } from '../artefact/index.ts';
import type { FeatureSlot } from '../contract/index.ts';

const FEATURE_COUNT = 12;

/** What is seen of one candidate: the block, the candidate, and how it stands among the others. */
export const SIMILAR_FEATURES: readonly FeatureSlot[] = [
  { name: 'block_size_log', unit: 'bytes', scale: 'log2(x) / 20', neutral: 0 },
  { name: 'is_small', unit: '-', scale: '0 or 1: at most 16 KiB', neutral: 0 },
  { name: 'is_leaf', unit: '-', scale: '0 or 1', neutral: 1 },
  { name: 'content_type_text', unit: '-', scale: '0 or 1', neutral: 0 },
  { name: 'content_type_json', unit: '-', scale: '0 or 1', neutral: 0 },
  { name: 'content_type_compressed', unit: '-', scale: '0 or 1: any compressed container', neutral: 0 },
  { name: 'sibling_ratio', unit: '-', scale: 'min(x, 1)', neutral: 0.5 },
  { name: 'file_delta_ratio', unit: '-', scale: 'min(x, 1)', neutral: 0.5 },
  { name: 'class_delta_ratio', unit: '-', scale: 'min(x, 1)', neutral: 0.5 },
  { name: 'candidates', unit: 'blocks', scale: 'x / 8', neutral: 0 },
  { name: 'best_shared', unit: 'features of the first candidate', scale: 'x / 12', neutral: 0 },
  { name: 'shared', unit: 'features', scale: 'x / 12', neutral: 0 },
  { name: 'shared_behind', unit: 'features fewer than the first', scale: 'x / 12', neutral: 0 },
  { name: 'rank', unit: 'candidates before it', scale: 'x / 8', neutral: 0 },
  { name: 'size_ratio_log', unit: 'base / block', scale: 'log2(x) / 8, within -1 and 1', neutral: 0 },
  { name: 'size_gap_log', unit: 'bytes between the sizes', scale: 'log2(1 + x) / 20', neutral: 0 },
  { name: 'chain_depth', unit: 'steps', scale: 'x / 4', neutral: 0 },
  { name: 'age_log', unit: 'blocks', scale: 'log2(1 + x) / 24', neutral: 0 },
  { name: 'stored_ratio', unit: '-', scale: 'min(x, 1)', neutral: 0.5 },
  { name: 'follows_last', unit: '-', scale: '0 or 1: stored right after the base before', neutral: 0 },
  { name: 'steps_from_last_log', unit: 'blocks', scale: 'sign(x) log2(1 + |x|) / 24', neutral: 0 },
];

export const SIMILAR_SCHEMA = featureSchemaOf(SIMILAR_FEATURES);

/** Writes what is seen of candidate `index` of a question into `out`; allocates nothing. */
export function similarFeatures(
  question: Readonly<BaseQuestion>,
  index: number,
  out: Float32Array | Float64Array,
): void {
  questionFeatures(question, out);
  candidateFeatures(question, index, out);
}

/** The slots that all candidates of a question share. */
export function questionFeatures(question: Readonly<BaseQuestion>, out: Float32Array | Float64Array): void {
  const { candidates, rawBytes } = question;
  const kind = question.fileKind as ContentKind;
  out[0] = Math.log2(Math.max(1, rawBytes)) / 20;
  out[1] = rawBytes <= SMALL_FILE_BYTES ? 1 : 0;
  out[2] = question.isLeaf ? 1 : 0;
  out[3] = kind !== ContentKind.json && isText(kind) ? 1 : 0;
  out[4] = kind === ContentKind.json ? 1 : 0;
  out[5] = isCompressed(kind) ? 1 : 0;
  out[6] = Math.min(1, question.siblingRatio);
  out[7] = Math.min(1, question.fileDeltaRatio);
  out[8] = Math.min(1, question.classDeltaRatio);
  out[9] = candidates.length / 8;
  out[10] = (candidates[0] as BaseCandidate).sharedFeatures / FEATURE_COUNT;
}

/** The other slots, those of one candidate. */
export function candidateFeatures(
  { candidates, rawBytes }: Readonly<BaseQuestion>,
  index: number,
  out: Float32Array | Float64Array,
): void {
  const candidate = candidates[index] as BaseCandidate;
  const best = (candidates[0] as BaseCandidate).sharedFeatures;
  out[11] = candidate.sharedFeatures / FEATURE_COUNT;
  out[12] = (best - candidate.sharedFeatures) / FEATURE_COUNT;
  out[13] = index / 8;
  const sizes = Math.log2(Math.max(1, candidate.rawBytes) / Math.max(1, rawBytes));
  out[14] = Math.max(-1, Math.min(1, sizes / 8));
  out[15] = Math.log2(1 + Math.abs(candidate.rawBytes - rawBytes)) / 20;
  out[16] = candidate.chainDepth / 4;
  out[17] = Math.log2(1 + candidate.ageBlocks) / 24;
  out[18] = Math.min(1, candidate.storedRatio);
  const steps = candidate.stepsFromLast;
  out[19] = steps === 1 ? 1 : 0;
  out[20] = (Math.sign(steps) * Math.log2(1 + Math.abs(steps))) / 24;
}
