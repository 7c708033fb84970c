import { PilotfishError } from '../../base/index.ts';
import type { Repository } from '../session/index.ts';
import { repositoryBytes } from '../session/index.ts';
import { deleteDoomed, replacePacks } from './replace-packs.ts';
import { Usage } from './usage.ts';

export interface OptimizeOptions {
  readonly onProgress?: (done: { packs: number; totalPacks: number }) => void;
  readonly signal?: AbortSignal;
}

export interface OptimizeResult {
  readonly packs: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** zstd 19 for blocks that stand alone; groups and deltas are tried as hard. */
const ADVISER = { codec: () => 'zstd-19' };

/**
 * Writes everything anew with more effort: harder codecs, and bases chosen among all blocks instead of those that
 * happened to be stored before. Roots and snapshots stay as they are; what nobody needs is left behind. Under the
 * exclusive lock. It takes about 30 times as long as storing did.
 */
export async function optimize(
  repository: Repository,
  options: OptimizeOptions = {},
): Promise<OptimizeResult> {
  const throwIfInterrupted = (): void => {
    if (options.signal?.aborted) {
      throw new PilotfishError(
        'INTERRUPTED',
        'interrupted: the repository is as it was; run the command again',
      );
    }
  };
  const usage = new Usage(repository, throwIfInterrupted);
  await usage.markAll();
  deleteDoomed(repository, 0);
  const bytesBefore = repositoryBytes(repository);
  const doomed = new Set(repository.packs.inOrder());
  const { onProgress } = options;
  await replacePacks(repository, {
    doomed,
    usage,
    adviser: ADVISER,
    effort: 'high',
    throwIfInterrupted,
    onProgress,
  });
  deleteDoomed(repository, 0);
  return { packs: doomed.size, bytesBefore, bytesAfter: repositoryBytes(repository) };
}
