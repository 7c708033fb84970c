import type { FastifyRequest } from 'fastify';
import type { ErrorCode, Log } from '../../base/index.ts';
import { explain } from '../frame/frame.ts';

/** MLflow's words for our codes, with the status that goes with them. */
const WORDS: Partial<Readonly<Record<ErrorCode, readonly [word: string, status: number]>>> = {
  USAGE: ['INVALID_PARAMETER_VALUE', 400],
  NOT_FINITE: ['INVALID_PARAMETER_VALUE', 400],
  EXISTS: ['RESOURCE_ALREADY_EXISTS', 400],
  MISSING: ['RESOURCE_DOES_NOT_EXIST', 404],
  // Not INVALID_STATE: that is a 500, and clients would try again.
  REFUSED: ['RESOURCE_CONFLICT', 409],
  LIMIT: ['REQUEST_LIMIT_EXCEEDED', 429],
  DAMAGED: ['DATA_LOSS', 500],
  TAMPERED: ['DATA_LOSS', 500],
  UNSUPPORTED: ['NOT_IMPLEMENTED', 501],
  LOCKED: ['TEMPORARILY_UNAVAILABLE', 503],
};
const BY_STATUS: Readonly<Record<number, string>> = {
  ...{ 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 413: 'INVALID_PARAMETER_VALUE' },
  ...{ 429: 'REQUEST_LIMIT_EXCEEDED', 503: 'TEMPORARILY_UNAVAILABLE' },
};

/** The status and body that MLflow's clients are told an error with. */
export function mlflowErrorOf(
  log: Log,
  error: unknown,
  request: FastifyRequest,
): { readonly status: number; readonly body: object } {
  const { code, message, status: plain } = explain({ log }, error, request);
  const byStatus = BY_STATUS[plain];
  const [word, status] =
    byStatus === undefined ? (WORDS[code] ?? ['INTERNAL_ERROR', 500]) : [byStatus, plain];
  return { status, body: { error_code: word, message } };
}
