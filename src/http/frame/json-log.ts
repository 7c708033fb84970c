import type { Clock, Log, LogLevel } from '../../base/index.ts';
import { isoTime } from '../../base/index.ts';

type Fields = Readonly<Record<string, string | number>>;

/** Beyond this, lines of a slow reader are dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** One JSON object a line; the lines of one turn of the event loop go out together. */
export class JsonLog implements Log {
  readonly #write: (text: string) => void;
  readonly #clock: Clock;
  /** Whether debug lines are written as well. */
  isDebug: boolean;
  #waiting = '';
  #dropped = 0;

  constructor(write: (text: string) => void, clock: Clock, isDebug = false) {
    this.#write = write;
    this.#clock = clock;
    this.isDebug = isDebug;
  }

  write(level: LogLevel, message: string, fields: Fields = {}): void {
    if (level === 'debug' && !this.isDebug) return;
    if (this.#waiting.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#waiting === '') void this.#clock.turn().then(() => this.flush());
    this.#waiting += `${JSON.stringify({ time: isoTime(this.#clock.nowMs()), level, message, ...fields })}\n`;
  }

  /** Writes what waits. */
  flush(): void {
    const lines = this.#waiting;
    this.#waiting = '';
    if (lines !== '') this.#write(lines);
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.write('warn', 'log lines were dropped: too many at once', { dropped });
  }
}
