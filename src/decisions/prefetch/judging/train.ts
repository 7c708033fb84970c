import { PilotfishError } from '../../../base/index.ts';
import { AHEAD_SLOTS } from '../../../blocks/index.ts';
import type { Lstm, NetBatch, Trainer } from '../../../learn/index.ts';
import { PREFETCH_FEATURES } from '../features.ts';
import { advantageOn, LAST_STEP, newLstm, OUTPUTS } from '../model.ts';
import { costOf } from '../teacher.ts';
import { Fate, type Window } from './windows.ts';

/** With a schedule that ends where the epochs do, and gradients kept short: recurrent nets have cliffs. */
const FIT = { epochs: 12, batchSize: 64, rate: 0.003, lowestRate: 1e-4, clipNorm: 1, patience: 3 };
/** Least chance that is worth reading at, where waste is plentiful: the floor of the core. */
const FLOOR = 0.2;

export type LstmFit = {
  readonly seed: number;
  /** Most passes over the windows. */
  readonly epochs?: number;
};

const of = (windows: readonly Window[], part: Window['part']): Window[] =>
  windows.filter((window) => window.part === part);

/**
 * Begins to train the net of the room: for every slot by how much the rule is wrong about its candidate, and the chance
 * that it is next. Held-out windows, where there are some, say when to stop. @throws PilotfishError `EMPTY` without
 * windows to learn from; as `Lstm.trainer`.
 */
export function lstmTrainer(
  windows: readonly Window[],
  { seed, epochs = FIT.epochs }: LstmFit,
): {
  readonly net: Lstm;
  readonly trainer: Trainer;
  readonly epochs: number;
} {
  const [train, val] = [of(windows, 'train'), of(windows, 'val')];
  if (train.length === 0) {
    throw new PilotfishError('EMPTY', 'the table of accesses has no training rows; measure more traces');
  }
  const net = newLstm(seed);
  const stopping = { validation: batchOf(val), patience: FIT.patience, minDelta: 0 };
  const trainer = net.trainer(batchOf(train), {
    epochs,
    batchSize: FIT.batchSize,
    optimizer: { kind: 'adam', rate: FIT.rate },
    schedule: { kind: 'cosine', lowest: FIT.lowestRate },
    clipNorm: FIT.clipNorm,
    constantFeatures: 'allow',
    ...(val.length === 0 ? {} : stopping),
  });
  return { net, trainer, epochs };
}

/** The same to its end. @throws PilotfishError as `lstmTrainer`. */
export function fitLstm(windows: readonly Window[], options: LstmFit): Lstm {
  const { net, trainer } = lstmTrainer(windows, options);
  while (!trainer.isDone) trainer.epoch();
  trainer.finish();
  return net;
}

function batchOf(windows: readonly Window[]): NetBatch {
  const columns = PREFETCH_FEATURES.length;
  const x = new Float32Array(windows.length * columns);
  const targets = new Float32Array(windows.length * OUTPUTS);
  windows.forEach(({ steps, fates }, row) => {
    x.set(steps, row * columns);
    fates.forEach((fate, slot) => {
      if ((fate & Fate.offered) !== 0) {
        targets[row * OUTPUTS + slot] =
          ((fate & Fate.used) === 0 ? 0 : 1) - (steps[LAST_STEP + slot] as number);
      }
      targets[row * OUTPUTS + AHEAD_SLOTS + slot] = (fate & Fate.next) === 0 ? 0 : 1;
    });
  });
  return {
    x: { rows: windows.length, columns, data: x },
    targets: { rows: windows.length, columns: OUTPUTS, data: targets },
  };
}

/** Scores the candidates of a window, a number for each slot. */
export type Scorer = (steps: Float32Array) => ArrayLike<number>;

/** The rule's scores: what the latest step says of its candidates. */
export const ruleScorer: Scorer = (steps) => steps.subarray(LAST_STEP);

type Candidate = { readonly score: number; readonly wasUsed: boolean };

/** What a question was about, with what these scores say of it. */
function candidatesOf(windows: readonly Window[], scorer: Scorer): Candidate[] {
  return windows.flatMap(({ steps, fates }) => {
    const scores = scorer(steps);
    return Array.from(fates, (fate, slot) => ({ fate, score: scores[slot] as number }))
      .filter(({ fate }) => (fate & Fate.offered) !== 0)
      .map(({ fate, score }) => ({ score, wasUsed: (fate & Fate.used) !== 0 }));
  });
}

const usable = (candidates: readonly Candidate[]): number =>
  Math.max(1, candidates.filter(({ wasUsed }) => wasUsed).length);

/**
 * What decisions on the validation part cost, as a share of what reading nothing would; 0 is the oracle.
 * @throws PilotfishError `EMPTY` without such a part.
 */
export function regretOf(windows: readonly Window[], scorer: Scorer): number {
  const candidates = candidatesOf(of(windows, 'val'), scorer);
  if (candidates.length === 0) {
    throw new PilotfishError('EMPTY', 'the table of accesses has no validation rows; measure more traces');
  }
  const cost = candidates.reduce(
    (sum, { score, wasUsed }) => sum + costOf({ wasRead: score >= FLOOR, wasUsed }),
    0,
  );
  return cost / usable(candidates);
}

/**
 * By how much more of what could be used a scorer reads than the rule while it wastes no more, on the validation part of
 * each trace, under the names of `advantageOn`.
 */
export function advantages(windows: readonly Window[], scorer: Scorer): Record<string, number> {
  const bySet = Map.groupBy(of(windows, 'val'), ({ set }) => set);
  return Object.fromEntries([...bySet].map(([set, each]) => [advantageOn(set), advantage(each, scorer)]));
}

function advantage(windows: readonly Window[], scorer: Scorer): number {
  const rule = candidatesOf(windows, ruleScorer);
  const waste = rule.filter(({ score, wasUsed }) => score >= FLOOR && !wasUsed).length;
  return usedAtWaste(candidatesOf(windows, scorer), waste) - usedAtWaste(rule, waste);
}

/** Share of what could be used that is, when the best by score are read until more than `waste` are wasted. */
function usedAtWaste(candidates: readonly Candidate[], waste: number): number {
  let [used, wasted] = [0, 0];
  for (const { wasUsed } of [...candidates].sort((a, b) => b.score - a.score)) {
    if (wasUsed) used += 1;
    else wasted += 1;
    if (wasted > waste) break;
  }
  return used / usable(candidates);
}
