import { type Clock, ManualClock } from '../../../src/base/index.ts';
import { type DirectoryInode, type Meta, newDirectory, newMeta } from './inode.ts';

export interface SimOptions {
  /** Where times come from; default: a clock that stands still. */
  readonly clock?: Clock;
  /** Added to the time at each change, so that no two have the same; 0 makes all changes simultaneous. */
  readonly tickNs?: bigint;
  readonly umask?: number;
  /** False: every attribute call fails with ENOTSUP. */
  readonly xattrs?: boolean;
}

/** What is left of the machine when the process dies: the clock, the counters and the tree. */
export interface Machine {
  readonly clock: Clock;
  readonly tickNs: bigint;
  readonly umask: number;
  readonly xattrs: boolean;
  readonly root: DirectoryInode;
  ticks: bigint;
  nextId: bigint;
  nextSequence: number;
}

const ROOT_ID = 2n;
export const FIRST_DEVICE = 1n;

export function newMachine(options: SimOptions): Machine {
  const clock = options.clock ?? new ManualClock();
  const meta = newMeta(0o755, BigInt(Math.trunc(clock.nowMs())) * 1_000_000n);
  return {
    clock,
    tickNs: options.tickNs ?? 1000n,
    umask: options.umask ?? 0o022,
    xattrs: options.xattrs ?? true,
    root: newDirectory(ROOT_ID, FIRST_DEVICE, meta),
    ticks: 0n,
    nextId: ROOT_ID + 1n,
    nextSequence: 0,
  };
}

/** The time of the next change. */
export function tick(machine: Machine): bigint {
  machine.ticks += machine.tickNs;
  return BigInt(Math.trunc(machine.clock.nowMs())) * 1_000_000n + machine.ticks;
}

/** `meta` with some fields changed, as of now. */
export function changed(machine: Machine, meta: Meta, fields: Partial<Meta>): Meta {
  return { ...meta, ...fields, ctimeNs: tick(machine) };
}

/** `meta` after the content changed. */
export function touched(machine: Machine, meta: Meta): Meta {
  const nowNs = tick(machine);
  return { ...meta, mtimeNs: nowNs, ctimeNs: nowNs };
}
