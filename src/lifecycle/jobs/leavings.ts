import { type Clock, exists, type FileSystem, hasCode } from '../../base/index.ts';
import type { Job, JobQueue } from './types.ts';

type LeavingsPorts = {
  readonly queue: Pick<JobQueue, 'get'>;
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** Where the attempts of all jobs lie, as `JOB/TOKEN`. */
  readonly workDirectory: string;
};

const SWEEP_MS = 3_600_000;
/** How long one may look into the last attempt of a job that came to nothing. */
const KEPT_MS = 7 * 24 * 3_600_000;
const NUMBER = /^[1-9][0-9]{0,15}$/;

/**
 * Deletes what attempts have left once their job is over: its result is in the registry. What cannot be deleted now, and
 * what a killed worker left, goes with a later sweep.
 */
export class Leavings {
  readonly #ports: LeavingsPorts;
  #sweptMs = Number.NEGATIVE_INFINITY;

  constructor(ports: LeavingsPorts) {
    this.#ports = ports;
  }

  /** Clears every job that is over; the first time at once, then every hour. Never throws. */
  async sweep(): Promise<void> {
    const { fs, clock, workDirectory } = this.#ports;
    if (clock.monotonicMs() - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = clock.monotonicMs();
    await atLeisure(async () => {
      for (const name of numbersIn(fs, workDirectory)) await this.clear(Number(name));
    });
  }

  /** Clears one job if it is over. Never throws. */
  clear(id: number): Promise<void> {
    return atLeisure(() => this.#clear(id));
  }

  async #clear(id: number): Promise<void> {
    const { fs, clock, workDirectory } = this.#ports;
    const home = `${workDirectory}/${id}`;
    if (!exists(fs, home)) return;
    const job = await this.#find(id);
    // The next attempt goes on from what the one before has left.
    if (job?.status === 'waiting' || job?.status === 'running') return;
    const isOver = job === undefined || job.status === 'done' || clock.nowMs() - job.updatedMs >= KEPT_MS;
    if (isOver) return removeTree(fs, home);
    const earlier = numbersIn(fs, home).filter((token) => Number(token) !== job.token);
    for (const token of earlier) removeTree(fs, `${home}/${token}`);
  }

  /** Undefined for a job that the queue has forgotten. */
  async #find(id: number): Promise<Job | undefined> {
    try {
      return await this.#ports.queue.get(id);
    } catch (error) {
      if (hasCode(error, 'MISSING')) return undefined;
      throw error;
    }
  }
}

/** No work depends on it: a folder that another worker still writes into, or a busy state, is for the next sweep. */
const atLeisure = (work: () => Promise<void>): Promise<void> => work().catch(() => undefined);

/** Folders of jobs and attempts are numbers; what else lies there is somebody's own. */
function numbersIn(fs: FileSystem, path: string): string[] {
  if (!exists(fs, path)) return [];
  return fs
    .readDirectory(path)
    .map(String)
    .filter((name) => NUMBER.test(name));
}

/** A link goes, and what it points at stays. */
function removeTree(fs: FileSystem, path: string): void {
  if (fs.lstat(path).kind !== 'directory') {
    fs.unlink(path);
    return;
  }
  for (const name of fs.readDirectory(path).map(String)) removeTree(fs, `${path}/${name}`);
  fs.removeDirectory(path);
}
