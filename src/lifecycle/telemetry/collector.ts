import { NodeFileSystem, PilotfishError, secureBytes, silentLog, systemClock } from '../../base/index.ts';
import { numberWithin, wholeNumber } from '../../learn/index.ts';
import { checkEvent } from './check.ts';
import { type EventRow, type Losses, TelemetryDatabase } from './database.ts';
import { EVENT_TYPES, type EventType, type StoredEvent, type TelemetryEvent } from './events.ts';
import { KeyRing } from './keys.ts';
import {
  MOST_ROWS,
  type ResolvedTelemetryOptions,
  resolveOptions,
  type TelemetryOptions,
  type TelemetryPorts,
} from './options.ts';

/** What became of events: `recorded` = `stored` + `dropped` + those waiting. */
export type TelemetryCounters = {
  readonly recorded: number;
  readonly stored: number;
  /** Lost because the buffer was full or no key could be made. */
  readonly dropped: number;
  /** Not recorded because they are outside the schema. */
  readonly refused: number;
  readonly failedFlushes: number;
  readonly expired: number;
};

const DEFAULT_LIMIT = 10_000;
/** While nothing happens the disk is left alone, but for looking this often whether something has expired. */
const IDLE_MS = 600_000;

/**
 * Records events in SQLite, content-free by construction: closed schemas, identifiers as keyed hashes. `record` never
 * waits for the disk: events wait in a bounded buffer and are written in batches, in the background. A batch that was
 * written survives a kill; those that wait do not.
 *
 * @example
 * const collector = new TelemetryCollector({ dbPath: './telemetry.db' });
 * collector.record({ eventType: 'BLOCK_STORED', blockHash: 'abc123', blockSize: 10_000, compressionAlgorithm: 'zstd' });
 * const events = collector.getEvents({ eventType: 'BLOCK_STORED' });
 * collector.close();
 */
export class TelemetryCollector {
  readonly #options: ResolvedTelemetryOptions;
  readonly #ports: TelemetryPorts;
  readonly #database: TelemetryDatabase;
  readonly #keys: KeyRing;
  readonly #stop: () => void;
  readonly #counters = { recorded: 0, stored: 0, dropped: 0, refused: 0, failedFlushes: 0, expired: 0 };
  /** What of the losses is in the database. */
  #noted: Omit<Losses, 'expired'> = { dropped: 0, refused: 0 };
  #waiting: EventRow[] = [];
  #lastMs = 0;
  #flushedMs = 0;
  #flushIsDue = false;
  #flushFailed = false;
  /** After a failure keys are left alone until the next flush: a caller pays for it once, not at each event. */
  #keysFailed = false;
  #isOpen = true;

  /**
   * Opens or makes the database and its keys.
   * @throws PilotfishError `USAGE` for an option out of range, `DAMAGED` and `NEWER_VERSION` for a file that is none of
   * ours, `REFUSED` for keys that others may read, `LOCKED`, `NO_SPACE`, `MISSING`, `IO`.
   */
  constructor({ ports, ...options }: TelemetryOptions = {}) {
    this.#options = resolveOptions(options);
    this.#ports = {
      ...{ clock: systemClock, random: secureBytes, log: silentLog },
      ...ports,
      fs: ports?.fs ?? new NodeFileSystem(),
    };
    const { fs, clock, random } = this.#ports;
    const { dbPath, keyPeriodMs, maxAgeMs, flushMs } = this.#options;
    const ring = { path: `${dbPath}.keys`, periodMs: keyPeriodMs, keepMs: maxAgeMs };
    this.#keys = new KeyRing({ fs, random, ...ring });
    this.#database = new TelemetryDatabase(fs, dbPath);
    try {
      this.#refreshKeys(clock.nowMs());
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#stop = clock.every(flushMs, () => this.#flushQuietly());
  }

