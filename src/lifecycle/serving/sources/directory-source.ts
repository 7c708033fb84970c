import { asRepositoryError, exists, type FileSystem, PilotfishError } from '../../../base/index.ts';
import { MANIFEST_NAME } from '../../../decisions/index.ts';
import { digestOf, isForeign, readManifest, readModel } from './read-model.ts';
import {
  MAX_MODELS,
  MAX_VERSIONS,
  MODEL_NAME,
  type ModelSource,
  type SourcedModel,
  VERSION_NAME,
} from './source.ts';

/** A version as it was listed: where it lies and, for an artefact, which one it was. */
type Found = { readonly path: string; readonly version: string; readonly digest: string | null };

const PREVIOUS = 'previous';
/** Of a digest, in a version that shares its text with another. */
const TELLING_DIGITS = 8;
/** What a foreign model that lies in its model's own folder is called. */
const FIRST_VERSION = '1';

const byNumber = new Intl.Collator('en', { numeric: true });

/**
 * Models in plain directories: `DIR/NAME` is the newest version of a model and `DIR/NAME/previous` the one before, as
 * `saveArtefact` writes them; every `DIR/NAME/FOLDER` may hold another. An artefact has the version of its manifest, a
 * foreign model that of its folder. Two artefacts that share a version are told apart by their digest: the one that was
 * listed first, or else the newer, keeps the plain text, the other is `1+0a1b2c3d`.
 */
export class DirectorySource implements ModelSource {
  readonly #fs: FileSystem;
  readonly #modelDir: string;
  readonly #found = new Map<string, ReadonlyMap<string, Found>>();
  /** By name and version, the first artefact that was listed so: it keeps the plain text. */
  readonly #owners = new Map<string, string>();

  constructor(fs: FileSystem, modelDir: string) {
    this.#fs = fs;
    this.#modelDir = modelDir;
  }

  /** @throws PilotfishError `MISSING` without the directory, `LIMIT` for more than 1024 models. */
  names(): string[] {
    const names = this.#folders(this.#modelDir);
    if (names.length <= MAX_MODELS) return names;
    throw new PilotfishError(
      'LIMIT',
      `${names.length} models in ${this.#modelDir}; serve at most ${MAX_MODELS}`,
    );
  }

  versions(name: string): string[] {
    if (!MODEL_NAME.test(name) || !this.#folders(this.#modelDir).includes(name)) return [];
    const problems: PilotfishError[] = [];
    // From the newest on, so that of two that share a text at first sight the newest keeps it.
    const found = withoutTwins(this.#scan(`${this.#modelDir}/${name}`, problems))
      .reverse()
      .map((each) => this.#named(name, each))
      .reverse();
    if (found.length > MAX_VERSIONS) {
      throw new PilotfishError(
        'LIMIT',
        `${name} has ${found.length} versions; serve at most ${MAX_VERSIONS}`,
      );
    }
    if (found.length === 0 && problems[0] !== undefined) throw problems[0];
    this.#found.set(name, new Map(found.map((each) => [each.version, each])));
    return found.map(({ version }) => version);
  }

  open(name: string, version: string): SourcedModel {
    const found = this.#found.get(name)?.get(version);
    if (found === undefined) {
      throw new PilotfishError('MISSING', `there is no version ${version} of ${name}; list them anew`);
    }
    const model = readModel(this.#fs, found.path);
    if (found.digest === null || found.digest === model.digest) return model;
    // Replaced since it was listed; or damaged, and what was read is the model before it.
    throw new PilotfishError(
      'DAMAGED',
      `${found.path} no longer holds version ${version} of ${name}; list it anew`,
      {
        path: found.path,
      },
    );
  }

  /** Oldest first: the other folders by number, then the one before, then the newest. */
  #scan(directory: string, problems: PilotfishError[]): Found[] {
    const others = this.#folders(directory).filter((name) => name !== PREVIOUS);
    const inFolders = others
      .flatMap((folder) => this.#look(`${directory}/${folder}`, folder, problems))
      .sort((a, b) => byNumber.compare(a.version, b.version));
    const before = this.#look(`${directory}/${PREVIOUS}`, PREVIOUS, problems);
    return [...inFolders, ...before, ...this.#look(directory, FIRST_VERSION, problems)];
  }

  /** None or one; what is there but cannot be read is a problem of this version alone. */
  #look(path: string, foreignVersion: string, problems: PilotfishError[]): Found[] {
    try {
      if (exists(this.#fs, `${path}/${MANIFEST_NAME}`)) {
        const manifest = readManifest(this.#fs, path);
        if (!VERSION_NAME.test(manifest.version)) throw unnameable(path, manifest.version);
        return [{ path, version: manifest.version, digest: digestOf(manifest) }];
      }
      return isForeign(this.#fs, path) ? [{ path, version: foreignVersion, digest: null }] : [];
    } catch (error) {
      problems.push(asRepositoryError(error, path));
      return [];
    }
  }

  #named(name: string, found: Found): Found {
    const { version, digest } = found;
    if (digest === null) return found;
    const key = `${name}\n${version}`;
    const owner = this.#owners.get(key) ?? digest;
    this.#owners.set(key, owner);
    return owner === digest ? found : { ...found, version: `${version}+${digest.slice(0, TELLING_DIGITS)}` };
  }

  /** Names of the folders in a directory that could be of a model or a version, sorted. */
  #folders(directory: string): string[] {
    try {
      return this.#fs
        .readDirectory(directory)
        .map(String)
        .filter((name) => MODEL_NAME.test(name))
        .filter((name) => this.#fs.lstat(`${directory}/${name}`).kind === 'directory')
        .sort();
    } catch (error) {
      throw asRepositoryError(error, directory);
    }
  }
}

/** Without those of which a newer folder holds the same bytes. */
const withoutTwins = (found: readonly Found[]): Found[] =>
  found.filter(
    ({ digest }, at) => digest === null || !found.slice(at + 1).some((other) => other.digest === digest),
  );

const unnameable = (path: string, version: string): PilotfishError =>
  new PilotfishError(
    'DAMAGED',
    `${path} has the version "${version}"; save it with letters, digits and . _ + -`,
    {
      path,
    },
  );
