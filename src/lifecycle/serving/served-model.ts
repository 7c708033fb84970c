import { PilotfishError } from '../../base/index.ts';
import { type Loader, NoRoom } from './loader.ts';
import { ServedVersion } from './served-version.ts';
import type { ModelSource, SourcedModel } from './sources/source.ts';
import type { VersionManager } from './version-manager.ts';

/** What a change of the current version did. */
export type SwapReport = {
  readonly model: string;
  /** Current from now on. */
  readonly version: string;
  /** Current before; null when there was none. */
  readonly previous: string | null;
};

/** Changes of one model that may wait for each other. */
const MAX_CHANGES = 16;

/**
 * One model with its versions. Changes of the current version come one after the other; each is one assignment, made
 * when the new version has been loaded, and questions that were asked before it are answered by the version before.
 */
export class ServedModel {
  readonly name: string;
  readonly versions: VersionManager;
  /** How many handles rely on it being loaded. */
  holds = 0;
  readonly #loader: Loader;
  readonly #byVersion = new Map<string, ServedVersion>();
  #current: ServedVersion | undefined;
  #waiting = 0;
  #changes = 0;
  #lastChange: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #isSourced = false;
  #isWithdrawn = false;
  /** Why the version that was current last could not be loaded. */
  #problem: unknown;

  constructor(name: string, versions: VersionManager, loader: Loader) {
    this.name = name;
    this.versions = versions;
    this.#loader = loader;
  }

  /** What answers where no version is named; it need not be loaded. */
  get current(): ServedVersion | undefined {
    return this.#current;
  }

  /** Whether the source that decides what answers has taken its versions back. */
  get isWithdrawn(): boolean {
    return this.#isWithdrawn;
  }

  /** Takes in what a source lists. @returns the version to promote, where one has come that was never seen. */
  list(source: ModelSource): string | undefined {
    const listed = source.versions(this.name);
    // What was swapped in from elsewhere was never the source's to take back.
    this.#isWithdrawn = this.#isSourced && source.current !== undefined && listed.length === 0;
    this.#isSourced ||= listed.length > 0;
    if (this.#isWithdrawn) {
      this.versions.withdraw();
      this.#problem = undefined;
      this.#point();
      return undefined;
    }
    const fresh = this.versions.list(listed, source.current?.(this.name));
    for (const version of this.versions.versions) {
      if (this.#byVersion.has(version)) continue;
      this.#byVersion.set(
        version,
        new ServedVersion(this.name, version, () => source.open(this.name, version)),
      );
    }
    this.#point();
    return fresh;
  }

  /**
   * The version a question is for; undefined for the current one when there is none.
   * @throws PilotfishError `MISSING`, `INTERRUPTED` after the end.
   */
  find(version?: string): ServedVersion | undefined {
    this.#requireOpen();
    if (version === undefined) return this.#current;
    if (this.versions.served.includes(version)) return this.#byVersion.get(version);
    const served = this.versions.served.join(', ') || 'none';
    throw new PilotfishError(
      'MISSING',
      `${this.name} ${version} is not served; ask for one of these: ${served}`,
    );
  }

  /**
   * The version a question is for, loaded. When the current one cannot be, the one that was current before takes its
   * place, for as long as there is one.
   * @throws PilotfishError `MISSING`, `LIMIT` when too many wait for it, and as the load.
   */
  async ready(version?: string): Promise<ServedVersion> {
    if (this.#waiting >= this.#loader.maxWaiting) {
      throw new PilotfishError(
        'LIMIT',
        `${this.#waiting} questions wait for ${this.name} already; ask again later`,
      );
    }
    this.#waiting += 1;
    try {
      return await this.#load(version);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Loads a version and then makes it current. @throws PilotfishError as the load; the current version stays. */
  promote(version: string): Promise<SwapReport> {
    return this.#oneByOne(async () => {
      const found = this.#byVersion.get(version);
      if (found === undefined) throw none(`${this.name} ${version}`);
      try {
        await this.#loader.load(found);
      } catch (error) {
        if (error instanceof NoRoom) this.versions.forget(version);
        else this.#refuse(found, error);
        throw error;
      }
      // It was withdrawn meanwhile.
      if (!this.versions.isKnown(version)) throw none(`${this.name} ${version}`);
      return this.#makeCurrent(found);
    });
  }

