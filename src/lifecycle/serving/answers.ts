import type { PilotfishError } from '../../base/index.ts';
import type { ModelSignature, Runner } from './runners/runner.ts';
import type { Loaded } from './served-version.ts';

/** An answer, and the version it is of. */
export type Prediction = {
  readonly model: string;
  readonly version: string;
  /** Probabilities or costs in the order of the classes, or values. */
  readonly values: Float64Array;
  /** The class that wins; null where the model does not name its classes. */
  readonly label: string | null;
};

/** What is known of a model; what goes in and comes out only while the version in question is loaded. */
export type ModelDescription = {
  readonly name: string;
  readonly current: string | null;
  /** Versions that may be asked for, oldest first, and whether they are loaded. */
  readonly versions: readonly { readonly version: string; readonly isReady: boolean }[];
  readonly loaded: (Pick<Runner, 'platform' | 'inputs' | 'outputs'> & ModelSignature) | null;
};

/** Where a version that is swapped in lies, and what it is called. */
export type HotSwap = {
  /** An artefact directory, whatever its ending, XGBoost's `.json`, or an `.onnx` file. */
  readonly newModelPath: string;
  /** That of the artefact's manifest unless given. */
  readonly newVersion?: string;
};

/** What a loaded version says of itself. */
export const meaningOf = ({ runner, signature }: Loaded): ModelDescription['loaded'] => {
  const { platform, inputs, outputs } = runner;
  return { platform, inputs, outputs, ...signature };
};

/** A model whose new version could not be made current; what it served before it serves still. */
export type RefreshFailure = { readonly model: string; readonly error: PilotfishError };
