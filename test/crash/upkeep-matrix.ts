import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { hasCode, Rng } from '../../src/base/index.ts';
import { filesBelow } from '../golden/workbench.ts';
import type { CrashMode } from '../sim/disk/crash.ts';
import type { SimFileSystem } from '../sim/disk.ts';
import { type FaultPlan, FaultyFileSystem } from '../sim/faults.ts';
import type { Upkeep } from './upkeep.ts';
import { watched } from './watched.ts';
import { STATE, type World } from './world.ts';

type Fault = FaultPlan['fault'];

/** How a command under a fault ended. */
export interface Struck {
  readonly world: World;
  readonly fs: FaultyFileSystem;
  /** Undefined when the command says that it succeeded. */
  readonly error: unknown;
}

async function strike(upkeep: Upkeep, plan: FaultPlan): Promise<Struck> {
  const world = upkeep.world.fork(new Rng(1));
  const fs = new FaultyFileSystem(world.disk, { below: STATE, ...plan });
  try {
    await world.process((ports) => upkeep.run(ports), fs);
    return { world, fs, error: undefined };
  } catch (error) {
    if (!fs.killed && !hasCode(error)) throw error;
    return { world, fs, error };
  }
}

/** The calls of an undisturbed run. */
export async function callsOf(upkeep: Upkeep): Promise<readonly string[]> {
  const { fs, error } = await strike(upkeep, { at: 0, fault: 'short' });
  assert.equal(error, undefined);
  return fs.log;
}

/** Runs `cell` for every call of the command that is concerned, with the fault at that call. */
export async function strikeEveryCall(
  upkeep: Upkeep,
  { fault, concerns = () => true }: { fault: Fault; concerns?: (call: string) => boolean },
  cell: (struck: Struck) => Promise<void>,
): Promise<number> {
  const calls = await callsOf(upkeep);
  for (const [i, call] of calls.entries()) {
    if (!concerns(call)) continue;
    try {
      const struck = await strike(upkeep, { at: i + 1, fault });
      assert.ok(struck.fs.reached, 'equal runs make equal calls');
      await cell(struck);
    } catch (cause) {
      throw new Error(`${upkeep.name}, ${fault} at call ${i + 1} of ${calls.length} (${call})`, { cause });
    }
  }
  return calls.length;
}

/** What is left of a world in which the command was stopped. */
export interface Stopped {
  /** The call it did not get to make, as `number name path`. */
  readonly before: string;
  readonly world: World;
}

/**
 * What is left when the command is stopped before each of its calls, or after the last: the same as stopping it after
 * the call before. In one run of which the disk is copied at every call; states that were met are left out.
 */
export async function stopEverywhere(
  upkeep: Upkeep,
  modes: readonly CrashMode[],
): Promise<{ stops: Stopped[]; calls: number }> {
  const world = upkeep.world.fork(new Rng(1));
  const states = new States();
  const stops: Stopped[] = [];
  let calls = 0;
  await world.process(async (ports) => {
    const stop = (before: string): void => {
      for (const mode of modes) {
        const left = crashed(world, states, { mode, seed: calls });
        left?.end(ports.host.pid);
        if (left !== undefined) stops.push({ before: `${mode} before call ${calls} ${before}`, world: left });
      }
    };
    const onCall = (call: string, number: number): void => {
      calls = number;
      stop(call);
    };
    await upkeep.run({ ...ports, fs: watched(world.disk, { below: STATE, onCall }) });
    calls += 1;
    stop('none');
  });
  return { stops, calls: calls - 1 };
}

/** Checks each; says which failed. */
export async function forEveryStop(
  upkeep: Upkeep,
  stops: readonly Stopped[],
  check: (world: World) => Promise<void>,
): Promise<void> {
  for (const { before, world } of stops) {
    try {
      await check(world);
    } catch (cause) {
      throw new Error(`${upkeep.name}, ${before}`, { cause });
    }
  }
}

/** Tells which states of the disk are new: most calls change nothing, and what a process may find need be seen once. */
export class States {
  readonly #seen = new Set<string>();

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
export function crashed(
  world: World,
  states: States,
  { mode, seed }: { mode: CrashMode; seed: number },
): World | undefined {
  const next = world.fork(new Rng(seed), mode);
  return states.isNew(next.disk) ? next : undefined;
}
