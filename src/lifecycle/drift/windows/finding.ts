import type { Clock } from '../../../base/index.ts';
import { DRIFT_SEVERITIES, type DriftSeverity, type DriftType } from '../types.ts';
import type { MonthlyCredit } from './budget.ts';
import type { SumsOfWindow } from './sums.ts';
import type { SavedTower } from './tower.ts';

/** Distances from which on a drift is called so. */
export type SeverityThresholds = {
  readonly medium: number;
  readonly high: number;
  readonly critical: number;
};

/** What all streams of a detector are judged by. */
export type Judge = {
  /** Values in half of the smallest window. */
  readonly half: number;
  readonly sizes: number;
  /** Distances below are no drift, however certain. */
  readonly floor: number;
  readonly severities: SeverityThresholds;
  readonly clock: Clock;
  /** What bounds the alarms of a month; undefined: nothing does. */
  readonly credit: MonthlyCredit | undefined;
};

/** A window that differs, and how. */
export type Finding = {
  readonly type: DriftType;
  readonly name: string;
  readonly severity: DriftSeverity;
  readonly distance: number;
  readonly atLeast: number;
  readonly pValue: number;
  readonly method: 'ks' | 'fisher';
  readonly psi: number;
  readonly psiLimit: number;
  readonly sums: SumsOfWindow;
  readonly timeMs: number;
};

/** What a stream is after a restart. */
export type SavedStream = {
  readonly tower: SavedTower;
  readonly sums: Float64Array;
  readonly block: Float64Array;
  readonly taken: number;
  readonly isBinary: boolean;
  readonly differs: readonly number[];
  readonly open: { severity: DriftSeverity; sinceMs: number } | undefined;
  readonly history: Float64Array;
};

export const severityRank = (severity: DriftSeverity): number => DRIFT_SEVERITIES.indexOf(severity);

export function severityOf(atLeast: number, { medium, high, critical }: SeverityThresholds): DriftSeverity {
  if (atLeast >= critical) return 'critical';
  if (atLeast >= high) return 'high';
  return atLeast >= medium ? 'medium' : 'low';
}
