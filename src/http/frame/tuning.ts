/** What may change while a server runs. */
export type Tuning = {
  /** Requests a second of one client, by key or address; undefined: no limit. */
  readonly requestsPerSecond?: number | undefined;
  /** A line for every request, not only for those that fail. */
  readonly logsRequests?: boolean;
};

/** Holds what holds now. */
export type Tuned = { readonly current: Tuning };
