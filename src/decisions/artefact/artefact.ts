import {
  asRepositoryError,
  exists,
  type FileSystem,
  hasCode,
  makeDirectories,
  PilotfishError,
  readSmallFile,
  sha256Hex,
  writeAll,
} from '../../base/index.ts';
import {
  MANIFEST_NAME,
  MAX_MANIFEST_BYTES,
  type Manifest,
  PREVIOUS_NAME,
  parseManifest,
} from './manifest.ts';

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
 * Reads and verifies a model. A directory whose files are gone or not what its manifest says, as a kill within
 * `saveArtefact` leaves it, is answered with the model before, from `DIRECTORY/previous`: its manifest has that version.
 * @throws PilotfishError `MISSING` without a manifest, `DAMAGED` for a byte that is not as the manifest says, `SHAPE`
 * when it was trained with other features than `featureSchema`.
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
  try {
    return loadFrom(fs, directory, featureSchema);
  } catch (error) {
    const previous = hasCode(error, 'DAMAGED', 'MISSING')
      ? loadPrevious(fs, directory, featureSchema)
      : undefined;
    if (previous === undefined) throw error;
    return previous;
  }
}

/** Undefined when there is none that can be used. */
function loadPrevious(fs: FileSystem, directory: string, featureSchema?: string): ModelArtefact | undefined {
  try {
    return loadFrom(fs, `${directory}/${PREVIOUS_NAME}`, featureSchema);
  } catch (error) {
    if (hasCode(error)) return undefined;
    throw error;
  }
}

/** The model of this very directory. @throws PilotfishError as `loadArtefact`. */
function loadFrom(fs: FileSystem, directory: string, featureSchema?: string): ModelArtefact {
  const manifest = parseManifest(readFileOf(fs, `${directory}/${MANIFEST_NAME}`, MAX_MANIFEST_BYTES));
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
 * For a room that opens a model. @throws PilotfishError `DAMAGED` when it is one of another room, `SHAPE` when it sees
 * other features.
 */
export function checkRoom({ manifest }: ModelArtefact, room: string, featureSchema: string): void {
  if (manifest.room !== room) {
    throw new PilotfishError(
      'DAMAGED',
      `this is a model of the room ${manifest.room}; give one of the room ${room}`,
    );
  }
  if (manifest.featureSchema !== featureSchema) {
    throw new PilotfishError('SHAPE', 'the model was trained with other features; train it again');
  }
}

/** A file of a model. @throws PilotfishError `DAMAGED` when it is not there. */
export function modelFile({ files }: Pick<ModelArtefact, 'files'>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes !== undefined) return bytes;
  throw new PilotfishError('DAMAGED', `the model has no file ${name}; train it again`);
}

/**
 * Writes a model: files first, the manifest last and by rename. A model that stood there whole is first kept in
 * `DIRECTORY/previous`, so that at every moment, also after a kill or a power cut, `loadArtefact` finds the old model or
 * the new one. Files that only the old manifests name are then deleted; others are never touched.
 * @throws PilotfishError as `parseManifest` for a draft that could not be read again; errors of the file system.
 */
export function saveArtefact(fs: FileSystem, directory: string, draft: ModelDraft): ModelArtefact {
  const described = [...draft.files].map(([name, content]) => {
    return [name, { bytes: content.length, sha256: sha256Hex(content) }] as const;
  });
  const manifest: Manifest = { format: 1, ...draft.manifest, files: Object.fromEntries(described) };
  // What is written must be what is read.
  parseManifest(textOf(manifest));
  makeDirectories(fs, directory);
  const previous = `${directory}/${PREVIOUS_NAME}`;
  const old = wholeModel(fs, directory);
  if (old !== undefined) {
    const older = namesIn(fs, previous);
    makeDirectories(fs, previous);
    writeModel(fs, previous, old);
    fs.fsyncDirectory(directory);
    removeFiles(fs, previous, older, old.manifest);
  }
  const outdated = [...namesIn(fs, directory), ...namesIn(fs, previous)];
  const model = { manifest, files: new Map(draft.files) };
  writeModel(fs, directory, model);
  removeFiles(fs, directory, outdated, manifest);
  return model;
}

/** What `saveArtefact` must keep: the model of this very directory, if it is whole. */
function wholeModel(fs: FileSystem, directory: string): ModelArtefact | undefined {
  try {
    return loadFrom(fs, directory);
  } catch (error) {
    // Only what was read and found wanting is not kept; a device that fails may hold a good model.
    if (hasCode(error) && !hasCode(error, 'IO')) return undefined;
    throw error;
  }
}

/** All of it is durable before the manifest names it. */
function writeModel(fs: FileSystem, directory: string, { manifest, files }: ModelArtefact): void {
  for (const [name, content] of files) replaceFile(fs, `${directory}/${name}`, content);
  fs.fsyncDirectory(directory);
  replaceFile(fs, `${directory}/${MANIFEST_NAME}`, textOf(manifest));
  fs.fsyncDirectory(directory);
}

/** Names the manifest of a directory gives, whether or not the files are there. */
function namesIn(fs: FileSystem, directory: string): string[] {
  try {
    const bytes = readFileOf(fs, `${directory}/${MANIFEST_NAME}`, MAX_MANIFEST_BYTES);
    return Object.keys(parseManifest(bytes).files);
  } catch (error) {
    if (hasCode(error)) return [];
    throw error;
  }
}

/** Deletes those of `names` that `manifest` does not name. */
function removeFiles(fs: FileSystem, directory: string, names: readonly string[], { files }: Manifest): void {
  for (const name of names) {
    if (!Object.hasOwn(files, name) && exists(fs, `${directory}/${name}`)) fs.unlink(`${directory}/${name}`);
  }
}

const textOf = (manifest: Manifest): Buffer => Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);

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
