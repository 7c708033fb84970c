/** What the rows of a source are. */
export type IngestDefinition = {
  /** Names of the features of every row. */
  readonly features: readonly string[];
  /** Names of the classes; null where labels are numbers. */
  readonly classes: readonly string[] | null;
  /** How many costs a label comes with, one an alternative, in the order of the classes where there are some. */
  readonly costs: number;
  /** The model whose decisions the outcomes judge. */
  readonly model: string | null;
  /** Beyond so many rows the oldest are forgotten. */
  readonly keepRows: number;
};

export type IngestSource = IngestDefinition & {
  readonly name: string;
  /** Rows that are kept. */
  readonly rows: number;
  readonly createdMs: number;
  readonly updatedMs: number;
};

type Values = Readonly<Record<string, number | null>>;

/** What was decided, and by what, where the right answer is known. */
export type Judged = {
  readonly label: string | number;
  readonly weight?: number | undefined;
  readonly cost?: readonly number[] | undefined;
  /** What the model decided. */
  readonly decision?: string | undefined;
  /** What the simple rule would have decided. */
  readonly rule?: string | undefined;
  /** The version of the model. */
  readonly version?: string | undefined;
};

type Known = {
  readonly features: Values;
  readonly group?: string | undefined;
  readonly time?: number | undefined;
};

/**
 * A row: a sample is all at once; features may come first and their outcome, under the same id, when it is known. The id
 * is the sender's: what is sent twice under one id counts once.
 */
export type IngestRow = { readonly id: string } & (
  | ({ readonly kind: 'sample' } & Known & Judged)
  | ({ readonly kind: 'features' } & Known)
  | ({ readonly kind: 'outcome' } & Judged)
);

/** What became of some rows. */
export type IngestReport = {
  readonly accepted: number;
  /** Sent before, and now again. */
  readonly repeated: number;
  /** Those whose id belongs to another row, by their place among those that were given. */
  readonly conflicts: readonly number[];
};
