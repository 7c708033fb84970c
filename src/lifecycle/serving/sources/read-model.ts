import {
  asRepositoryError,
  exists,
  type FileSystem,
  MIB,
  PilotfishError,
  readSmallFile,
  sha256Hex,
} from '../../../base/index.ts';
import { loadArtefact, MANIFEST_NAME, type Manifest, parseManifest } from '../../../decisions/index.ts';
import { MAX_XGBOOST_JSON_BYTES } from '../../../learn/index.ts';
import { GOLDEN_FILE, ONNX_FILE, type SourcedModel, XGBOOST_FILE } from './source.ts';

const MAX_ONNX_BYTES = 512 * MIB;
const MAX_GOLDEN_BYTES = 1 * MIB;
const MAX_MANIFEST_BYTES = 1 * MIB;

/** A foreign model: which file of a folder it is, and how long that may be. */
const FOREIGN: readonly (readonly [file: string, limitBytes: number])[] = [
  [XGBOOST_FILE, MAX_XGBOOST_JSON_BYTES],
  [ONNX_FILE, MAX_ONNX_BYTES],
];

/** A manifest names every file with its hash, so its own hash stands for them all. */
export const digestOf = (manifest: Manifest): string => sha256Hex(Buffer.from(JSON.stringify(manifest)));

/**
 * Opens the model at a path: an artefact directory, whatever its ending; a folder with `model.json` (XGBoost) or
 * `model.onnx`, and perhaps `golden.json`; or one such file.
 * @throws PilotfishError `MISSING`, `DAMAGED`, `LIMIT`, `IO`; `REFUSED` for a file that would run code when it is read,
 * `UNSUPPORTED` for any other.
 */
export function readModel(fs: FileSystem, path: string): SourcedModel {
  try {
    return modelAt(fs, path);
  } catch (error) {
    throw asRepositoryError(error, path);
  }
}

function modelAt(fs: FileSystem, path: string): SourcedModel {
  if (!exists(fs, path))
    throw new PilotfishError('MISSING', `there is no model at ${path}; train one`, { path });
  if (fs.lstat(path).kind !== 'directory') return ofFile(fs, path);
  if (!exists(fs, `${path}/${MANIFEST_NAME}`)) return ofFolder(fs, path);
  const digest = digestOf(readManifest(fs, path));
  const { manifest, files } = loadArtefact(fs, path);
  if (digestOf(manifest) === digest) return { manifest, files, digest };
  // What was read then is the model before it, which nobody asked for here.
  throw new PilotfishError('DAMAGED', `the model in ${path} is not what its manifest says; save it again`, {
    path,
  });
}

/** The manifest that lies in a directory, not yet held against its files. @throws PilotfishError `DAMAGED`. */
export function readManifest(fs: FileSystem, directory: string): Manifest {
  return parseManifest(read(fs, `${directory}/${MANIFEST_NAME}`, MAX_MANIFEST_BYTES));
}

/** Whether a folder without a manifest holds a foreign model. */
export const isForeign = (fs: FileSystem, folder: string): boolean =>
  FOREIGN.some(([file]) => exists(fs, `${folder}/${file}`));

function ofFolder(fs: FileSystem, path: string): SourcedModel {
  const found = FOREIGN.filter(([file]) => exists(fs, `${path}/${file}`));
  const [first, second] = found;
  if (first === undefined) {
    throw new PilotfishError('MISSING', `${path} holds neither a manifest nor model.json nor model.onnx`, {
      path,
    });
  }
  if (second !== undefined) {
    throw new PilotfishError('USAGE', `${path} holds both model.json and model.onnx; keep one of them`, {
      path,
    });
  }
  const [file, limitBytes] = first;
  const files = new Map([[file, read(fs, `${path}/${file}`, limitBytes)]]);
  if (exists(fs, `${path}/${GOLDEN_FILE}`)) {
    files.set(GOLDEN_FILE, read(fs, `${path}/${GOLDEN_FILE}`, MAX_GOLDEN_BYTES));
  }
  return foreign(files);
}

function ofFile(fs: FileSystem, path: string): SourcedModel {
  const [file, limitBytes] = foreignForm(path);
  return foreign(new Map([[file, read(fs, path, limitBytes)]]));
}

/**
 * What a foreign model is called when it is served, by the ending it has, and how long it may be.
 * @throws PilotfishError `REFUSED` for a form that would run code when it is read, `UNSUPPORTED` for any other.
 */
export function foreignForm(path: string): (typeof FOREIGN)[number] {
  const form = FOREIGN.find(([file]) => path.endsWith(file.slice(file.lastIndexOf('.'))));
  if (form !== undefined) return form;
  if (/\.(pt|pth|pkl|pickle|joblib)$/.test(path)) {
    throw new PilotfishError(
      'REFUSED',
      `${path} would run code when it is read and is never opened; export it as ONNX or XGBoost JSON`,
      { path },
    );
  }
  throw new PilotfishError(
    'UNSUPPORTED',
    `${path} is no model that can be served; give an artefact directory, XGBoost's .json or an .onnx file`,
    { path },
  );
}

function foreign(files: ReadonlyMap<string, Uint8Array>): SourcedModel {
  const hashes = [...files].map(([name, content]) => `${name} ${sha256Hex(content)}`);
  return { files, manifest: null, digest: sha256Hex(Buffer.from(hashes.join('\n'))) };
}

function read(fs: FileSystem, path: string, limitBytes: number): Uint8Array {
  const content = readSmallFile(fs, path, limitBytes);
  if (content.length <= limitBytes) return content;
  throw new PilotfishError('LIMIT', `${path} has more than ${limitBytes} bytes; use a smaller model`, {
    path,
  });
}
