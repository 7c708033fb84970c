import type { FlagValue } from '../definition/types.ts';

// OpenFeature's own words (openfeature.dev/specification), so that nobody needs its package to have this one.

/** What a flag is asked about; `targetingKey` is the unit. */
export type FlagContext = { readonly targetingKey?: string; readonly [attribute: string]: unknown };

export type FlagMetadata = { [key: string]: string | number | boolean };

/** What a provider answers. */
export type Resolution<Value> = {
  value: Value;
  variant?: string;
  reason?: string;
  flagMetadata?: FlagMetadata;
};

/** A flag that is no experiment. */
export type StaticFlag = {
  readonly variants: Readonly<Record<string, FlagValue>>;
  readonly defaultVariant: string;
  /** The variant for a context; undefined: the default one. */
  readonly target?: (context: FlagContext) => string | undefined;
  readonly metadata?: Readonly<FlagMetadata>;
  /** The caller's own default serves. */
  readonly isDisabled?: boolean;
};
