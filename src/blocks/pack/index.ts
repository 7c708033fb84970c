export {
  blockIdAt,
  type FooterBlock,
  type FooterRecord,
  type PackTable,
  packFeatures,
} from './footer.ts';
export { HEADER_BYTES, openFrame, PACK_VERSION, readPackTable, TRAILER_BYTES } from './pack-file.ts';
export { type FinishedPack, type PackFiles, PackWriter, type RecordNote } from './pack-writer.ts';
export {
  type BaseRef,
  type BlockRecord,
  type DeltaRecord,
  type GroupRecord,
  type PackRecord,
  RECORD_TYPES,
  type RecordType,
} from './record.ts';
export { malformed, WireReader, WireWriter } from './wire.ts';
