import { hasCode, PilotfishError } from '../../../base/index.ts';
import { type Core, note } from './core.ts';
import { checkManifest } from './manifest.ts';
import { modelOf, promotedVersions, selectVersions, versionAt } from './records.ts';
import type { Health, ModelVersion, VersionRef } from './types.ts';

/** A version with its files, every byte verified. */
export type LoadedModel = {
  readonly version: ModelVersion;
  readonly files: ReadonlyMap<string, Buffer>;
  /** True when the version in production could not be loaded and this is the last good one before it. */
  readonly isFallback: boolean;
};

export type ScrubReport = {
  /** Files that were read, each once however many versions share it. */
  readonly files: number;
  readonly bytes: number;
  /** Versions whose artefact or manifest is not what was registered. */
  readonly damaged: readonly { readonly name: string; readonly number: number; readonly reason: string }[];
  /** Versions that were damaged and are whole again. */
  readonly repaired: readonly { readonly name: string; readonly number: number }[];
};

/** What the log names as who found damage. */
const WATCHMAN = { actor: 'registry', reason: 'verification' };

/** Loads and verifies artefacts. */
export class Loader {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * The files of a version, verified against its signed manifest.
   * @throws PilotfishError `MISSING`, `DAMAGED`, `TAMPERED`; `REFUSED` for an artefact that lies elsewhere.
   */
  async load(ref: VersionRef): Promise<LoadedModel> {
    const version = await this.#core.state.read((sql) => versionAt(sql, ref));
    return this.#load(version);
  }

  /**
   * The version in production; when it cannot be loaded, the last one before it that can.
   * @throws PilotfishError `MISSING` when none is in production; else as `load`, for the one in production.
   */
  async loadProduction(name: string): Promise<LoadedModel> {
    const { state } = this.#core;
    const current = await state.read((sql) => versionAt(sql, { name }));
    try {
      return await this.#load(current);
    } catch (error) {
      if (!hasCode(error, 'DAMAGED', 'TAMPERED', 'MISSING')) throw error;
      for (const version of await this.#before(current)) {
        try {
          return { ...(await this.#load(version)), isFallback: true };
        } catch (next) {
          if (!hasCode(next)) throw next;
        }
      }
      throw error;
    }
  }

  /** Reads and hashes everything there is to serve, and notes what is damaged. @throws PilotfishError `INTERRUPTED`, `IO`. */
  async scrub({
    name,
    signal,
  }: {
    readonly name?: string;
    readonly signal?: AbortSignal;
  } = {}): Promise<ScrubReport> {
    const versions = await this.#core.state.read(async (sql) => {
      if (name === undefined) return selectVersions(sql, 'ORDER BY m.name, v.number');
      return selectVersions(sql, 'WHERE v.model = ? ORDER BY v.number', (await modelOf(sql, name)).id);
    });
    const seen = new Map<string, number | PilotfishError>();
    const [damaged, repaired]: [ScrubReport['damaged'][number][], ScrubReport['repaired'][number][]] = [
      [],
      [],
    ];
    for (const version of versions.filter(({ files }) => files.length > 0)) {
      if (signal?.aborted === true)
        throw new PilotfishError('INTERRUPTED', 'the check was stopped: run it again');
      const problem = await this.#problemOf(version, seen);
      const { name: of, number } = version;
      if (problem !== undefined) damaged.push({ name: of, number, reason: problem.message });
      else if (version.health === 'damaged') repaired.push({ name: of, number });
      await this.#setHealth(version, problem === undefined ? 'verified' : 'damaged');
    }
    const sizes = [...seen.values()].filter((size) => typeof size === 'number');
    return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0), damaged, repaired };
  }

  async #load(version: ModelVersion): Promise<LoadedModel> {
    const { state, signer, store } = this.#core;
    if (version.files.length === 0) {
      throw new PilotfishError(
        'REFUSED',
        `the artefact of ${version.name}/${version.number} lies elsewhere (${version.source}) and cannot be served: register its file`,
      );
    }
    try {
      await state.read((sql) => checkManifest(sql, signer, version));
      const files = new Map<string, Buffer>();
      for (const { name, sha256, bytes } of version.files) files.set(name, await store.load(sha256, bytes));
      await this.#setHealth(version, 'verified');
      return { version, files, isFallback: false };
    } catch (error) {
      if (hasCode(error, 'DAMAGED', 'TAMPERED', 'MISSING', 'LIMIT'))
        await this.#setHealth(version, 'damaged');
      throw hasCode(error, 'LIMIT') ? longer(version, error) : error;
    }
  }

  /** Versions that were in production before a version was, the latest first. */
  #before({ name, modelId }: ModelVersion): Promise<ModelVersion[]> {
    return this.#core.state.read(async (sql) => {
      const versions = await promotedVersions(sql, await modelOf(sql, name));
      return versions.filter((version) => version.modelId !== modelId);
    });
  }

  async #problemOf(
    version: ModelVersion,
    seen: Map<string, number | PilotfishError>,
  ): Promise<PilotfishError | undefined> {
    try {
      await this.#core.state.read((sql) => checkManifest(sql, this.#core.signer, version));
      for (const { sha256 } of version.files) {
        const known = seen.get(sha256) ?? (await this.#sizeOf(sha256));
        seen.set(sha256, known);
        if (known instanceof PilotfishError) return known;
      }
      return undefined;
    } catch (error) {
      if (hasCode(error, 'TAMPERED')) return error;
      throw error;
    }
  }

  async #sizeOf(sha256: string): Promise<number | PilotfishError> {
    try {
      return await this.#core.store.verify(sha256);
    } catch (error) {
      if (hasCode(error, 'DAMAGED', 'TAMPERED', 'MISSING')) return error;
      throw error;
    }
  }

  /** Notes what was found, if it is news. */
  async #setHealth(version: ModelVersion, health: Health): Promise<void> {
    if (version.health === health) return;
    await this.#core.state.write(async (sql) => {
      await sql.run('UPDATE versions SET health = ? WHERE id = ?', health, version.modelId);
      const subject = `${version.name}/${version.number}`;
      await note(this.#core, sql, WATCHMAN, [
        'version.health',
        subject,
        { health: version.health },
        { health },
      ]);
    });
  }
}

const longer = ({ name, number }: ModelVersion, cause: unknown): PilotfishError =>
  new PilotfishError(
    'DAMAGED',
    `the artefact of ${name}/${number} is longer than what was stored: register it again`,
    {
      cause,
    },
  );