  get counters(): TelemetryCounters {
    return { ...this.#counters };
  }

  /**
   * Takes an event; false when it was dropped because the buffer is full. Identifiers are hashed before anything is
   * kept. Time is the collector's; it goes back only when the clock was ahead by more than events are kept.
   * @throws PilotfishError `REFUSED`, `USAGE` or `NOT_FINITE` for what is not in the schema of its type: nothing of it
   * is kept. `USAGE` after `close`.
   */
  record(event: TelemetryEvent): boolean {
    this.#checkOpen();
    const hasKey = this.#renewKey();
    const row = this.#check(event);
    this.#counters.recorded += 1;
    if (!hasKey || this.#waiting.length >= this.#options.bufferRows) {
      this.#counters.dropped += 1;
      return false;
    }
    this.#waiting.push(row);
    // A database that cannot be written is left to the clock: trying takes the caller's time.
    if (this.#waiting.length >= this.#options.batchRows && !this.#flushFailed) this.#flushSoon();
    return true;
  }

  /**
   * Events as they are stored, oldest first: the newest `limit` of those of `eventType` (all unless given) since
   * `since`, a time in milliseconds. With `blockHash`, those of one block, over all kept keys; they carry the name that
   * was asked for, which the caller knows already. Events that wait are written first.
   * @throws PilotfishError `USAGE` for an unknown type or a limit out of range, and as `flush`.
   */
  getEvents<Type extends EventType = EventType>(
    query: {
      readonly eventType?: Type;
      readonly limit?: number;
      readonly since?: number;
      readonly blockHash?: string;
    } = {},
  ): readonly StoredEvent<Type>[] {
    const { eventType, limit = DEFAULT_LIMIT, since = 0, blockHash } = query;
    wholeNumber('limit', limit, [1, MOST_ROWS]);
    numberWithin('since', since, [0, Number.MAX_SAFE_INTEGER]);
    if (eventType !== undefined && !EVENT_TYPES.includes(eventType)) {
      throw new PilotfishError('USAGE', `eventType is none of ${EVENT_TYPES.join(', ')}`);
    }
    this.flush();
    const blockHashes =
      blockHash === undefined
        ? undefined
        : this.#keys.keys.map((key) => this.#keys.hash('block', blockHash, key));
    const found = this.#database.select({ type: eventType, sinceMs: since, blockHashes, limit });
    const named = blockHash === undefined ? found : found.map((event) => ({ ...event, blockHash }));
    return named as readonly unknown[] as readonly StoredEvent<Type>[];
  }

  /**
   * Writes what waits, all or nothing, and deletes what has expired; returns the number of events written. What could
   * not be written goes on waiting.
   * @throws PilotfishError `LOCKED`, `NO_SPACE`, `DAMAGED` or `IO`; `USAGE` after `close`.
   */
  flush(): number {
    this.#checkOpen();
    const rows = this.#waiting;
    const { maxAgeMs, maxRows } = this.#options;
    const nowMs = this.#ports.clock.nowMs();
    const { dropped, refused } = this.#counters;
    const expired = this.#database.exclusively(() => {
      for (const row of rows) this.#database.insert(row);
      // What a clock that was wrong dated far ahead would else be kept until then.
      const gone = this.#database.expire([nowMs - maxAgeMs, nowMs + maxAgeMs], maxRows);
      const fresh = { dropped: dropped - this.#noted.dropped, refused: refused - this.#noted.refused };
      this.#database.noteLosses({ ...fresh, expired: gone });
      return gone;
    });
    this.#noted = { dropped, refused };
    this.#waiting = [];
    this.#flushFailed = false;
    this.#flushedMs = nowMs;
    this.#keysFailed = false;
    this.#counters.stored += rows.length;
    this.#counters.expired += expired;
    return rows.length;
  }

  /** Writes what waits and closes the database. A second call does nothing. @throws PilotfishError as `flush`. */
  close(): void {
    if (!this.#isOpen) return;
    this.#stop();
    try {
      this.flush();
    } finally {
      this.#isOpen = false;
      this.#database.close();
    }
  }

  #check(event: unknown): EventRow {
    try {
      const checked = checkEvent(event, (domain, identifier) => this.#keys.hash(domain, identifier));
      return { ...checked, timeMs: this.#lastMs, keyId: this.#keys.keys.at(-1)?.id ?? 0 };
    } catch (error) {
      this.#counters.refused += 1;
      throw error;
    }
  }

  /** False when a new key is due and cannot be made: an old key is not used beyond its time. */
  #renewKey(): boolean {
    const nowMs = this.#ports.clock.nowMs();
    // A small step back is smoothed; a clock that was set right again is believed.
    const wasFarAhead = this.#lastMs - nowMs > this.#options.maxAgeMs;
    this.#lastMs = wasFarAhead ? nowMs : Math.max(this.#lastMs, nowMs);
    if (!this.#keys.isDue(this.#lastMs)) return true;
    if (this.#keysFailed) return false;
    try {
      this.#refreshKeys(this.#lastMs);
      return true;
    } catch (error) {
      this.#keysFailed = true;
      this.#report('no new telemetry key: events are dropped', error);
      return false;
    }
  }

  /** Other processes may use the same files: the database's lock is the lock of the keys. */
  #refreshKeys(nowMs: number): void {
    this.#database.exclusively(() => {
      this.#keys.refresh(nowMs, this.#database.lastKeyId());
      this.#database.noteKeys(this.#keys.keys, this.#options.keyPeriodMs);
    });
  }

  #flushSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    void this.#ports.clock.turn().then(() => {
      this.#flushIsDue = false;
      this.#flushQuietly();
    });
  }

  #flushQuietly(): void {
    const isIdle = this.#waiting.length === 0 && this.#ports.clock.nowMs() - this.#flushedMs < IDLE_MS;
    if (!this.#isOpen || isIdle) return;
    try {
      this.flush();
      // Keys whose time is over go also while nothing is recorded.
      this.#renewKey();
    } catch (error) {
      this.#flushFailed = true;
      this.#counters.failedFlushes += 1;
      this.#report('telemetry was not written and waits', error);
    }
  }

  #report(message: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#ports.log.write('warn', message, { reason });
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new PilotfishError('USAGE', 'the collector is closed: make another one');
  }
}
