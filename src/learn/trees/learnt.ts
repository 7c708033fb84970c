import { FastRng, PilotfishError } from '../../base/index.ts';
import { type Json, type Snapshot, type Tensor, takeTensor } from '../contract/index.ts';
import type { Tree, TreeModel } from './model.ts';
import type { ResolvedOptions } from './options.ts';
import { modelFromSnapshot, modelToConfig, treesToTensors } from './tensors.ts';

/** How one round of boosting went. Losses: root mean squared error, or mean log-loss; weighted. */
export type BoostingRound = {
  /** Rounds learnt so far, this one included. */
  readonly round: number;
  readonly trainingLoss: number;
  /** Of the validation set; null without one. */
  readonly validationLoss: number | null;
};

/** Everything boosting has learnt and needs to go on. */
export type Learnt = {
  readonly features: number;
  readonly baseScore: number;
  readonly trees: Tree[];
  readonly rng: FastRng;
  last: BoostingRound | undefined;
  /** The round with the least validation loss, where early stopping watches. */
  best: BoostingRound | undefined;
  /** Training has come to its end; only `fit` starts it again. */
  done: boolean;
};

/** The trees as a model; shares the trees and nothing else. */
export const modelOf = ({ objective, outputs }: ResolvedOptions, learnt: Learnt): TreeModel => ({
  objective,
  outputs,
  features: learnt.features,
  baseScore: learnt.baseScore,
  trees: [...learnt.trees],
});

/** What was learnt as parts of a snapshot. */
export function saveLearnt(
  options: ResolvedOptions,
  learnt: Learnt,
): { readonly config: { readonly [key: string]: Json }; readonly tensors: Record<string, Tensor> } {
  const model = modelOf(options, learnt);
  const { last = null, best = null, done } = learnt;
  const rng: Tensor = { shape: [4], data: Uint32Array.from(learnt.rng.state) };
  return {
    config: { model: modelToConfig(model), last, best, done },
    tensors: { ...treesToTensors(model.trees), rng },
  };
}

/** The inverse of `saveLearnt`. @throws PilotfishError `DAMAGED` and as `checkTreeModel`. */
export function takeLearnt({ objective, outputs }: ResolvedOptions, snapshot: Snapshot): Learnt {
  const model = modelFromSnapshot(snapshot);
  if (model.objective !== objective || model.outputs !== outputs) {
    throw new PilotfishError('DAMAGED', 'the options of the snapshot are for other trees than it has');
  }
  const { last, best, done } = snapshot.config;
  if (typeof done !== 'boolean') throw new PilotfishError('DAMAGED', 'done must be true or false');
  const state = takeTensor<Uint32Array>(snapshot, 'rng', { type: Uint32Array, shape: [4] });
  const rounds = model.trees.length / outputs;
  return {
    features: model.features,
    baseScore: model.baseScore,
    trees: [...model.trees],
    rng: FastRng.restore(state),
    last: takeRound('last', last, rounds),
    best: takeRound('best', best, rounds),
    done,
  };
}

function takeRound(name: string, value: Json | undefined, rounds: number): BoostingRound | undefined {
  if (value === null || value === undefined) return undefined;
  const { round, trainingLoss, validationLoss } = value as Record<string, Json>;
  const known = typeof round === 'number' && Number.isInteger(round) && round >= 1 && round <= rounds;
  if (!known || typeof trainingLoss !== 'number') {
    throw new PilotfishError('DAMAGED', `"${name}" is none of the ${rounds} rounds of the snapshot`);
  }
  if (typeof validationLoss !== 'number' && validationLoss !== null)
    throw new PilotfishError('DAMAGED', `"${name}" has no number as loss`);
  return { round, trainingLoss, validationLoss };
}
