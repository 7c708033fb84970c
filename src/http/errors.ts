import { type ErrorCode, hasCode, PilotfishError } from '../base/index.ts';

/** A caller who is not known, may not do this, or comes at a bad time. */
export class TurnedAway extends PilotfishError {
  readonly statusCode: 401 | 403 | 429 | 503;

  constructor(statusCode: TurnedAway['statusCode'], message: string) {
    super(statusCode === 401 || statusCode === 403 ? 'REFUSED' : 'LIMIT', message);
    this.statusCode = statusCode;
  }
}

/** What a client is told of an error. */
export type ErrorAnswer = { readonly status: number; readonly code: ErrorCode; readonly message: string };

const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  ...{ USAGE: 400, NOT_FINITE: 400, SHAPE: 400, ESCAPE: 400, EMPTY: 400, AMBIGUOUS: 400 },
  ...{ MISSING: 404, EXISTS: 409, REFUSED: 409, CHANGED: 409 },
  ...{ LIMIT: 429, UNSUPPORTED: 501, LOCKED: 503, INTERRUPTED: 503, NO_SPACE: 507 },
};

/** Sizes beyond what is taken; every other `LIMIT` is one of the moment. */
const TOO_LARGE = /bytes/;
const HTTP_CODES: Readonly<Record<number, ErrorCode>> = {
  ...{ 404: 'MISSING', 413: 'LIMIT', 415: 'UNSUPPORTED', 429: 'LIMIT', 503: 'INTERRUPTED' },
};

/** The answer to an error. What is not one of ours tells nothing of the inside: its stack is in the log. */
export function answerOf(error: unknown, requestId: string): ErrorAnswer {
  if (hasCode(error)) {
    const { code, message } = error;
    if (error instanceof TurnedAway) return { status: error.statusCode, code, message };
    const isSize = code === 'LIMIT' && TOO_LARGE.test(message);
    return { status: isSize ? 413 : (STATUS[code] ?? 500), code, message };
  }
  // A body of a hundred thousand brackets: whoever looks into it comes to the end of the stack.
  if (error instanceof RangeError && error.message === 'Maximum call stack size exceeded')
    return { status: 400, code: 'USAGE', message: 'the body is nested too deeply: send it flatter' };
  const status = statusOf(error);
  if (status !== undefined && status < 500) {
    const message = error instanceof Error ? error.message : String(error);
    return { status, code: HTTP_CODES[status] ?? 'USAGE', message };
  }
  return {
    status: status ?? 500,
    code: 'INTERNAL',
    message: `an internal error: look for request ${requestId} in the log of the server`,
  };
}

/** The status that the framework gave its own error. */
function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : undefined;
}

/** @throws PilotfishError `USAGE`. */
export const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);
