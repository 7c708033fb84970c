import {
  asRepositoryError,
  exists,
  type FileSystem,
  makeDirectories,
  PilotfishError,
  readSmallFile,
  sha256Hex,
  writeAll,
} from '../../base/index.ts';
import { MANIFEST_NAME, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from './manifest.ts';

/** A model as it lies on disk, every byte checked against its manifest. */
export type ModelArtefact = {
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, Uint8Array>;
};

/** What becomes an artefact: the manifest without its list of files, and the files. */
export type ModelDraft = {
  readonly manifest: Omit<Manifest, 'files' | 'format'>;
  readonly files: ReadonlyMap<string, Uint8Array>;
};

/**
 * Reads and verifies a model. @throws PilotfishError `MISSING` without a manifest, `DAMAGED` for a byte that is not as
 * the manifest says, `SHAPE` when it was trained with other features than `featureSchema`.
 */
export function loadArtefact(fs: FileSystem, directory: string, featureSchema?: string): ModelArtefact {
  const path = `${directory}/${MANIFEST_NAME}`;
  if (!exists(fs, path)) {
    throw new PilotfishError(
      'MISSING',
      `there is no model in ${directory}; train one with \`pilotfish train\``,
      { path },
    );
  }
  const manifest = parseManifest(readFileOf(fs, path, MAX_MANIFEST_BYTES));
  if (featureSchema !== undefined && manifest.featureSchema !== featureSchema) {
    throw new PilotfishError(
      'SHAPE',
      `the model in ${directory} was trained with other features; train it again`,
    );
  }
  const files = new Map<string, Uint8Array>();
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const content = readFileOf(fs, `${directory}/${name}`, bytes);
    if (content.length !== bytes || sha256Hex(content) !== sha256) {
      throw new PilotfishError(
        'DAMAGED',
        `${name} of the model in ${directory} is not what its manifest says`,
        {
          path: `${directory}/${name}`,
        },
      );
    }
    files.set(name, content);
  }
  return { manifest, files };
}

/**
 * Writes a model: files first, the manifest last and by rename, so that a reader sees the old model, the new one, or
 * one that fails its check, never a mixture that passes.
 */
export function saveArtefact(fs: FileSystem, directory: string, draft: ModelDraft): ModelArtefact {
  const described = [...draft.files].map(([name, content]) => {
    return [name, { bytes: content.length, sha256: sha256Hex(content) }] as const;
  });
  const manifest: Manifest = { format: 1, ...draft.manifest, files: Object.fromEntries(described) };
  const text = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
  // What is written must be what is read.
  parseManifest(text);
  makeDirectories(fs, directory);
  for (const [name, content] of draft.files) replaceFile(fs, `${directory}/${name}`, content);
  replaceFile(fs, `${directory}/${MANIFEST_NAME}`, text);
  fs.fsyncDirectory(directory);
  return { manifest, files: new Map(draft.files) };
}

function readFileOf(fs: FileSystem, path: string, limitBytes: number): Buffer {
  try {
    return readSmallFile(fs, path, limitBytes);
  } catch (error) {
    throw asRepositoryError(error, path);
  }
}

/** Writes a file so that a reader sees the old content or the new, never a part. */
export function replaceFile(fs: FileSystem, path: string, content: Uint8Array): void {
  const temporary = `${path}.new`;
  if (exists(fs, temporary)) fs.unlink(temporary);
  const fd = fs.open(temporary, 'create');
  try {
    writeAll(fs, fd, content, 0);
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
  fs.rename(temporary, path);
}
