import { type FsPath, Rng } from '../../src/base/index.ts';
import { errnoError, type Failure } from './disk/errno.ts';
import { rawPath } from './disk/resolve.ts';

/**
 * What happens at call `at`, the first being 1:
 * - `kill-before`, `kill-after`: the process ends before or after the call takes effect.
 * - `EIO`: this call fails, the next ones work. A failed fsync also drops what it should have stored.
 * - `ENOSPC`: from here on every call that needs space fails, until `freeSpace`.
 * - `torn`: if it is a write, a random prefix of it is stored; then the process ends.
 * - `short`: if it is a read or a write, it transfers fewer bytes than asked, which is legal.
 * - `all-short`: every read and write from here on does.
 */
export type Fault = 'kill-before' | 'kill-after' | 'EIO' | 'ENOSPC' | 'torn' | 'short' | 'all-short';

export interface FaultPlan {
  readonly at: number;
  readonly fault: Fault;
  /** Only calls on this path and below are counted and hit; default: all. */
  readonly below?: string;
  /** Decides the length of torn and short transfers. */
  readonly seed?: number;
}

/** Thrown by the call at which the process "ends", and by every call after it. */
export class Killed extends Error {
  override readonly name = 'Killed';

  constructor(call: string) {
    super(`the process was killed at ${call}`);
  }
}

/** One file call as the plan sees it. */
export interface Call extends Failure {
  readonly path: FsPath;
  /** A full device refuses it. */
  readonly needsSpace?: boolean;
}

/** What a call does besides failing or ending the process. */
export interface Mishaps {
  /** Done by a call that fails. */
  readonly failed?: () => void;
  /** Done by a call torn by the end of the process. */
  readonly torn?: () => void;
}

function callText({ syscall, path, to }: Call): string {
  return `${syscall} ${path.toString()}${to === undefined ? '' : ` -> ${to.toString()}`}`;
}

function isBelow(path: FsPath, root: string): boolean {
  const raw = rawPath(path);
  const prefix = rawPath(root);
  return raw === prefix || raw.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** Counts calls and carries out the plan on them. */
export class Injector {
  /** Every counted call, as `name path`. */
  readonly log: string[] = [];
  readonly rng: Rng;
  readonly #plan: FaultPlan;
  killed = false;
  fired = false;
  full = false;

  constructor(plan: FaultPlan) {
    this.#plan = plan;
    this.rng = new Rng(plan.seed ?? plan.at);
  }

  /** Makes a call, fails it, or ends the process. `act` is told whether it is to transfer less than asked. */
  run<T>(call: Call, act: (short: boolean) => T, mishaps: Mishaps = {}): T {
    const fault = this.#arrive(call);
    switch (fault) {
      case 'EIO':
      case 'ENOSPC':
        this.fired = true;
        mishaps.failed?.();
        throw errnoError(fault, call);
      case 'torn':
        mishaps.torn?.();
        return this.#kill(call);
      case 'kill-before':
        return this.#kill(call);
      case 'kill-after':
        try {
          act(false);
        } catch {
          // What the call answered, nobody was left to hear.
        }
        return this.#kill(call);
      case undefined:
        return act(false);
      default:
        return act(true);
    }
  }

  /** Counts the call and decides what becomes of it. */
  #arrive(call: Call): Fault | undefined {
    if (this.killed) throw new Killed(`an earlier call than ${callText(call)}`);
    const { at, fault, below } = this.#plan;
    const counts =
      below === undefined || [call.path, call.to].some((path) => path !== undefined && isBelow(path, below));
    if (!counts) return undefined;
    this.log.push(callText(call));
    const now = this.log.length;
    if (fault === 'ENOSPC') {
      if (now === at) this.full = true;
      return this.full && call.needsSpace === true ? fault : undefined;
    }
    return now === at || (fault === 'all-short' && at > 0 && now > at) ? fault : undefined;
  }

  #kill(call: Call): never {
    this.killed = true;
    this.fired = true;
    throw new Killed(`call ${this.log.length}, ${callText(call)}`);
  }
}
