import { asRepositoryError, errnoOf, PilotfishError } from '../../base/index.ts';

/**
 * The error of a call that was to write to, or look into, the repository at `root`. That the medium or the permissions
 * forbid it is no fault of the device: the message says what to change.
 */
export function asAccessError(error: unknown, root: string, path: string): PilotfishError {
  const advice = ADVICE[errnoOf(error) ?? ''];
  if (advice === undefined) return asRepositoryError(error, path);
  return new PilotfishError('IO', `${root} ${advice}`, { cause: error, path });
}

const FORBIDDEN = 'is not open to this user: run as the one it belongs to, or change its permissions';
const ADVICE: Readonly<Record<string, string>> = {
  EROFS:
    'is on a read-only file system: mount it writable; what only reads works as it is, and so do dry runs',
  EACCES: `(EACCES) ${FORBIDDEN}`,
  EPERM: `(EPERM) ${FORBIDDEN}`,
};
