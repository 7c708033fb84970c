import type { ModelStatus, PolicyName } from './life-cycle.ts';

/** How the training went; document 003's `training_data`. */
export type TrainingInfo = {
  readonly jobId?: string;
  readonly datasetVersion?: string;
  readonly sampleCount?: number;
  readonly featureCount?: number;
  readonly trainingTimeMs?: number;
  readonly validationScore?: number;
  readonly startedAt?: string;
  readonly completedAt?: string;
};

/** What a version was made of. */
export type VersionLineage = {
  /** SHA-256 of the data set or training table. */
  readonly datasetHash?: string;
  /** Spent differential-privacy budget of the training data; null when no noise was needed. */
  readonly privacy?: { readonly epsilon: number; readonly delta: number } | null;
  readonly runId?: string;
  readonly seed?: number;
  readonly command?: string;
};

/** What a caller says of a model it registers. */
export type ModelMetadata = {
  readonly name: string;
  /** `v1.2.0`: unique per model, and no whole number. */
  readonly version: string;
  readonly algorithm: string;
  readonly framework: string;
  readonly description?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Where the file came from; its last part is the name it is stored under. */
  readonly filePath?: string;
  /** Refused when what is stored has another SHA-256. */
  readonly fileHash?: string;
  readonly trainingData?: TrainingInfo;
  readonly lineage?: VersionLineage;
};

/** A file of a version. */
export type VersionFile = { readonly name: string; readonly sha256: string; readonly bytes: number };

/** `unverified`: the artefact lies elsewhere; `damaged`: the last look at it found another content. */
export type Health = 'verified' | 'unverified' | 'damaged';

/** A version of a registered model: what `getModel` answers. */
export type ModelVersion = {
  /** 16 hexadecimal digits. */
  readonly modelId: string;
  readonly name: string;
  /** Text of the version; undefined for one that MLflow made. */
  readonly version: string | undefined;
  /** 1, 2, 3, … per model, never used again. */
  readonly number: number;
  readonly status: ModelStatus;
  readonly health: Health;
  readonly algorithm: string;
  readonly framework: string;
  readonly description: string | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
  readonly trainingData: TrainingInfo | undefined;
  readonly lineage: VersionLineage | undefined;
  readonly files: readonly VersionFile[];
  /** SHA-256 of the file; of the list of files when there are several; undefined when the artefact lies elsewhere. */
  readonly fileHash: string | undefined;
  /** Bytes of all files. */
  readonly fileSize: number;
  /** Where it came from, as it was told: a path, a URI, `models:/name/version` for a copy. */
  readonly source: string;
  /** The source of the version it was copied from, over any number of copies; `source` itself otherwise. */
  readonly downloadUri: string;
  /** Empty for none. */
  readonly runId: string;
  readonly runLink: string;
  readonly loggedModelId: string | undefined;
  readonly userId: string | undefined;
  readonly createdBy: string;
  readonly createdMs: number;
  readonly updatedMs: number;
};

/** A name under which versions are registered. */
export type RegisteredModel = {
  readonly name: string;
  readonly policy: PolicyName;
  readonly description: string | undefined;
  readonly deploymentJobId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Alias to number. */
  readonly aliases: Readonly<Record<string, number>>;
  /** The highest of each stage, `None` and `Archived` included; `aliases` filled. */
  readonly latestVersions: readonly ModelVersion[];
  readonly createdMs: number;
  readonly updatedMs: number;
};

/** Which version is meant: by id, or by name and the text, number or alias; the one in production otherwise. */
export type VersionRef =
  | { readonly modelId: string }
  | { readonly name: string; readonly version?: string | number; readonly alias?: string };

/** What speaks for a version, or against it. The latest of a kind counts. */
export type Evidence = {
  /** `evaluation`, `experiment`, … */
  readonly kind: string;
  readonly passed: boolean;
  readonly summary: string;
  /** What JSON can hold. */
  readonly report?: unknown;
};

export type StoredEvidence = Required<Evidence> & { readonly actor: string; readonly createdMs: number };
