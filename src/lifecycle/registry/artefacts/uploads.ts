import { asRepositoryError, type Clock, type FileSystem, type RandomSource } from '../../../base/index.ts';

type UploadPorts = {
  /** Where files lie while they are written. */
  readonly directory: string;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: RandomSource;
};

/** What an upload that was cut off left is deleted after this time. */
const STALE_MS = 24 * 3_600_000;

/** Files on their way into a store: one each, which goes when the upload ends, however it ends. */
export class Uploads {
  readonly #ports: UploadPorts;

  constructor(ports: UploadPorts) {
    this.#ports = ports;
  }

  /** A path for one more. */
  next(): string {
    return `${this.#ports.directory}/${this.#ports.random(12).toString('hex')}`;
  }

  /** Whether one is under way in any process, or was cut off within a day: from outside they look the same. */
  get areUnderWay(): boolean {
    return this.#files(() => this.#ports.fs.readDirectory(this.#ports.directory).length > 0);
  }

  /** Counts as one until the returned function is called: keeps files that are stored from being collected. */
  hold(): () => void {
    const { fs } = this.#ports;
    const path = this.next();
    this.#files(() => fs.close(fs.open(path, 'create', 0o600)));
    return () => this.#files(() => fs.unlink(path));
  }

  /** Deletes what was cut off a day ago or longer. @returns how many */
  removeStale(): number {
    const { fs, directory, clock } = this.#ports;
    return this.#files(() => {
      const paths = fs.readDirectory(directory).map((name) => `${directory}/${name}`);
      const stale = paths.filter(
        (path) => clock.nowMs() - Number(fs.lstat(path).mtimeNs / 1_000_000n) > STALE_MS,
      );
      for (const path of stale) fs.unlink(path);
      return stale.length;
    });
  }

  /** Gives what a file call throws a code. */
  #files<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asRepositoryError(error, this.#ports.directory);
    }
  }
}
