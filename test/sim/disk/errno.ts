import { getSystemErrorMap } from 'node:util';
import type { FsPath } from '../../../src/base/index.ts';

const KNOWN = new Map<string, readonly [errno: number, text: string]>();
for (const [errno, [code, text]] of getSystemErrorMap()) KNOWN.set(code, [errno, text]);

/** What failed, and on which path or paths. */
export interface Failure {
  readonly syscall: string;
  readonly path?: FsPath;
  /** The second path of a rename or a link. */
  readonly to?: FsPath;
}

const quoted = (path: FsPath): string => `'${path.toString()}'`;

/** An error in the shape Node's own file calls throw: `ENOENT: no such file or directory, open '/r/x'`. */
export function errnoError(code: string, failure: Failure): NodeJS.ErrnoException {
  const [errno, text] = KNOWN.get(code) ?? [-1, 'unknown error'];
  const path = failure.path === undefined ? '' : ` ${quoted(failure.path)}`;
  const to = failure.to === undefined ? '' : ` -> ${quoted(failure.to)}`;
  const error: NodeJS.ErrnoException = new Error(`${code}: ${text}, ${failure.syscall}${path}${to}`);
  error.errno = errno;
  error.code = code;
  error.syscall = failure.syscall;
  if (failure.path !== undefined) error.path = failure.path.toString();
  return failure.to === undefined ? error : Object.assign(error, { dest: failure.to.toString() });
}
