// Which files of a class a set takes: a seeded choice within a budget.
import type { Rng } from '../../../src/base/index.ts';

const mib = 1024 * 1024;
const smallestBytes = 512;
const largestBytes = 20 * mib;
/** A file may take this share of its class, and any file this size may be taken. */
const largestShare = 0.4;
const alwaysBytes = 2 * mib;
const fullShare = 0.97;

/** A file that might be taken. */
export interface Candidate {
  readonly path: string;
  readonly bytes: number;
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], rng: Rng): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}

/** Files in random order until the budget is nearly reached. Candidates come in the order of their paths. */
export function sample(candidates: readonly Candidate[], budgetBytes: number, rng: Rng): Candidate[] {
  const fits = ({ bytes }: Candidate): boolean =>
    bytes >= smallestBytes &&
    bytes <= largestBytes &&
    (bytes <= alwaysBytes || bytes <= budgetBytes * largestShare);
  const taken: Candidate[] = [];
  let total = 0;
  for (const candidate of shuffled(candidates.filter(fits), rng)) {
    if (total >= budgetBytes * fullShare) break;
    if (total + candidate.bytes > budgetBytes) continue;
    taken.push(candidate);
    total += candidate.bytes;
  }
  return taken;
}
