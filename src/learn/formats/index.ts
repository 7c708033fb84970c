/** Formats the rest of the world reads: bytes in, bytes out, no files. */
export {
  encodeOnnxLstm,
  encodeOnnxMlp,
  type OnnxLayer,
  type OnnxLstm,
  type OnnxMlp,
  type OnnxOutput,
} from './onnx-net.ts';
export { encodeOnnxTrees } from './onnx-trees.ts';
export { restoreLearner } from './restore-learner.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  MAX_SAFETENSORS_HEADER_BYTES,
  type Safetensors,
  type SafetensorsTensor,
  type SafetensorsType,
} from './safetensors.ts';
export { decodeSnapshot, encodeSnapshot } from './snapshot-file.ts';
export { type TensorBoardScalars, tensorBoardScalars, tensorBoardStart } from './tensorboard.ts';
export { decodeXgboostJson, MAX_XGBOOST_JSON_BYTES } from './xgboost-read.ts';
export { encodeXgboostJson } from './xgboost-write.ts';
