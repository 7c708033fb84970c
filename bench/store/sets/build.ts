// What the builders of sets have in common.

/** What a builder is given. */
export interface SetBuild {
  /** Where the set is to lie. */
  readonly target: string;
  readonly downloads: string;
  readonly say: (line: string) => void;
}

/** A set that cannot be built on this machine; the message says why. */
export class CannotBuild extends Error {}
