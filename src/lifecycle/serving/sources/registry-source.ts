import { posix } from 'node:path';
import { type Clock, type Log, MIB, PilotfishError, silentLog, systemClock } from '../../../base/index.ts';
import { MANIFEST_NAME, type Manifest, parseManifest } from '../../../decisions/index.ts';
import type { LoadedModel, ModelVersion, RegistryDirectory } from '../../registry/index.ts';
import { coalesced } from '../coalesced.ts';
import { foreignForm } from './read-model.ts';
import {
  GOLDEN_FILE,
  MODEL_NAME,
  type ModelSource,
  SNAPSHOT_FILE,
  type SourcedModel,
  XGBOOST_FILE,
} from './source.ts';

export type RegistrySourceOptions = {
  readonly clock?: Clock;
  /** Hears when the registry could not be asked; what was listed before holds then. */
  readonly log?: Log;
};

/** Versions of one name that may answer, the last of them being the one that is to. */
type Listing = ReadonlyMap<string, readonly ModelVersion[]>;

/** How soon changes of other processes are seen. */
const POLL_MS = 1000;
/** Of all files of a version: they are read at once. */
const MAX_BYTES = 512 * MIB;

/**
 * The versions in production of a registry as a source of models, each called by its number. One whose artefact was found
 * damaged gives way to the last good one that was in production before it; one that is archived is withdrawn. Names that
 * nothing can be served under, and artefacts that lie elsewhere, are left out.
 *
 * @example
 * const source = await RegistrySource.open(openRegistry('/var/lib/pilotfish'));
 * const server = new ModelServer({ source });
 * server.start();
 */
export class RegistrySource implements ModelSource {
  /** Resolves when everything that is changed in the registry before the call is listed, and who watches was told. */
  readonly look: () => Promise<void>;
  readonly #directory: Pick<RegistryDirectory, 'registry' | 'state'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #watchers = new Set<(name: string) => void>();
  #listing: Listing = new Map();
  /** The last entry of the audit log that the listing knows. */
  #seen = -1;

