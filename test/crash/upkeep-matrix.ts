import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { hasCode, Rng } from '../../src/base/index.ts';
import { filesBelow } from '../golden/workbench.ts';
import type { CrashMode } from '../sim/disk/crash.ts';
import type { SimFileSystem } from '../sim/disk.ts';
import { type FaultPlan, FaultyFileSystem } from '../sim/faults.ts';
import type { Upkeep } from './upkeep.ts';
import { STATE, type World } from './world.ts';

type Fault = FaultPlan['fault'];

/** How a command under a fault ended. */
export interface Struck {
  readonly at: number;
  /** The call, as `name path`. */
  readonly call: string;
  readonly world: World;
  readonly fs: FaultyFileSystem;
  /** Undefined when the command says that it succeeded. */
  readonly error: unknown;
}

async function strike(upkeep: Upkeep, plan: FaultPlan): Promise<Omit<Struck, 'at' | 'call'>> {
  const world = upkeep.world.fork(new Rng(1));
  const fs = new FaultyFileSystem(world.disk, { below: STATE, ...plan });
  try {
    await world.process((ports) => upkeep.run(ports), fs);
    return { world, fs, error: undefined };
  } catch (error) {
    if (!fs.killed && !hasCode(error)) throw error;
    return { world, fs, error: error ?? 'killed' };
  }
}

/** The calls of an undisturbed run. */
export async function callsOf(upkeep: Upkeep): Promise<readonly string[]> {
  const { fs, error } = await strike(upkeep, { at: 0, fault: 'short' });
  assert.equal(error, undefined);
  return fs.log;
}

/** Runs `cell` for every call of the command with the fault at that call. */
export async function strikeEveryCall(
  upkeep: Upkeep,
  fault: Fault,
  cell: (struck: Struck) => Promise<void>,
): Promise<number> {
  const calls = await callsOf(upkeep);
  for (const [i, call] of calls.entries()) {
    try {
      const struck = await strike(upkeep, { at: i + 1, fault });
      assert.ok(struck.fs.reached, 'equal runs make equal calls');
      await cell({ at: i + 1, call, ...struck });
    } catch (cause) {
      throw new Error(`${upkeep.name}, ${fault} at call ${i + 1} of ${calls.length} (${call})`, { cause });
    }
  }
  return calls.length;
}

/** Tells which states of the disk are new: most calls change nothing, and what one process leaves need be seen once. */
export class States {
  readonly #seen = new Set<string>();

  get count(): number {
    return this.#seen.size;
  }

  isNew(disk: SimFileSystem): boolean {
    const hash = createHash('sha256');
    for (const [name, bytes] of filesBelow(disk, STATE))
      hash.update(`${name} ${bytes.length}\n`).update(bytes);
    const state = hash.digest('hex');
    if (this.#seen.has(state)) return false;
    this.#seen.add(state);
    return true;
  }
}

/** What a crash leaves of a world, or undefined when it is a state that was seen. */
export function crashed(world: World, states: States, { mode, seed }: { mode: CrashMode; seed: number }) {
  const next = world.fork(new Rng(seed), mode);
  return states.isNew(next.disk) ? next : undefined;
}
