import { NO_BASE } from './validator.ts';

/** The store's built-in rule: the candidate that shares most features, of those the newest, and always tried. */
export function similarHeuristic({ candidates }: { readonly candidates: readonly unknown[] }): number {
  return candidates.length === 0 ? NO_BASE : 0;
}
