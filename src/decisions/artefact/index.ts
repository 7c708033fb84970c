/** Models on disk: a directory with a manifest, verified whenever it is read. */
export {
  checkRoom,
  loadArtefact,
  type ModelArtefact,
  type ModelDraft,
  modelFile,
  replaceFile,
  saveArtefact,
} from './artefact.ts';
export {
  featureSchemaOf,
  type Lineage,
  type LineageSet,
  MANIFEST_NAME,
  type Manifest,
  parseManifest,
} from './manifest.ts';
