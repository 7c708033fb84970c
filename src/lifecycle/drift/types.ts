/** What a stream is of: an input of models, an answer, or whether answers were wrong. */
export const DRIFT_TYPES = ['feature', 'prediction', 'concept'] as const;
export type DriftType = (typeof DRIFT_TYPES)[number];

/** From what may wait to what may not. */
export const DRIFT_SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type DriftSeverity = (typeof DRIFT_SEVERITIES)[number];

/** A sample in numbers; document 003's `drift:stats`. */
export type DriftStats = {
  readonly featureName: string;
  readonly count: number;
  readonly mean: number;
  /** Of the sample (n - 1); 0 for one value. */
  readonly variance: number;
  readonly min: number;
  readonly max: number;
  /** Values in each of ten equally wide bins of the baseline's range; what lies outside counts in the first or last. */
  readonly histogram: readonly number[];
  /** Eleven edges of those bins. */
  readonly bins: readonly number[];
  readonly updatedAt: Date;
};

/** What was found to have changed; document 003's `DriftAlert`. */
export type DriftAlert = {
  readonly id: string;
  readonly type: DriftType;
  readonly featureName: string;
  readonly severity: DriftSeverity;
  /** The Kolmogorov-Smirnov distance of window and baseline; of zeros and ones the difference of their rates. 0 to 1. */
  readonly score: number;
  /** The distance that is certain at 95 %: severity goes by it. */
  readonly scoreAtLeast: number;
  /** How likely so large a distance is without drift. */
  readonly pValue: number;
  readonly method: 'ks' | 'fisher';
  /** Population stability index over ten quantile bins of the baseline; told, not judged by. */
  readonly psi: number;
  /** What that index exceeds in one of twenty windows without drift, for samples of these sizes. */
  readonly psiLimit: number;
  readonly baselineStats: DriftStats;
  readonly currentStats: DriftStats;
  readonly detectedAt: Date;
  readonly message: string;
  readonly recommendation: string;
  /** The models that read the feature, as its baseline names them. */
  readonly models: readonly string[];
  /** What followed from it, by model; empty where nothing did. */
  readonly actions: readonly DriftAction[];
};

/** What the policy asks for. */
export type DriftResponse = 'rollback' | 'retrain' | 'notify';

/** What was done about an alert. */
export type DriftAction = {
  readonly model: string;
  readonly response: DriftResponse;
  readonly state: 'done' | 'failed';
  readonly detail: string;
};
