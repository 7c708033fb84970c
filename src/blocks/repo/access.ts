import { errnoOf, PilotfishError } from '../../base/index.ts';

const FORBIDDEN = 'is not open to this user: run as the one it belongs to, or change its permissions';
const ADVICE: Readonly<Record<string, string>> = {
  EROFS: 'is on a read-only file system: mount it writable, or give another directory',
  EACCES: `${FORBIDDEN} (EACCES)`,
  EPERM: `${FORBIDDEN} (EPERM)`,
};

/**
 * The error of a call that `directory` does not allow, which is no fault of the device: the message says what to
 * change. Undefined for any other error.
 */
export function accessError(error: unknown, directory: string): PilotfishError | undefined {
  const advice = ADVICE[errnoOf(error) ?? ''];
  if (advice === undefined) return undefined;
  return new PilotfishError('IO', `${directory} ${advice}`, { cause: error, path: directory });
}
