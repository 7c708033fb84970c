import type { CodecQuestion } from '../../blocks/index.ts';
import { ContentKind, isCompressed, isText } from '../../signals/index.ts';
import { featureSchemaOf } from '../artefact/index.ts';
import type { FeatureSlot } from '../contract/index.ts';

/** The 12 slots of document 000's topology, with measured contents instead of hashes and labels. */
export const CODEC_FEATURES: readonly FeatureSlot[] = [
  { name: 'block_size_log', unit: 'bytes', scale: 'log2(x) / 24', neutral: 0 },
  { name: 'block_depth_log', unit: 'blocks before it in its file', scale: 'log2(1 + x) / 16', neutral: 0 },
  { name: 'sibling_ratio', unit: '-', scale: 'min(x, 1)', neutral: 0.5 },
  { name: 'entropy', unit: 'bits per byte', scale: 'x / 8', neutral: 1 },
  { name: 'is_leaf', unit: '-', scale: '0 or 1', neutral: 1 },
  { name: 'probe_ratio', unit: '-', scale: 'min(x, 1)', neutral: 1 },
  { name: 'content_type_text', unit: '-', scale: '0 or 1', neutral: 0 },
  { name: 'content_type_binary', unit: '-', scale: '0 or 1', neutral: 0 },
  { name: 'content_type_json', unit: '-', scale: '0 or 1', neutral: 0 },
  { name: 'content_type_image', unit: '-', scale: '0 or 1: any compressed container', neutral: 0 },
  { name: 'bandwidth_log', unit: 'Mbit/s', scale: 'log2(x) / 14', neutral: 0 },
  { name: 'cpu_pressure', unit: 'runnable load per core', scale: 'min(x, 1)', neutral: 0 },
];

export const CODEC_SCHEMA = featureSchemaOf(CODEC_FEATURES);

/** Slots of `content_type_*`, in the order of the vector. */
export const CodecContent = { text: 0, binary: 1, json: 2, image: 3 } as const;
const CONTENT_SLOT = 6;
/** Average block of a repository: how deep a block lies in its file follows from its offset. */
const AVERAGE_BLOCK_BYTES = 64 * 1024;

/** Which of the four content types a magic-byte class counts as. */
export function contentOf(fileKind: number): 0 | 1 | 2 | 3 {
  if (fileKind === ContentKind.json) return CodecContent.json;
  const kind = fileKind as ContentKind;
  if (isCompressed(kind)) return CodecContent.image;
  return isText(kind) ? CodecContent.text : CodecContent.binary;
}

/** Writes the 12 numbers of a question into `out`; allocates nothing. */
export function codecFeatures(question: Readonly<CodecQuestion>, out: Float32Array | Float64Array): void {
  out[0] = Math.log2(Math.max(1, question.rawBytes)) / 24;
  out[1] = Math.log2(1 + question.fileOffsetBytes / AVERAGE_BLOCK_BYTES) / 16;
  out[2] = Math.min(1, question.siblingRatio);
  out[3] = question.sampleEntropyBits / 8;
  out[4] = question.isLeaf ? 1 : 0;
  out[5] = Math.min(1, question.probeRatio);
  out.fill(0, CONTENT_SLOT, CONTENT_SLOT + 4);
  out[CONTENT_SLOT + contentOf(question.fileKind)] = 1;
  out[10] = Math.log2(Math.max(1, question.linkBitsPerSecond / 1e6)) / 14;
  out[11] = Math.min(1, question.cpuPressure);
}
