import { PilotfishError } from '../../../base/index.ts';

/** What a search is asked for. */
export type SearchQuery = {
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly maxResults?: number;
  readonly pageToken?: string | undefined;
};

/** A part of what was found. */
export type Page<T> = { readonly items: T[]; readonly nextPageToken: string | undefined };

/** Where a page begins. The token is base64 of `{"offset": n}`. @throws PilotfishError `USAGE`. */
export function offsetOf(token: string | undefined): number {
  if (token === undefined || token === '') return 0;
  try {
    const { offset } = JSON.parse(Buffer.from(token, 'base64').toString()) as { offset?: unknown };
    if (typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0) return offset;
  } catch {
    // Not one of ours; said below.
  }
  throw new PilotfishError(
    'USAGE',
    'Invalid page token, could not base64-decode: ask for the first page again',
  );
}

/** The token of a page that begins at `offset`. */
export const tokenOf = (offset: number): string => Buffer.from(`{"offset": ${offset}}`).toString('base64');

/** @throws PilotfishError `USAGE`. */
export function checkMaxResults(maxResults: number, most: number): number {
  if (Number.isInteger(maxResults) && maxResults >= 0 && maxResults <= most) return maxResults;
  throw new PilotfishError(
    'USAGE',
    `Invalid value ${maxResults} for parameter 'max_results' supplied: It must be a whole number from 0 to ${most}`,
  );
}

/** Cuts what was found with one more than asked for. */
export function pageOf<T>(found: readonly T[], offset: number, maxResults: number): Page<T> {
  const nextPageToken = found.length > maxResults ? tokenOf(offset + maxResults) : undefined;
  return { items: found.slice(0, maxResults), nextPageToken };
}
