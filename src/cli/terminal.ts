import type { Log, LogLevel } from '../base/index.ts';
import { safeText } from './text.ts';
import type { Stream } from './world.ts';

const CLEAR_LINE = '\r\x1b[K';
const DEFAULT_COLUMNS = 80;

/** Stderr: lines that stay, and on a terminal one line below them that is written over. */
export class Terminal implements Log {
  readonly isInteractive: boolean;
  readonly #stream: Stream;
  readonly #isDebug: boolean;
  #status = '';

  constructor(stream: Stream, isDebug: boolean) {
    this.#stream = stream;
    this.#isDebug = isDebug;
    this.isInteractive = stream.isTTY === true;
    // Whoever read stderr is gone: the work goes on without telling.
    stream.on('error', () => undefined);
  }

  /** Prints lines that stay. Text from outside must have gone through `safeText`. */
  line(text: string): void {
    const status = this.#status;
    this.#stream.write(`${status === '' ? '' : CLEAR_LINE}${text}\n${status}`);
  }

  /** Puts `text` on the status line; '' takes it away. Only for terminals. */
  status(text: string): void {
    if (!this.isInteractive || text === this.#status) return;
    const columns = this.#stream.columns || DEFAULT_COLUMNS;
    this.#status = text.slice(0, columns - 1);
    this.#stream.write(CLEAR_LINE + this.#status);
  }

  /** How far long work is: on a terminal the status line, else a line that stays. */
  progress(text: string): void {
    if (this.isInteractive) this.status(text);
    else this.line(text);
  }

  /** The log port: debug lines only when asked for. */
  write(level: LogLevel, message: string, fields: Readonly<Record<string, string | number>> = {}): void {
    if (level === 'debug' && !this.#isDebug) return;
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
    this.line(safeText(`pilotfish: ${level}: ${message}${details.join('')}`));
  }
}
