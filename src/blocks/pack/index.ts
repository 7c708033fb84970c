export {
  blockIdAt,
  depthAt,
  type FooterBlock,
  type PackTable,
  packFeatures,
} from './footer.ts';
export { HEADER_BYTES, isSealedPack, openFrame, readPackTable } from './pack-file.ts';
export { type FinishedPack, type PackFiles, PackWriter, type RecordNote } from './pack-writer.ts';
export {
  type BaseRef,
  type BlockRecord,
  type DeltaRecord,
  type GroupRecord,
  MAX_FRAME_BYTES,
  type PackRecord,
  RECORD_TYPES,
} from './record.ts';
export { WireReader, WireWriter } from './wire.ts';
