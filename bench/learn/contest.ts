// Runs the rows: the product beside the reference of every compiler that is here, in one process.
import { createHash } from 'node:crypto';
import { heapPerCall } from './heap.ts';
import { interleave, type Pace, type Timing } from './interleave.ts';
import type { CompilerName, Reference } from './reference.ts';
import type { GateRow, RowDetail, SideName } from './results.ts';
import { makeTask } from './rows/rows.ts';
import { gates, type RowName, type Side, type Task } from './rows/task.ts';

/**
 * Results may differ by this much, relative where they are above 1: the reference is compiled with fused
 * multiply-adds, the product is not.
 */
export const tolerance = 5e-7;

/** SHA-256 of an answer. */
export function hashOf(answer: Float64Array): string {
  return createHash('sha256').update(new Uint8Array(answer.buffer)).digest('hex');
}

const apart = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(a));

/** The largest difference between two answers; an error when they do not agree. */
function difference(name: string, ours: Float64Array, theirs: Float64Array): number {
  if (ours.length !== theirs.length)
    throw new Error(`${name}: ${ours.length} results, ${theirs.length} by the reference`);
  const worst = ours.reduce((most, value, i) => Math.max(most, apart(value, theirs[i] ?? Number.NaN)), 0);
  if (worst <= tolerance) return worst;
  throw new Error(
    `${name}: the product and the reference differ by ${worst}; no time is worth anything then`,
  );
}

type Contenders = readonly { readonly name: SideName; readonly side: Side }[];

function contendersOf(task: Task, references: readonly Reference[]): Contenders {
  const others = references.map((reference) => ({
    name: reference.compiler,
    side: task.bind(reference),
  }));
  return [{ name: 'product', side: task.product }, ...others];
}

/** Compares all answers, then times all sides. */
export function runRow(name: RowName, references: readonly Reference[], pace: Pace): RowDetail {
  const task = makeTask[name]();
  const contenders = contendersOf(task, references);
  const answer = task.product.answer();
  const differences: Partial<Record<CompilerName, number>> = {};
  for (const { name: who, side } of contenders) {
    if (who !== 'product') differences[who] = difference(`${name}, ${who}`, answer, side.answer());
  }
  const timed = contenders.map(({ name: who, side }) => ({ name: who, loop: side.loop.bind(side) }));
  const timings = Object.fromEntries(interleave(timed, pace)) as Partial<Record<SideName, Timing>>;
  const heapBytes = heapPerCall((times) => task.product.loop(times));
  return { name, flop: task.flop, timings, sha256: hashOf(answer), differences, heapBytes };
}

/** The line of the table that the gate is about. */
export function gateRow({ name, timings }: RowDetail): GateRow {
  const nativeUs = timings.clang?.p50Us ?? null;
  const productUs = timings.product?.p50Us ?? Number.NaN;
  return {
    name,
    nativeUs,
    productUs,
    ratio: nativeUs === null ? null : productUs / nativeUs,
    gate: gates[name],
  };
}
