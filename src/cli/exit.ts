import { type ErrorCode, errnoOf, hasCode, PilotfishError } from '../base/index.ts';

/** Exit codes: part of the interface, described in docs/cli.md. */
export const EXIT = {
  done: 0,
  failed: 1,
  incomplete: 3,
  noRepository: 10,
  locked: 11,
  wrongPassword: 12,
  interrupted: 130,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  NO_REPOSITORY: EXIT.noRepository,
  NOT_A_REPOSITORY: EXIT.noRepository,
  LOCKED: EXIT.locked,
  WRONG_PASSWORD: EXIT.wrongPassword,
  INTERRUPTED: EXIT.interrupted,
};

/** The exit code an error ends the process with. */
export function exitCodeOf(error: PilotfishError): number {
  return BY_CODE[error.code] ?? EXIT.failed;
}

/** Whatever was thrown, as an error with a code. What has none is a fault of Pilotfish. */
export function codedError(error: unknown): PilotfishError {
  if (hasCode(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (errnoOf(error)?.startsWith('E') === true && error instanceof Error && 'syscall' in error) {
    return new PilotfishError('IO', `${reason}: check the path and its permissions`, { cause: error });
  }
  const message = `${reason}: run it again with PILOTFISH_DEBUG=1 and report what it prints`;
  return new PilotfishError('INTERNAL', message, { cause: error });
}

/** An error of the command line itself. */
export function usageError(message: string): PilotfishError {
  return new PilotfishError('USAGE', message);
}
