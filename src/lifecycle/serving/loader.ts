import { type Clock, PilotfishError } from '../../base/index.ts';
import { Batcher, type BatchOptions } from './runners/batcher.ts';
import { goldenOf, warmUp } from './runners/golden.ts';
import { isNative, nativeRunner, signatureOf } from './runners/native.ts';
import { type OnnxOptions, OnnxRunner } from './runners/onnx-runner.ts';
import { asModelError, type Runner } from './runners/runner.ts';
import type { ServedVersion } from './served-version.ts';
import type { SourcedModel } from './sources/source.ts';

export type LoaderOptions = {
  readonly clock: Clock;
  readonly batch: BatchOptions;
  readonly onnx: Omit<OnnxOptions, 'clock' | 'model'>;
  /** Of all loaded versions together, counted as the bytes of their files. */
  readonly maxMemoryBytes: number;
  /** How much a version that is loaded is worth keeping: 0 goes first; undefined: never. */
  readonly worth: (version: ServedVersion) => number | undefined;
};

/** Memory is full: that says nothing about the version that found no room. */
export class NoRoom extends PilotfishError {
  constructor(message: string) {
    super('LIMIT', `${message}; unload a model or raise maxMemoryBytes`);
  }
}

/**
 * Loads versions within a bound of memory: read, verified, warmed up and held to its recorded answers, and only then
 * ready. To make room, versions that nobody waits for are let go, the least worth first, and of these the longest unasked.
 */
export class Loader {
  readonly #options: LoaderOptions;
  /** Loaded or being loaded, with the bytes set aside for each. */
  readonly #held = new Map<ServedVersion, number>();

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** Questions that may wait for one model to be loaded. */
  get maxWaiting(): number {
    return this.#options.batch.maxQueue;
  }

  /** Bytes of all that is loaded. */
  get bytes(): number {
    return sumOf([...this.#held.values()]);
  }

  /** Resolves when it is loaded; all who ask at once share one load. @throws PilotfishError for what cannot serve. */
  load(version: ServedVersion): Promise<void> {
    if (version.loaded !== undefined) return Promise.resolve();
    version.loading ??= this.#load(version).finally(() => {
      version.loading = undefined;
    });
    return version.loading;
  }

  /** Lets go of a version as soon as nobody waits for it. */
  async unload(version: ServedVersion): Promise<void> {
    // A load that fails is told to those who asked for it.
    await version.loading?.catch(() => {});
    await version.unload();
    if (version.loaded === undefined && version.loading === undefined) this.#held.delete(version);
  }

  async #load(version: ServedVersion): Promise<void> {
    let runner: Runner | undefined;
    try {
      const model = await version.open();
      requireSame(version, model);
      await this.#reserve(version, bytesOf(model));
      // Whatever is due is answered before and after the work that blocks: restoring a model.
      await this.#options.clock.turn();
      runner = await this.#open(model);
      await this.#options.clock.turn();
      await warmUp(runner, goldenOf(model));
      const batcher = new Batcher(runner, this.#options.clock, this.#options.batch);
      version.begin({ runner, batcher, signature: signatureOf(model) });
      version.digest = model.digest;
      version.room = model.manifest?.room;
      version.date = model.manifest?.date ?? model.date;
    } catch (error) {
      this.#held.delete(version);
      await runner?.close();
      throw asModelError(error, `${version.model} ${version.version}`);
    }
  }

  async #open(model: SourcedModel): Promise<Runner> {
    if (isNative(model)) return nativeRunner(model);
    return await OnnxRunner.open({ ...this.#options.onnx, clock: this.#options.clock, model });
  }

  async #reserve(version: ServedVersion, bytes: number): Promise<void> {
    const { maxMemoryBytes, worth } = this.#options;
    const candidates = [...this.#held.keys()]
      .map((held) => ({ held, worth: held.isBusy || held.loaded === undefined ? undefined : worth(held) }))
      .filter((each): each is { held: ServedVersion; worth: number } => each.worth !== undefined)
      .sort((a, b) => a.worth - b.worth || a.held.lastAsked - b.held.lastAsked);
    const leaving: ServedVersion[] = [];
    let free = maxMemoryBytes - this.bytes;
    for (const { held } of candidates) {
      if (free >= bytes) break;
      leaving.push(held);
      free += this.#held.get(held) ?? 0;
    }
    if (free < bytes) {
      const message = `${version.model} ${version.version} takes ${bytes} bytes where ${Math.max(0, free)} can be had`;
      throw new NoRoom(`${message} of ${maxMemoryBytes}`);
    }
    this.#held.set(version, bytes);
    for (const held of leaving) this.#held.delete(held);
    await Promise.all(leaving.map((held) => held.drop()));
  }
}

const sumOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
const bytesOf = ({ files }: SourcedModel): number => sumOf([...files.values()].map(({ length }) => length));

function requireSame({ model, version, digest }: ServedVersion, opened: SourcedModel): void {
  if (digest === undefined || digest === opened.digest) return;
  throw new PilotfishError(
    'DAMAGED',
    `version ${version} of ${model} has other bytes than when it was first loaded; give them a version of their own`,
  );
}
