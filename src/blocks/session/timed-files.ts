import type { Clock } from '../../base/index.ts';
import type { PackFiles } from '../pack/index.ts';

/** The file calls of a pack, and how long they took: what its bytes cost on this disk. */
export class TimedFiles implements PackFiles {
  readonly #fs: PackFiles;
  readonly #clock: Clock;
  /** Time spent in writes and syncs so far. */
  elapsedMs = 0;

  constructor(fs: PackFiles, clock: Clock) {
    this.#fs = fs;
    this.#clock = clock;
  }

  open: PackFiles['open'] = (path, mode, permissions) => this.#fs.open(path, mode, permissions);
  close: PackFiles['close'] = (fd) => this.#fs.close(fd);
  unlink: PackFiles['unlink'] = (path) => this.#fs.unlink(path);
  write: PackFiles['write'] = (fd, from, range) => this.#timed(() => this.#fs.write(fd, from, range));
  fsync: PackFiles['fsync'] = (fd) => this.#timed(() => this.#fs.fsync(fd));

  #timed<T>(call: () => T): T {
    const startedMs = this.#clock.monotonicMs();
    try {
      return call();
    } finally {
      this.elapsedMs += this.#clock.monotonicMs() - startedMs;
    }
  }
}
