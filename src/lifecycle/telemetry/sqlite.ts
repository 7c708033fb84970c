import { asRepositoryError, PilotfishError } from '../../base/index.ts';

/** By the low byte of what SQLite returns. */
const CODES: Readonly<Record<number, 'LOCKED' | 'DAMAGED' | 'NO_SPACE' | 'MISSING'>> = {
  5: 'LOCKED',
  6: 'LOCKED',
  11: 'DAMAGED',
  13: 'NO_SPACE',
  14: 'MISSING',
  26: 'DAMAGED',
};

const ADVICE = {
  LOCKED: 'another process is writing, try again',
  DAMAGED: 'restore a copy, or move it away',
  NO_SPACE: 'free some space',
  MISSING: 'make its folder, or name a file that can be opened',
} as const;

/**
 * Gives what SQLite or a file call throws a code.
 * @throws PilotfishError `LOCKED`, `DAMAGED`, `NO_SPACE`, `MISSING`, `IO`, and what `work` throws that has a code.
 */
export function withSqliteCodes<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    const code = CODES[(errcode ?? 0) & 0xff];
    if (code === undefined) throw asRepositoryError(error, path);
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotfishError(code, `${path} cannot be used (${reason}): ${ADVICE[code]}`, {
      cause: error,
      path,
    });
  }
}
