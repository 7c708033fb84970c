import { resolve } from 'node:path';
import {
  type Clock,
  exists,
  type FileSystem,
  makeDirectories,
  NodeFileSystem,
  PilotfishError,
  systemClock,
  systemHost,
  writeAll,
} from '../../base/index.ts';
import { tensorBoardScalars, tensorBoardStart } from '../../learn/index.ts';

/** The parts of the machine a `SummaryWriter` needs; this machine's unless given. */
export type SummaryPorts = { readonly fs?: FileSystem; readonly clock?: Clock; readonly hostName?: string };

/** Scalars wait in memory up to this many bytes. */
const BUFFER_BYTES = 16 * 1024;
const MAX_FILES = 1000;

/**
 * Writes an event file that TensorBoard reads: `tensorboard --logdir ./runs`. The file only grows, and every prefix of it
 * can be read: after a kill, what was flushed is there.
 *
 * @example
 * const writer = new SummaryWriter('./runs/compression_experiment');
 * writer.addScalar('Loss/train', 0.4, 0);
 * writer.close();
 */
export class SummaryWriter {
  /** The event file. */
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #clock: Clock;
  readonly #fd: number;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writtenBytes = 0;
  #isOpen = true;

  /** @throws PilotfishError `LIMIT` for a folder with a thousand files of this second; errors of the file system. */
  constructor(directory: string, ports: SummaryPorts = {}) {
    const { fs = new NodeFileSystem(), clock = systemClock, hostName = systemHost.name } = ports;
    this.#fs = fs;
    this.#clock = clock;
    const folder = resolve(directory);
    makeDirectories(fs, folder);
    this.path = freeName(fs, `${folder}/events.out.tfevents.${Math.floor(this.#seconds())}.${hostName}`);
    this.#fd = fs.open(this.path, 'create');
    this.#append(tensorBoardStart(this.#seconds()));
    this.flush();
  }

  /**
   * One number of a curve. @param tag such as `Loss/train` @param step whole number from 0
   * @throws PilotfishError `USAGE` for a step that is none, or after `close`.
   */
  addScalar(tag: string, value: number, step: number): void {
    if (!this.#isOpen) throw new PilotfishError('USAGE', 'the writer is closed; make a new one');
    this.#append(tensorBoardScalars({ wallTimeSeconds: this.#seconds(), step, scalars: { [tag]: value } }));
    if (this.#waitingBytes >= BUFFER_BYTES) this.flush();
  }

  /** Hands what waits to the operating system. */
  flush(): void {
    if (this.#waitingBytes === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    writeAll(this.#fs, this.#fd, bytes, this.#writtenBytes);
    this.#writtenBytes += bytes.length;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  /** Flushes and closes; a second call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.flush();
    } finally {
      this.#fs.close(this.#fd);
    }
  }

  #append(record: Uint8Array): void {
    this.#waiting.push(record);
    this.#waitingBytes += record.length;
  }

  #seconds(): number {
    return this.#clock.nowMs() / 1000;
  }
}

/** Two writers of one second get two files. */
function freeName(fs: FileSystem, name: string): string {
  if (!exists(fs, name)) return name;
  for (let i = 1; i < MAX_FILES; i += 1) if (!exists(fs, `${name}.${i}`)) return `${name}.${i}`;
  throw new PilotfishError('LIMIT', `${name} and ${MAX_FILES} more are there: choose another folder`);
}
