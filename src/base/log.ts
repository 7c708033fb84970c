/** One line of what happened, for an operator. `error` = a person must act now; `warn` = something was lost or skipped. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Where log lines go. Fields must never hold keys, passwords or content. */
export interface Log {
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, string | number>>): void;
}

/** Drops every line. */
export const silentLog: Log = { write: () => undefined };
