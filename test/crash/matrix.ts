import assert from 'node:assert/strict';
import { hasCode, Rng } from '../../src/base/index.ts';
import type { PackResult } from '../../src/blocks/index.ts';
import type { CrashMode } from '../sim/disk/crash.ts';
import { type FaultPlan, FaultyFileSystem } from '../sim/faults.ts';
import { assertSound, assertWhole, type Expected, retry } from './checks.ts';
import type { Prepared } from './prepared.ts';
import { packSource, STATE, type World } from './world.ts';

type Fault = FaultPlan['fault'];

/** How a `pack` under a fault ended. */
export interface Outcome {
  readonly world: World;
  readonly fs: FaultyFileSystem;
  /** Undefined when the process ended or the command failed. */
  readonly result: PackResult | undefined;
  readonly error: unknown;
}

/** Runs `pack` in a copy of the prepared world with one fault on the side of the repository. */
export async function packUnder(prepared: Prepared, plan: FaultPlan): Promise<Outcome> {
  const world = prepared.world.fork(new Rng(1));
  const fs = new FaultyFileSystem(world.disk, { below: STATE, ...plan });
  try {
    const result = await world.process((ports) => packSource(ports), fs);
    return { world, fs, result, error: undefined };
  } catch (error) {
    return { world, fs, result: undefined, error };
  }
}

/** The calls of an undisturbed `pack`. */
export async function callsOf(prepared: Prepared): Promise<readonly string[]> {
  const { fs, error } = await packUnder(prepared, { at: 0, fault: 'short' });
  assert.equal(error, undefined);
  return fs.log;
}

/** What must hold afterwards: a `pack` that reported success is committed, one that did not may be. */
export function expectedAfter(prepared: Prepared, outcome: Outcome): Expected {
  const { before, current } = prepared;
  return { before, current, added: outcome.result === undefined ? [0, 1] : [1, 1] };
}

/** What a world looks like to the next process, which then packs again. */
export async function surviveAndRetry(
  world: World,
  expected: Expected,
  neighbours: readonly string[],
): Promise<void> {
  const added = await world.process((ports) => assertSound(ports, expected));
  await retry(world, { ...expected, added: [added, added] }, neighbours);
}

/** The same after a crash. */
export async function surviveCrash(
  outcome: Outcome,
  prepared: Prepared,
  crash: { mode: CrashMode; seed: number },
): Promise<World> {
  const world = outcome.world.fork(new Rng(crash.seed), crash.mode);
  const neighbours = crash.mode === 'process' ? prepared.neighbours : prepared.remoteNeighbours;
  await surviveAndRetry(world, expectedAfter(prepared, outcome), neighbours);
  return world;
}

/** After the retry succeeded the power fails: nothing may hang on what the first run left unsynced. */
export async function survivePowerCutAfter(world: World, prepared: Prepared): Promise<void> {
  const { before, current } = prepared;
  const dark = world.fork(new Rng(1), 'lost');
  await dark.process((ports) => assertWhole(ports, { before, current, added: [1, 2] }));
}

/** A command that fails says why with a code; an ended process says nothing. */
export function assertCoded({ fs, error }: Outcome): void {
  if (error !== undefined && !fs.killed && !hasCode(error)) throw error;
}

/** Runs `cell` for every call of `pack` with the fault at that call, and once with none. */
export async function forEveryCall(
  prepared: Prepared,
  fault: Fault,
  cell: (outcome: Outcome, at: number) => Promise<void>,
  concerns: (call: string) => boolean = () => true,
): Promise<number> {
  const calls = await callsOf(prepared);
  let cells = 0;
  // A fault may lead to more calls than an undisturbed run makes, but the call it strikes is one of those.
  for (let at = 1; at <= calls.length + 1; at += 1) {
    const call = calls[at - 1] ?? 'none';
    if (call !== 'none' && !concerns(call)) continue;
    try {
      const outcome = await packUnder(prepared, { at, fault });
      assert.equal(outcome.fs.reached, at <= calls.length, 'equal runs make equal calls');
      assertCoded(outcome);
      await cell(outcome, at);
    } catch (cause) {
      throw new Error(`${prepared.name}, ${fault} at call ${at} of ${calls.length} (${call})`, { cause });
    }
    cells += 1;
  }
  return cells;
}
