import { type ByteRange, errnoOf, NodeFileSystem } from '../base/index.ts';

const WAIT_MS = 5;

/**
 * The file system of the machine, with reads of streams that wait for their bytes. Node makes a piped stdin
 * non-blocking as soon as any module imports `node:process`; a read before the producer has written then fails with
 * EAGAIN instead of waiting.
 */
export class StdinFileSystem extends NodeFileSystem {
  readonly #never = new Int32Array(new SharedArrayBuffer(4));

  override read(fd: number, into: Uint8Array, range: ByteRange): number {
    for (;;) {
      try {
        return super.read(fd, into, range);
      } catch (error) {
        if (range.position >= 0 || errnoOf(error) !== 'EAGAIN') throw error;
        Atomics.wait(this.#never, 0, 0, WAIT_MS);
      }
    }
  }
}