  private constructor(
    directory: Pick<RegistryDirectory, 'registry' | 'state'>,
    { clock = systemClock, log = silentLog }: RegistrySourceOptions,
  ) {
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
    this.look = coalesced(() => this.#look());
  }

  /** Lists what is in production now. @throws PilotfishError as the state of the registry. */
  static async open(
    directory: Pick<RegistryDirectory, 'registry' | 'state'>,
    options: RegistrySourceOptions = {},
  ): Promise<RegistrySource> {
    const source = new RegistrySource(directory, options);
    await source.look();
    return source;
  }

  names(): string[] {
    return [...this.#listing.keys()];
  }

  versions(name: string): string[] {
    return (this.#listing.get(name) ?? []).map(({ number }) => String(number));
  }

  current(name: string): string | undefined {
    return this.versions(name).at(-1);
  }

  /** What the registry says of the version that is to answer; undefined for a name that is not listed. */
  find(name: string): ModelVersion | undefined {
    return this.#listing.get(name)?.at(-1);
  }

  /**
   * @throws PilotfishError as `ModelRegistry.loadModel`; before a byte is read `REFUSED`, `UNSUPPORTED`, `USAGE` for what is
   * no model to serve, `LIMIT`.
   */
  async open(name: string, version: string): Promise<SourcedModel> {
    const { registry } = this.#directory;
    const { files, fileSize } = await registry.versions.get({ name, version });
    if (fileSize > MAX_BYTES) {
      throw new PilotfishError('LIMIT', `${name}/${version} has more than ${MAX_BYTES} bytes; register less`);
    }
    const names = files.map((file) => file.name);
    if (names.length > 0 && !names.includes(MANIFEST_NAME)) foreignModel(names);
    return sourced(await registry.loadModel({ name, version }));
  }

  /** Looks after every change of this process, and every second for those of others. */
  watch(changed: (name: string) => void): () => void {
    const glance = (): void =>
      void this.look().catch((error: unknown) => this.#log.write('warn', String(error)));
    const stops = [this.#directory.state.onCommit(glance), this.#clock.every(POLL_MS, glance)];
    this.#watchers.add(changed);
    return () => {
      this.#watchers.delete(changed);
      for (const stop of stops) stop();
    };
  }

  async #look(): Promise<void> {
    const { audit, transitions } = this.#directory.registry;
    // Before the listing: what is changed in between is looked at again.
    const last = await audit.last();
    if (last === this.#seen) return;
    const [before, now] = [this.#listing, servable(await transitions.production())];
    this.#listing = now;
    this.#seen = last;
    for (const name of new Set([...before.keys(), ...now.keys()])) {
      if (textOf(before.get(name)) === textOf(now.get(name))) continue;
      for (const changed of this.#watchers) changed(name);
    }
  }
}

function servable(production: Listing): Listing {
  const listing = new Map<string, readonly ModelVersion[]>();
  for (const [name, versions] of production) {
    const chosen = versions.at(-1);
    if (chosen === undefined || chosen.files.length === 0 || !MODEL_NAME.test(name)) continue;
    const whole = versions.filter(({ health }) => health === 'verified');
    // When none is whole, the one that should answer says why.
    listing.set(name, whole.length === 0 ? [chosen] : whole);
  }
  return listing;
}

/** Another text: other versions, or one that was damaged or repaired. */
const textOf = (versions: readonly ModelVersion[] = []): string =>
  versions.map(({ modelId, health }) => `${modelId} ${health}`).join();

function sourced({ files, version }: LoadedModel): SourcedModel {
  const { fileHash: digest = '', createdMs, trainingData } = version;
  const date = trainingData?.completedAt ?? new Date(createdMs).toISOString();
  const manifestBytes = files.get(MANIFEST_NAME);
  if (manifestBytes === undefined) return { files: foreignFiles(files), manifest: null, digest, date };
  const manifest = parseManifest(manifestBytes);
  requireAgreement(manifest, version);
  return { files: new Map([...files].filter(([name]) => name !== MANIFEST_NAME)), manifest, digest };
}

/** What was registered may have been put together wrongly. @throws PilotfishError `DAMAGED`. */
function requireAgreement(manifest: Manifest, { name, number, files }: ModelVersion): void {
  for (const [file, { sha256 }] of Object.entries(manifest.files)) {
    if (files.some((each) => each.name === file && each.sha256 === sha256)) continue;
    throw new PilotfishError(
      'DAMAGED',
      `${file} of ${name}/${number} is not what its manifest says; register the artefact again`,
    );
  }
}

function foreignFiles(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const { name, file, limitBytes } = foreignModel([...files.keys()]);
  const content = files.get(name) ?? new Uint8Array();
  if (content.length > limitBytes) {
    throw new PilotfishError('LIMIT', `${name} has more than ${limitBytes} bytes; use a smaller model`);
  }
  const golden = [...files].find(([each]) => posix.basename(each) === GOLDEN_FILE);
  return new Map([[file, content], ...(golden === undefined ? [] : [[GOLDEN_FILE, golden[1]] as const])]);
}

/**
 * Which of the files is the foreign model, by its ending whatever it is called, and what it is called when it is served;
 * what else tools keep beside it is left out.
 */
function foreignModel(all: readonly string[]): {
  readonly name: string;
  readonly file: string;
  readonly limitBytes: number;
} {
  const names = all.filter((name) => posix.basename(name) !== GOLDEN_FILE);
  if (names.length === 1 && names[0] === SNAPSHOT_FILE) {
    return { name: SNAPSHOT_FILE, file: SNAPSHOT_FILE, limitBytes: MAX_BYTES };
  }
  const forms = [
    names.filter((name) => name.endsWith('.onnx')),
    names.filter((name) => posix.basename(name) === XGBOOST_FILE),
    names.filter((name) => name.endsWith('.json')),
    names,
  ];
  const [name = '', other] = forms.find((form) => form.length > 0) ?? [];
  const [file, limitBytes] = foreignForm(name);
  if (other === undefined) return { name, file, limitBytes };
  throw new PilotfishError('USAGE', `${name} and ${other} may both be the model; register one of them`);
}
