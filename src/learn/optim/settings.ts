import { PilotfishError } from '../../base/index.ts';
import { wholeNumber } from '../contract/index.ts';
import { GridSampler } from './grid.ts';
import { type HalvingOptions, HalvingPruner } from './pruners/halving.ts';
import { type HyperbandOptions, HyperbandPruner } from './pruners/hyperband.ts';
import { type MedianOptions, MedianPruner } from './pruners/median.ts';
import { neverPrune, type Pruner } from './pruners/pruner.ts';
import { RandomSampler, type Sampler } from './sampler.ts';
import { type Axis, axesOf, type SearchSpace } from './space.ts';
import { TpeSampler } from './tpe.ts';

/** Which trials stop early. */
export type PrunerSettings =
  | { readonly type: 'none' }
  | ({ readonly type: 'median' } & MedianOptions)
  | ({ readonly type: 'halving' } & HalvingOptions)
  | ({ readonly type: 'hyperband' } & HyperbandOptions);

/** What a study searches, and how; plain JSON. Every field but the space has a default. */
export type StudySettings = {
  readonly space: SearchSpace;
  /** `minimize`. */
  readonly direction?: 'minimize' | 'maximize';
  /** `tpe`. */
  readonly sampler?: 'tpe' | 'random' | 'grid';
  /** None. */
  readonly pruner?: PrunerSettings;
  /** 0. */
  readonly seed?: number;
  /** Trials that `tpe` draws evenly before it learns; 10. */
  readonly startupTrials?: number;
  /** Values a numeric parameter takes in a `grid`, both ends included; 5. */
  readonly gridPoints?: number;
};

/** The parts of a study, made from its settings. */
export type StudyParts = {
  readonly axes: readonly Axis[];
  readonly sampler: Sampler;
  readonly pruner: Pruner;
  /** 1 to minimise, -1 to maximise: samplers and pruners minimise. */
  readonly sign: 1 | -1;
};

function samplerOf(settings: StudySettings, axes: readonly Axis[], seed: number): Sampler {
  const { sampler = 'tpe', startupTrials = 10, gridPoints = 5 } = settings;
  wholeNumber('startupTrials', startupTrials, [1, 1e6]);
  wholeNumber('gridPoints', gridPoints, [2, 1e6]);
  if (sampler === 'tpe') return new TpeSampler(axes, startupTrials, seed);
  if (sampler === 'random') return new RandomSampler(axes, seed);
  if (sampler === 'grid') return new GridSampler(axes, gridPoints, seed);
  throw new PilotfishError('USAGE', `sampler is ${sampler}; give 'tpe', 'random' or 'grid'`);
}

function prunerOf(settings: PrunerSettings, seed: number): Pruner {
  switch (settings.type) {
    case 'none':
      return neverPrune;
    case 'median':
      return new MedianPruner(settings);
    case 'halving':
      return new HalvingPruner(settings);
    case 'hyperband':
      return new HyperbandPruner(settings, seed);
    default:
      throw new PilotfishError('USAGE', "the pruner's type is none, median, halving or hyperband");
  }
}

/** @throws PilotfishError `USAGE` for settings that make no sense, `LIMIT` for too large a grid. */
export function studyParts(settings: StudySettings): StudyParts {
  const { direction = 'minimize', seed = 0, pruner = { type: 'none' } } = settings;
  if (direction !== 'minimize' && direction !== 'maximize') {
    throw new PilotfishError('USAGE', `direction is ${direction}; give 'minimize' or 'maximize'`);
  }
  wholeNumber('seed', seed, [0, Number.MAX_SAFE_INTEGER]);
  const axes = axesOf(settings.space);
  const parts = { axes, sampler: samplerOf(settings, axes, seed), pruner: prunerOf(pruner, seed) };
  return { ...parts, sign: direction === 'minimize' ? 1 : -1 };
}
