import type { Manifest } from '../../../decisions/index.ts';

/** The bytes of one version of a model, every one verified by whoever opened it. */
export type SourcedModel = {
  /** By name; what they are follows from the names: `*.safetensors`, `model.json` of XGBoost, `model.onnx`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Null for a model that was not made here. */
  readonly manifest: Manifest | null;
  /** Hash over all of it: another digest is another model, whatever its version is called. */
  readonly digest: string;
  /** Day or time it was made, where there is no manifest to say so. */
  readonly date?: string;
};

/** Where models come from: a directory, a registry. It lists them and opens one version, verified. */
export interface ModelSource {
  /** Names of all models. */
  names(): readonly string[];
  /**
   * Versions of a model that may be served, oldest first; none for a name it does not know.
   * @throws PilotfishError when there are some and not one of them can be read.
   */
  versions(name: string): readonly string[];
  /**
   * The version that is to answer, where the source decides that: a registry's in production. Every refresh follows it,
   * also back; without it the newest is current and a refresh brings only versions never seen.
   */
  current?(name: string): string | undefined;
  /** @throws PilotfishError `MISSING`, `DAMAGED`; also as a rejection. */
  open(name: string, version: string): SourcedModel | Promise<SourcedModel>;
  /** Calls `changed` with the name of a model whose versions may be others now, until the returned function is called. */
  watch?(changed: (name: string) => void): () => void;
}

/** What a model may be called: as an artefact. */
export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** What a version may be called: also with the build part of a semantic version. */
export const VERSION_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,79}$/;
export const MAX_MODELS = 1024;
export const MAX_VERSIONS = 256;

/** Names of the one file of a foreign model, and of the recorded answers beside it. */
export const XGBOOST_FILE = 'model.json';
export const ONNX_FILE = 'model.onnx';
/** A learner of ours as it was when it was saved, without a manifest: only a registry vouches for it. */
export const SNAPSHOT_FILE = 'model.safetensors';
export const GOLDEN_FILE = 'golden.json';
