import { PilotfishError } from '../../base/index.ts';
import { type Json, numberWithin, type Snapshot } from '../contract/index.ts';
import { oneOf, takeNumber, takeWord } from './checks.ts';

/**
 * How the learning rate goes with the number of steps t, from 0:
 * - `constant`: `rate`;
 * - `inverse-scaling`: `rate / (t + 1)^power`, the usual power being 0.5 (Zinkevich 2003);
 * - `optimal`: `rate / (1 + rate · l2 · t)` (Bottou, COMPSTAT 2010); needs an L2 penalty.
 */
export type RateSchedule =
  | { readonly kind: 'constant'; readonly rate: number }
  | { readonly kind: 'inverse-scaling'; readonly rate: number; readonly power: number }
  | { readonly kind: 'optimal'; readonly rate: number };

const KINDS = ['constant', 'inverse-scaling', 'optimal'] as const;

const LARGEST_RATE = 1e6;

/**
 * The schedule that was meant; a bare number is a constant rate.
 * @throws PilotfishError `USAGE` for rates or powers out of range, and where the penalty would make weights swing.
 */
export function scheduleOf(rate: number | RateSchedule, l2: number): RateSchedule {
  const schedule: RateSchedule = typeof rate === 'number' ? { kind: 'constant', rate } : { ...rate };
  oneOf('schedule', schedule.kind, KINDS);
  numberWithin('rate', schedule.rate, [0, LARGEST_RATE]);
  if (schedule.kind === 'inverse-scaling') numberWithin('power', schedule.power, [0, 10]);
  if (schedule.kind === 'optimal' && l2 === 0) {
    throw new PilotfishError('USAGE', 'the optimal schedule needs an L2 penalty: set l2, or choose another');
  }
  if (schedule.rate * l2 > 1) {
    throw new PilotfishError('USAGE', `rate · l2 is ${schedule.rate * l2}; keep it at most 1`);
  }
  return schedule;
}

/** The rate of step `step`, counted from 0. */
export function rateAt(schedule: RateSchedule, l2: number, step: number): number {
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate;
    case 'inverse-scaling':
      return schedule.rate / (step + 1) ** schedule.power;
    case 'optimal':
      return schedule.rate / (1 + schedule.rate * l2 * step);
  }
}

/** A schedule as parts of a snapshot's config. */
export function putSchedule(schedule: RateSchedule): { readonly [key: string]: Json } {
  const power = schedule.kind === 'inverse-scaling' ? schedule.power : 0;
  return { schedule: schedule.kind, rate: schedule.rate, power };
}

/** The inverse of `putSchedule`. @throws PilotfishError `DAMAGED`. */
export function takeSchedule(snapshot: Snapshot): RateSchedule {
  const kind = takeWord(snapshot, 'schedule', KINDS);
  const rate = takeNumber(snapshot, 'rate', [0, LARGEST_RATE]);
  return { kind, rate, power: takeNumber(snapshot, 'power', [0, 10]) };
}
