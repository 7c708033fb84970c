import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  type ByteRange,
  errnoOf,
  type FileSystem,
  type FsPath,
  readSmallFile,
  writeAll,
} from '../../src/base/index.ts';

/** An implementation under test and an empty directory in it. */
export interface Subject {
  readonly fs: FileSystem;
  readonly root: string;
  dispose(): void;
}

export type Check = readonly [promise: string, check: (scratch: Scratch, t: TestContext) => void];

const READ_LIMIT_BYTES = 1 << 24;

/** A subject with short ways to do what most checks do. */
export class Scratch {
  readonly fs: FileSystem;
  readonly root: string;

  constructor({ fs, root }: Subject) {
    this.fs = fs;
    this.root = root;
  }

  at(name: string): string {
    return `${this.root}/${name}`;
  }

  /** The raw path of a name that need not be UTF-8. */
  raw(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.root}/`), name]);
  }

  put(path: FsPath, text = 'content'): void {
    this.using(this.fs.open(path, 'create'), (fd) => writeAll(this.fs, fd, Buffer.from(text), 0));
  }

  get(path: FsPath): string {
    return readSmallFile(this.fs, path, READ_LIMIT_BYTES).toString('latin1');
  }

  using<T>(fd: number, act: (fd: number) => T): T {
    try {
      return act(fd);
    } finally {
      this.fs.close(fd);
    }
  }

  names(path: FsPath): string[] {
    return this.fs
      .readDirectory(path)
      .map((name) => name.toString('latin1'))
      .sort();
  }
}

export function inScratch(make: () => Subject, act: (scratch: Scratch) => void): void {
  const subject = make();
  try {
    act(new Scratch(subject));
  } finally {
    subject.dispose();
  }
}

/** Asserts that a call fails with an errno, in the shape callers match on. */
export function fails(code: string, act: () => unknown): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof Error);
    assert.equal(errnoOf(error), code);
    assert.ok(error.message.startsWith(code), `the message begins with the errno: ${error.message}`);
    return true;
  });
}

/** True, and the test counts as skipped, when `act` fails with one of the errnos that say "not here". */
export function unsupported(t: TestContext, codes: readonly string[], act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || !codes.includes(code)) throw error;
    t.skip(`${code}: not available here`);
    return true;
  }
}

export function range(offset: number, length: number, position: number): ByteRange {
  return { offset, length, position };
}