  /**
   * The same for a version that lies elsewhere.
   * @throws PilotfishError `REFUSED` under a policy that fixes another version, `EXISTS` for a version that is taken by
   * another model, and as the load; the current version stays.
   */
  swap(version: string, open: () => SourcedModel): Promise<SwapReport> {
    return this.#oneByOne(async () => {
      this.versions.requirePromotable(version);
      const taken = this.#byVersion.get(version);
      const found = taken ?? new ServedVersion(this.name, version, open);
      await this.#loader.load(found);
      if (taken !== undefined && taken.digest !== open().digest) {
        this.#point();
        throw new PilotfishError(
          'EXISTS',
          `${this.name} has another version ${version}; give the new one a version of its own`,
        );
      }
      this.#byVersion.set(version, found);
      return this.#makeCurrent(found);
    });
  }

  /**
   * Goes back one promotion, or as many as it takes to find a version that can be loaded.
   * @throws PilotfishError `MISSING` without one, and as the load; the current version stays.
   */
  rollback(): Promise<SwapReport> {
    return this.#oneByOne(async () => {
      const { current = null } = this.versions;
      let problem: unknown = new PilotfishError(
        'MISSING',
        `${this.name} has no version before this; train one`,
      );
      for (let before = this.#before; before !== undefined; before = this.#before) {
        try {
          await this.#loader.load(before);
          const version = this.versions.rollback();
          this.#point();
          return { model: this.name, version, previous: current };
        } catch (error) {
          if (error instanceof NoRoom) throw error;
          problem = error;
          this.#refuse(before, error);
        }
      }
      throw problem;
    });
  }

  /** How much a loaded version is worth keeping; undefined: it must stay. */
  worth(version: ServedVersion): number | undefined {
    // While it is changed, the version before must be able to answer.
    if (version === this.#current) return this.holds > 0 || this.#changes > 0 ? undefined : 2;
    return version.version === this.versions.previous ? 1 : 0;
  }

  /** Lets go of every version, when those who wait for an answer have it. */
  async unload(): Promise<void> {
    await Promise.all([...this.#byVersion.values()].map((version) => this.#loader.unload(version)));
  }

  /** The same for good: who still waits for a load is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#lastChange;
    await this.unload();
  }

  async #load(version: string | undefined): Promise<ServedVersion> {
    for (;;) {
      const found = this.find(version);
      if (found === undefined) throw this.#problem ?? none(this.name);
      try {
        await this.#loader.load(found);
        return found;
      } catch (error) {
        if (error instanceof NoRoom) throw error;
        this.#refuse(found, error);
        if (version !== undefined) throw error;
      }
    }
  }

  #makeCurrent(found: ServedVersion): SwapReport {
    const previous = this.versions.current ?? null;
    this.versions.promote(found.version);
    this.#point();
    return { model: this.name, version: found.version, previous };
  }

  get #before(): ServedVersion | undefined {
    const { previous } = this.versions;
    return previous === undefined ? undefined : this.#byVersion.get(previous);
  }

  #refuse({ version }: ServedVersion, error: unknown): void {
    this.#problem = error;
    this.versions.refuse(version);
    this.#point();
  }

  /** Points at what is current and lets go of what is no longer wanted. */
  #point(): void {
    const { current } = this.versions;
    this.#current = current === undefined ? undefined : this.#byVersion.get(current);
    for (const [version, each] of this.#byVersion) {
      if (!this.versions.isKnown(version)) this.#byVersion.delete(version);
      // A thread that does not end well has no caller whom that would concern.
      if (!this.versions.isWanted(version)) this.#loader.unload(each).catch(() => {});
    }
  }

  #requireOpen(): void {
    if (!this.#isClosed) return;
    throw new PilotfishError('INTERRUPTED', 'the model server was stopped; start() it again');
  }

  #oneByOne<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#changes >= MAX_CHANGES) {
      throw new PilotfishError('LIMIT', `${MAX_CHANGES} changes of ${this.name} wait already; wait for them`);
    }
    this.#changes += 1;
    const change = this.#lastChange
      .then(() => {
        this.#requireOpen();
        return work();
      })
      .finally(() => {
        this.#changes -= 1;
      });
    this.#lastChange = change.catch(() => {});
    return change;
  }
}

const none = (what: string): PilotfishError =>
  new PilotfishError('MISSING', `there is no version of ${what} to serve; train one or swap one in`);
