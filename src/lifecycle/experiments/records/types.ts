/** What happened to a unit in an experiment. */
export type ExperimentRecord = {
  /** What this record is known by: one that comes again is not counted again. Without it every record counts. */
  readonly id?: string | undefined;
  /** The unit it is about. Without it the record stands for a unit of its own, and the split cannot be checked. */
  readonly unit?: string | undefined;
  /** The arm, for a record without a unit; with one it must be the unit's. */
  readonly modelId?: string | undefined;
  /** By metric. */
  readonly values: Readonly<Record<string, number>>;
  /** True: the arm's model did not answer and the control's way served. Counts towards the share of fallbacks. */
  readonly fellBack?: boolean | undefined;
};

/** `counted`; `repeated`: its id was counted before; `outside`: the unit takes no part in the experiment. */
export type RecordOutcome = 'counted' | 'repeated' | 'outside';
