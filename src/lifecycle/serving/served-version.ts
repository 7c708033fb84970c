import { PilotfishError } from '../../base/index.ts';
import type { Batcher } from './runners/batcher.ts';
import { asModelError, type ModelSignature, type Runner } from './runners/runner.ts';
import type { SourcedModel } from './sources/source.ts';

/** What a version needs in order to answer, while it is loaded. */
export type Loaded = {
  readonly runner: Runner;
  readonly batcher: Batcher;
  readonly signature: ModelSignature;
};

/** One version of one model: where it comes from and, while it is loaded, what answers for it. */
export class ServedVersion {
  readonly model: string;
  readonly version: string;
  readonly open: () => SourcedModel | Promise<SourcedModel>;
  /** Of the bytes it was first loaded from; a later load of other bytes is refused. */
  digest: string | undefined;
  /** Day it was trained, as its manifest says. */
  date: string | undefined;
  /** The room it decides for, where its manifest names one. */
  room: string | undefined;
  /** Set while it is being loaded. */
  loading: Promise<void> | undefined;
  /** When it was last asked, on the counter of the server. */
  lastAsked = 0;
  #loaded: Loaded | undefined;

  constructor(model: string, version: string, open: ServedVersion['open']) {
    this.model = model;
    this.version = version;
    this.open = open;
  }

  get loaded(): Loaded | undefined {
    return this.#loaded;
  }

  /** Whether somebody waits for it. */
  get isBusy(): boolean {
    return this.loading !== undefined || (this.#loaded?.batcher.pending ?? 0) > 0;
  }

  begin(loaded: Loaded): void {
    this.#loaded = loaded;
  }

  /** @throws PilotfishError `USAGE` while it is not loaded. */
  requireLoaded(): Loaded {
    if (this.#loaded !== undefined) return this.#loaded;
    throw new PilotfishError('USAGE', `${this.model} ${this.version} is not loaded; load it first`);
  }

  /** Lets go of what answers, when nobody waits for it any more. @throws PilotfishError as the runner. */
  async unload(): Promise<void> {
    const loaded = this.#loaded;
    if (loaded === undefined) return;
    await loaded.batcher.idle();
    if (this.isBusy || this.#loaded !== loaded) return;
    await this.drop();
  }

  /** The same at once. */
  async drop(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = undefined;
    try {
      await loaded?.runner.close();
    } catch (error) {
      throw asModelError(error, `the end of ${this.model} ${this.version}`);
    }
  }
}
