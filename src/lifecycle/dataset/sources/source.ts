import type { FileSystem } from '../../../base/index.ts';
import type { FeatureValues, SampleOptions } from '../builder.ts';

/** A sample on its way into a data set. */
export type SourcedSample = {
  readonly features: FeatureValues;
  readonly label: string | number;
  readonly options: SampleOptions;
};

/** Where samples come from: a directory, a database, a Parquet file, an address. */
export interface DataSource {
  /** What was opened, without keys. */
  readonly url: string;
  /**
   * The samples, in the order of the source; each call reads it anew.
   * @throws PilotfishError `DAMAGED`, naming the place, for what is no sample; `MISSING`, `LIMIT`, `IO`, `UNSUPPORTED`.
   */
  samples(options?: { readonly signal?: AbortSignal }): AsyncIterable<SourcedSample>;
}

export type DataSourceOptions = {
  readonly fs?: FileSystem;
  /** An API key, for addresses. */
  readonly key?: string;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
  /** Which column of a database or a Parquet file is the label, unless it is called `_label`. */
  readonly label?: string;
};
