import { PilotfishError } from '../../base/index.ts';
import type { StoreAdviser } from '../questions.ts';
import type { Repository } from '../session/index.ts';
import { repositoryBytes } from '../session/index.ts';
import { deleteDoomed, type Replaced, replacePacks } from './replace-packs.ts';
import { Usage } from './usage.ts';

export interface OptimizeOptions {
  readonly onProgress?: (done: Replaced) => void;
  readonly signal?: AbortSignal;
  /** Who chooses bases; without one the built-in rule does. */
  readonly bases?: BaseChooser | undefined;
}

/** The answers about bases alone: how hard blocks are encoded is not asked about here. */
type BaseChooser = Required<Pick<StoreAdviser, 'base' | 'settleBase'>>;

export interface OptimizeResult {
  readonly packs: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** zstd 19 for blocks that stand alone; groups and deltas are tried as hard. */
function adviserOf(bases: BaseChooser | undefined): StoreAdviser {
  const codec = (): string => 'zstd-19';
  if (bases === undefined) return { codec };
  return {
    codec,
    base: (question) => bases.base(question),
    settleBase: (receipt) => bases.settleBase(receipt),
  };
}

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
    adviser: adviserOf(options.bases),
    effort: 'high',
    throwIfInterrupted,
    onProgress,
  });
  deleteDoomed(repository, 0);
  return { packs: doomed.size, bytesBefore, bytesAfter: repositoryBytes(repository) };
}
