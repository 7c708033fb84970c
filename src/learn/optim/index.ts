/** Search for good parameters: samplers, pruners, a journal that resumes, parameter importance. */
export { type Importance, parameterImportance } from './importance.ts';
export { type CompleteTrial, completeTrials, type JournalRecord, type TrialState } from './journal.ts';
export type { HalvingOptions } from './pruners/halving.ts';
export type { HyperbandOptions } from './pruners/hyperband.ts';
export type { MedianOptions } from './pruners/median.ts';
export type { PrunerSettings, StudySettings } from './settings.ts';
export type { Dimension, ParameterValue, ParameterValues, SearchSpace } from './space.ts';
export { type BestTrial, type JournalWriter, Study, type Trial } from './study.ts';
