/**
 * Errors a caller can act on. Callers match on `code`, never on the message; codes are part of the API and
 * are never renamed. Every message ends with what to do next.
 */

/** What went wrong, as a stable word. `docs/operations.md` lists the meaning of each. */
export const ERROR_CODES = {
  /** No repository where one was expected. */
  NO_REPOSITORY: 'NO_REPOSITORY',
  /** The target of `init` is not empty and not a repository. */
  NOT_A_REPOSITORY: 'NOT_A_REPOSITORY',
  /** Written by a newer Pilotfish. */
  NEWER_VERSION: 'NEWER_VERSION',
  /** The configuration file cannot be read as one. */
  CONFIG_DAMAGED: 'CONFIG_DAMAGED',
  /** Another process holds a lock that excludes this command. */
  LOCKED: 'LOCKED',
  /** The repository is encrypted and no or a wrong password was given. */
  WRONG_PASSWORD: 'WRONG_PASSWORD',
  /** A sealed record does not authenticate. */
  TAMPERED: 'TAMPERED',
  /** Stored bytes fail their checksum or do not parse. */
  DAMAGED: 'DAMAGED',
  /** A stored file is shorter than its footer or index says. */
  TRUNCATED: 'TRUNCATED',
  /** A referenced block or pack is not there. */
  MISSING: 'MISSING',
  /** The base of a delta is not there. */
  MISSING_BASE: 'MISSING_BASE',
  /** A declared size or depth is beyond what the format allows. */
  LIMIT: 'LIMIT',
  /** A stored name would leave the restore target. */
  ESCAPE: 'ESCAPE',
  /** The device is full. */
  NO_SPACE: 'NO_SPACE',
  /** A file call failed. */
  IO: 'IO',
  /** A handle whose fsync failed once is never trusted again. */
  POISONED: 'POISONED',
  /** A source file could not be read. */
  UNREADABLE: 'UNREADABLE',
  /** A source file changed while it was read. */
  CHANGED: 'CHANGED',
  /** A source file vanished while it was read. */
  VANISHED: 'VANISHED',
  /** A file type or attribute that cannot be stored or recreated here. */
  UNSUPPORTED: 'UNSUPPORTED',
  /** The caller's arguments make no sense. */
  USAGE: 'USAGE',
  /** Numbers that are not finite where finite ones are needed. */
  NOT_FINITE: 'NOT_FINITE',
  /** Data whose sizes do not fit together or do not fit the model. */
  SHAPE: 'SHAPE',
  /** Nothing to learn from or to compute with. */
  EMPTY: 'EMPTY',
  /** Training labels that are all of one class. */
  ONE_CLASS: 'ONE_CLASS',
  /** A training feature with the same value in every sample. */
  CONSTANT_FEATURE: 'CONSTANT_FEATURE',
  /** A learner was asked before it learnt. */
  UNTRAINED: 'UNTRAINED',
  /** An option that would only do harm here, by measurement or for safety. */
  REFUSED: 'REFUSED',
  /** No snapshot fits the given name. */
  NO_SNAPSHOT: 'NO_SNAPSHOT',
  /** More than one snapshot fits the given prefix. */
  AMBIGUOUS: 'AMBIGUOUS',
  /** The restore target holds something that must not be overwritten. */
  EXISTS: 'EXISTS',
  /** The caller asked to stop. */
  INTERRUPTED: 'INTERRUPTED',
  /** A broken promise inside Pilotfish itself. */
  INTERNAL: 'INTERNAL',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The one error class of Pilotfish: a stable code, a message that says what to do, and the cause. */
export class PilotfishError extends Error {
  readonly code: ErrorCode;
  /** Path of the file concerned, where there is one. */
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, context: { cause?: unknown; path?: string } = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = 'PilotfishError';
    this.code = code;
    this.path = context.path;
  }
}

/** True when `error` is a Pilotfish error, with one of the given codes if any are named. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is PilotfishError {
  return error instanceof PilotfishError && (codes.length === 0 || codes.includes(error.code));
}

/** The errno word (`ENOENT`, `ENOSPC` …) of an error thrown by a file call, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof PilotfishError || !(error instanceof Error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : undefined;
}

/** Turns whatever a file call of the repository threw into a coded error that names the path. */
export function asRepositoryError(error: unknown, path: string): PilotfishError {
  if (error instanceof PilotfishError) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new PilotfishError(
      'NO_SPACE',
      `no space left while writing ${path}: free some space and run the command again`,
      {
        cause: error,
        path,
      },
    );
  }
  if (errno === 'ENOENT') {
    return new PilotfishError(
      'MISSING',
      `${path} is not there: run \`pilotfish verify\` to see what it affects`,
      {
        cause: error,
        path,
      },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  const isForbidden = errno === 'EACCES' || errno === 'EPERM';
  const check = isForbidden ? 'who owns it, and its permissions' : 'the path and the device';
  return new PilotfishError(
    'IO',
    `file call failed on ${path} (${reason}): check ${check}, then run the command again`,
    {
      cause: error,
      path,
    },
  );
}

/**
 * For what foreign code returned where a promise is of no use: one that is rejected must not end the process. Anything
 * else is left alone.
 */
export function quieten(returned: unknown): void {
  if (returned instanceof Promise) returned.catch(() => undefined);
}
