/** The room that chooses a codec for each block: by link, load, kind, sample and probe. */
import type { CodecQuestion } from '../../blocks/index.ts';
import type { Room } from '../contract/index.ts';
import { CODEC_FEATURES } from './features.ts';
import { codecHeuristic } from './heuristic.ts';
import { openCodecModel } from './model.ts';
import { type CodecValue, isCodec } from './validator.ts';

export { CODEC_FEATURES, CODEC_SCHEMA, codecFeatures } from './features.ts';
export { heuristicSteps } from './heuristic.ts';
export { LinkEstimator } from './link.ts';
export { LINKS, type LinkName } from './links.ts';
export { advantageOf, NET_CLASSES, NET_FILE, openCodecModel } from './model.ts';
export { measureReference } from './speed.ts';
export { stepsFor } from './steps.ts';
export { CPU_PENALTY } from './teacher.ts';
export { CODECS, type CodecValue } from './validator.ts';
export { codecWorkshop } from './workshop.ts';

/** Asked by the store for every block that stands alone. */
export const codecRoom: Room<CodecQuestion, CodecValue> = {
  name: 'codec',
  features: CODEC_FEATURES,
  fallback: 'zstd-3',
  heuristic: codecHeuristic,
  isLegal: isCodec,
  open: (artefact) => openCodecModel(artefact),
};
