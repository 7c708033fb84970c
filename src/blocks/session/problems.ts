import { type ErrorCode, errnoOf, hasCode } from '../../base/index.ts';

/** Something about one path that did not go as asked; the run goes on. */
export interface Problem {
  /** Path as text; bytes that are no UTF-8 are shown as replacement characters. */
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Most problems kept with their text; beyond, only the count grows. */
const MAX_KEPT = 10_000;

/** Collects what went wrong without stopping. */
export class Problems {
  readonly list: Problem[] = [];
  count = 0;
  /** Whether files are missing or doubtful, as opposed to kinds of files that are never stored. */
  isIncomplete = false;
  readonly #onProblem: ((problem: Problem) => void) | undefined;

  constructor(onProblem?: (problem: Problem) => void) {
    this.#onProblem = onProblem;
  }

  add(path: Uint8Array | string, code: ErrorCode, message: string): void {
    const problem = { path: Buffer.from(path).toString('utf8'), code, message };
    this.count += 1;
    this.isIncomplete ||= code !== 'UNSUPPORTED';
    if (this.list.length < MAX_KEPT) this.list.push(problem);
    this.#onProblem?.(problem);
  }

  /** Notes a failed call on a source path. */
  addFailure(path: Uint8Array | string, error: unknown): void {
    if (hasCode(error)) {
      this.add(path, error.code, error.message);
      return;
    }
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOENT' || errno === 'ESTALE') this.add(path, 'VANISHED', 'it vanished while it was read');
    else this.add(path, 'UNREADABLE', `it cannot be read (${errno})`);
  }
}
