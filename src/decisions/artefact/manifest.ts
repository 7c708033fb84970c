import { isObject, PilotfishError, sha256Hex } from '../../base/index.ts';

/** A data set a model learnt from or was tried on. */
export type LineageSet = {
  /** Path within the data folder. */
  readonly path: string;
  readonly sha256: string;
  /** Whether what is learnt from it may be shipped. */
  readonly use: 'train+ship' | 'evaluate';
};

/** Where a model comes from: enough to make it again. */
export type Lineage = {
  readonly sets: readonly LineageSet[];
  /** Hash of the training table: what `train` really read. */
  readonly tableSha256: string;
  readonly seed: number;
  readonly command: string;
  /** True when no real sample was among them. */
  readonly synthetic: boolean;
  /** How often the sealed test part was looked at for this model. */
  readonly testEvaluations: number;
  /** How many groups (files, packages) the sealed test part has: never trained or tuned on. */
  readonly sealedGroups: number;
};

/** `manifest.json` of a model artefact. */
export type Manifest = {
  readonly format: 1;
  readonly room: string;
  readonly name: string;
  readonly version: string;
  /** `mlp`, `boosted-trees`, … and the sizes that make it. */
  readonly family: string;
  readonly topology: readonly number[];
  /** Hash of the feature slots the model was trained with. */
  readonly featureSchema: string;
  /** ISO date. */
  readonly date: string;
  readonly lineage: Lineage;
  /** Held-out figures, as plain fractions. */
  readonly metrics: { readonly [name: string]: number };
  /** Spent differential-privacy budget of the training data; null when no noise was needed. */
  readonly privacy: { readonly epsilon: number; readonly delta: number } | null;
  /** Which device trained it. */
  readonly device: string;
  readonly files: { readonly [name: string]: { readonly bytes: number; readonly sha256: string } };
};

export const MANIFEST_NAME = 'manifest.json';
/** The folder within an artefact where the model before it is kept. */
export const PREVIOUS_NAME = 'previous';
export const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Of all files of an artefact together. */
export const MAX_ARTEFACT_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 16;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** Hash of a feature schema: any change of order, name, unit or scale gives another one. */
export function featureSchemaOf(slots: readonly object[]): string {
  return sha256Hex(Buffer.from(JSON.stringify(slots)));
}

/** Parses and checks a manifest. @throws PilotfishError `DAMAGED`, `NEWER_VERSION`, `LIMIT`. */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) throw new PilotfishError('LIMIT', 'a manifest of more than 1 MiB');
  const value = parse(bytes);
  if (!isObject(value)) throw damaged('it is no object');
  if (typeof value['format'] === 'number' && value['format'] > 1) {
    throw new PilotfishError('NEWER_VERSION', `a model of format ${value['format']}: update Pilotfish`);
  }
  const texts = ['room', 'name', 'version', 'family', 'featureSchema', 'date', 'device'];
  for (const key of texts) if (!isText(value[key])) throw damaged(`"${key}" is no text`);
  if (value['format'] !== 1) throw damaged('"format" is not 1');
  if (!isNumbers(value['topology'])) throw damaged('"topology" is no list of numbers');
  if (!isObject(value['metrics']) || !isNumbers(Object.values(value['metrics']))) throw damaged('"metrics"');
  checkLineage(value['lineage']);
  checkPrivacy(value['privacy']);
  checkFiles(value['files']);
  return value as Manifest;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new PilotfishError('DAMAGED', 'the manifest of the model is no JSON', { cause: error });
  }
}

function checkLineage(value: unknown): void {
  if (!isObject(value) || !Array.isArray(value['sets'])) throw damaged('"lineage"');
  for (const set of value['sets'] as unknown[]) {
    const sound = isObject(set) && isText(set['path']) && SHA256.test(String(set['sha256']));
    if (!sound || (set['use'] !== 'train+ship' && set['use'] !== 'evaluate')) throw damaged('"lineage.sets"');
  }
  const { tableSha256, seed, command, synthetic, testEvaluations, sealedGroups } = value;
  const sound =
    SHA256.test(String(tableSha256)) &&
    isText(command) &&
    typeof synthetic === 'boolean' &&
    isNumbers([seed, testEvaluations, sealedGroups]);
  if (!sound) throw damaged('"lineage"');
}

function checkPrivacy(value: unknown): void {
  if (value === null) return;
  if (!isObject(value) || !isNumbers([value['epsilon'], value['delta']])) throw damaged('"privacy"');
}

function checkFiles(value: unknown): void {
  if (!isObject(value)) throw damaged('"files"');
  const names = Object.keys(value);
  if (names.length === 0 || names.length > MAX_FILES) throw damaged('"files" are none or too many');
  let total = 0;
  for (const name of names) {
    const file = value[name];
    const sound =
      isObject(file) && Number.isSafeInteger(file['bytes']) && SHA256.test(String(file['sha256']));
    const isReserved = name === MANIFEST_NAME || name === PREVIOUS_NAME;
    if (!FILE_NAME.test(name) || isReserved || !sound || (file['bytes'] as number) < 0) {
      throw damaged(`file "${name}"`);
    }
    total += file['bytes'] as number;
  }
  if (total > MAX_ARTEFACT_BYTES) throw new PilotfishError('LIMIT', 'a model of more than 64 MiB');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= 4096;
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every(Number.isFinite);
const damaged = (what: string): PilotfishError =>
  new PilotfishError(
    'DAMAGED',
    `the manifest of the model does not parse: ${what}. Train or fetch the model again`,
  );
