import {
  asRepositoryError,
  type Clock,
  errnoOf,
  exists,
  type FileSystem,
  type Host,
  PilotfishError,
  type RandomSource,
} from '../../base/index.ts';
import { accessError } from './access.ts';
import type { Layout } from './layout.ts';
import { removeQuietly } from './publish.ts';

/**
 * Locks are empty files whose names say everything, so that none can be torn:
 *
 *   locks/MODE.HOST.PID.MARK.WRITER     MARK tells two processes with one pid apart, WRITER is random
 *
 * Readers and writers share; `exclusive` suffers nobody beside it. A lock is dead when its process is certainly
 * gone (same host) or when it was not refreshed for half an hour (another host).
 */
export type LockMode = 'read' | 'write' | 'exclusive';

export interface LockDependencies {
  readonly fs: FileSystem;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly host: Host;
  readonly random: RandomSource;
}

const REFRESH_MS = 5 * 60_000;
const STALE_MS = 30 * 60_000;
/** Why a lock cannot be written where reading must be possible all the same: read-only media, a full device. */
const UNWRITABLE = ['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'ENOENT'];

interface LockName {
  readonly file: string;
  readonly mode: LockMode;
  readonly host: string;
  readonly pid: number;
  readonly mark: string;
  readonly writerId: string;
}

interface LockFile {
  isThere(): boolean;
  release(): void;
}

/** A held lock. */
export class Lock {
  /** Names the temporary files of the holder. */
  readonly writerId: string;
  readonly mode: LockMode;
  readonly #file: LockFile;

  constructor(writerId: string, mode: LockMode, file: LockFile) {
    this.writerId = writerId;
    this.mode = mode;
    this.#file = file;
  }

  /** Throws LOCKED when another process took us for dead, as after a long sleep: what we know may be out of date. */
  assertHeld(): void {
    if (this.#file.isThere()) return;
    throw new PilotfishError(
      'LOCKED',
      'the lock was taken away, as happens after a long sleep: run the command again',
    );
  }

  release(): void {
    this.#file.release();
  }
}

function isThere(fs: FileSystem, path: string): boolean {
  try {
    return exists(fs, path);
  } catch (error) {
    throw asRepositoryError(error, path);
  }
}

/** Where process numbers mean what they mean to us; cut to what a lock's name holds. */
function scopeOf(host: Host): string {
  return (host.processScope ?? host.name).slice(-64);
}

/** Takes a lock or throws LOCKED; removes dead locks on the way. */
export function takeLock(deps: LockDependencies, mode: LockMode): Lock {
  const { fs, layout, clock, host } = deps;
  const writerId = deps.random(8).toString('hex');
  const name = [mode, encodeHost(scopeOf(host)), host.pid, host.processMark(host.pid) || '0', writerId].join(
    '.',
  );
  const path = `${layout.locks}/${name}`;
  try {
    fs.close(fs.open(path, 'create'));
  } catch (error) {
    // A reader without a lock risks that blocks are pruned under it, which it then reports; it loses nothing.
    if (mode === 'read' && UNWRITABLE.includes(errnoOf(error) ?? ''))
      return new Lock(writerId, mode, { isThere: () => true, release: () => undefined });
    removeQuietly(fs, path);
    throw accessError(error, layout.root) ?? asRepositoryError(error, path);
  }
  const stop = clock.every(REFRESH_MS, () => refresh(deps, path));
  const lock = new Lock(writerId, mode, {
    isThere: () => isThere(fs, path),
    release: () => {
      stop();
      removeQuietly(fs, path);
    },
  });
  try {
    refuseExcluded(deps, mode, writerId);
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

function refuseExcluded(deps: LockDependencies, mode: LockMode, writerId: string): void {
  const other = livingLocks(deps).find((held) => held.writerId !== writerId && excludes(held.mode, mode));
  if (other === undefined) return;
  throw new PilotfishError(
    'LOCKED',
    `the repository is locked by process ${other.pid} on ${other.host} (${other.mode}): wait until it is done, then run the command again`,
  );
}

/** Names in a directory whose writer is certainly gone; names for which `writerOf` knows none are let be. */
export function leftovers(
  deps: LockDependencies,
  directory: string,
  writerOf: (name: string) => string | undefined,
): string[] {
  // Files before locks: a writer takes its lock first, so the owner of each file listed still shows its lock.
  const names = namesIn(deps.fs, directory);
  const living = new Set(livingLocks(deps).map((held) => held.writerId));
  return names.filter((name) => {
    const writer = writerOf(name);
    return writer !== undefined && !living.has(writer);
  });
}

function excludes(a: LockMode, b: LockMode): boolean {
  return a === 'exclusive' || b === 'exclusive';
}

function livingLocks(deps: LockDependencies): LockName[] {
  const living: LockName[] = [];
  for (const file of namesIn(deps.fs, deps.layout.locks)) {
    const name = parseLockName(file);
    if (name === undefined) continue;
    // One that is not ours to remove, or gone already, hurts nobody.
    if (isDead(deps, name)) removeQuietly(deps.fs, `${deps.layout.locks}/${name.file}`);
    else living.push(name);
  }
  return living;
}

function namesIn(fs: FileSystem, path: string): string[] {
  try {
    return fs.readDirectory(path).map((name) => name.toString());
  } catch (error) {
    throw asRepositoryError(error, path);
  }
}

function isDead({ fs, layout, clock, host }: LockDependencies, name: LockName): boolean {
  if (name.host === scopeOf(host)) {
    if (!host.isAlive(name.pid)) return true;
    const mark = host.processMark(name.pid);
    return mark !== '' && name.mark !== '0' && mark !== name.mark;
  }
  try {
    const refreshedMs = Number(fs.lstat(`${layout.locks}/${name.file}`).mtimeNs / 1_000_000n);
    return clock.nowMs() - refreshedMs > STALE_MS;
  } catch (error) {
    // It went away while we looked: its owner is done. What cannot be looked at may well be alive.
    return errnoOf(error) === 'ENOENT';
  }
}

function parseLockName(file: string): LockName | undefined {
  const [mode, host, pid, mark, writerId, more] = file.split('.');
  if (more !== undefined || writerId === undefined || host === undefined || mark === undefined)
    return undefined;
  if (mode !== 'read' && mode !== 'write' && mode !== 'exclusive') return undefined;
  if (!/^[0-9]+$/.test(pid ?? '') || !/^[0-9a-f]{16}$/.test(writerId)) return undefined;
  return { file, mode, host: decodeHost(host), pid: Number(pid), mark, writerId };
}

/** Host names as file-name parts: everything but letters, digits and `-` in hex. */
function encodeHost(name: string): string {
  return name
    .slice(0, 64)
    .replace(/[^A-Za-z0-9-]/g, (char) => `_${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function decodeHost(text: string): string {
  return text.replace(/_([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function refresh({ fs, clock }: LockDependencies, path: string): void {
  try {
    fs.setMtime(path, BigInt(clock.nowMs()) * 1_000_000n);
  } catch {
    // A refresh that fails is tried again in five minutes; six must fail before anyone elsewhere calls us dead.
  }
}
