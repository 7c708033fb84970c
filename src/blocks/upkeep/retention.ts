import { isoTime } from '../../base/index.ts';

/** How many snapshots to keep; a rule that is absent keeps none. */
export interface RetentionRules {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** Snapshots with any of these tags are kept. */
  readonly tags?: readonly string[];
}

export interface Dated {
  readonly timeMs: number;
  readonly tags: readonly string[];
}

const DAY_MS = 86_400_000;

/** The period of a time (UTC) that each rule keeps the newest snapshot of. */
const PERIODS: Record<'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly', (timeMs: number) => string> = {
  hourly: (timeMs) => isoTime(timeMs).slice(0, 13),
  daily: (timeMs) => isoTime(timeMs).slice(0, 10),
  // Weeks begin on Monday; 1970-01-01 was a Thursday.
  weekly: (timeMs) => String(Math.floor((timeMs / DAY_MS + 3) / 7)),
  monthly: (timeMs) => isoTime(timeMs).slice(0, 7),
  yearly: (timeMs) => isoTime(timeMs).slice(0, 4),
};

/**
 * Which of some snapshots to keep: the newest `last`, the newest of each of the newest N hours, days, weeks, months
 * and years that have any, and those with a kept tag. The union; given in any order.
 */
export function snapshotsToKeep<T extends Dated>(snapshots: readonly T[], rules: RetentionRules): Set<T> {
  const newestFirst = [...snapshots].sort((a, b) => b.timeMs - a.timeMs);
  const kept = new Set<T>(newestFirst.slice(0, rules.last ?? 0));
  for (const [rule, periodOf] of Object.entries(PERIODS)) {
    const limit = rules[rule as keyof typeof PERIODS] ?? 0;
    const seen = new Set<string>();
    for (const snapshot of newestFirst) {
      const period = periodOf(snapshot.timeMs);
      if (seen.has(period)) continue;
      if (seen.size >= limit) break;
      seen.add(period);
      kept.add(snapshot);
    }
  }
  const tags = new Set(rules.tags ?? []);
  for (const snapshot of snapshots) if (snapshot.tags.some((tag) => tags.has(tag))) kept.add(snapshot);
  return kept;
}
