/** What an engine has counted, and when it last did what; times are those of its log. */
export type Counts = {
  events: number;
  updates: number;
  swaps: number;
  rejected: number;
  rollbacks: number;
  falls: number;
  sinceFall: number;
  lastMs: number;
  lastUpdateMs: number;
  failures: number;
  retryMs: number;
  error: string;
};

/** Before the first event. */
export const noCounts = (): Counts => ({
  ...{ events: 0, updates: 0, swaps: 0, rejected: 0, rollbacks: 0, falls: 0, sinceFall: 0 },
  ...{ lastMs: 0, lastUpdateMs: 0, failures: 0, retryMs: 0, error: '' },
});
