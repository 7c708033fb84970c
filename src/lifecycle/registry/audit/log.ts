import { type Clock, PilotfishError, sha256Hex } from '../../../base/index.ts';
import type { RegistryState, Row, Sql } from '../state/port.ts';

/** Who changes something, and why. */
export type Change = {
  /** `unknown` when nobody is named. */
  readonly actor?: string | undefined;
  readonly reason?: string | undefined;
};

/** A change to be written down. `before` and `after` are what JSON can hold; null for nothing. */
export type AuditDraft = {
  /** `version.promote`, `alias.set`, … */
  readonly action: string;
  /** `threat-detector`, `threat-detector/3`. */
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
};

export type AuditEntry = AuditDraft & {
  /** 1, 2, 3, … without a gap. */
  readonly seq: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly reason: string;
  /** SHA-256 over the hash before it and everything above. */
  readonly hash: string;
};

/** What holds the head of the log fast, so that its end cannot be cut off. */
export interface HeadSigner {
  sign(message: string): Uint8Array;
  verify(message: string, signature: Uint8Array): boolean;
}

export type AuditReport = {
  readonly entries: number;
  /** Hash of the last entry. */
  readonly head: string;
};

export type AuditQuery = {
  /** Entries after this one. 0. */
  readonly after?: number;
  readonly subject?: string;
  readonly limit?: number;
};

const GENESIS = '0'.repeat(64);
const PAGE = 1000;
const MAX_ACTOR = 256;
const MAX_REASON = 2000;
const DEFAULT_ACTOR = 'unknown';

/**
 * The log of every change: entries are added and nothing else, each carries the hash of the one before, and the last hash
 * is signed. It is written in the transaction of the change it tells of.
 */
export class AuditLog {
  readonly #state: RegistryState;
  readonly #signer: HeadSigner;
  readonly #clock: Clock;

  constructor(state: RegistryState, signer: HeadSigner, clock: Clock) {
    this.#state = state;
    this.#signer = signer;
    this.#clock = clock;
  }

  /** Adds an entry within the transaction of the change. @throws PilotfishError `USAGE`. */
  async append(sql: Sql, draft: AuditDraft, { actor = DEFAULT_ACTOR, reason = '' }: Change): Promise<void> {
    if (actor === '' || actor.length > MAX_ACTOR || reason.length > MAX_REASON) {
      throw new PilotfishError(
        'USAGE',
        `an actor has 1 to ${MAX_ACTOR} characters, a reason at most ${MAX_REASON}`,
      );
    }
    const head = await sql.get('SELECT seq, hash FROM audit_head WHERE id = 1');
    const [last, previous] = [Number(head?.['seq'] ?? 0), String(head?.['hash'] ?? GENESIS)];
    const { action, subject } = draft;
    const row = {
      ...{ seq: last + 1, timeMs: this.#clock.nowMs(), actor, action, subject, reason },
      ...{ before: JSON.stringify(draft.before ?? null), after: JSON.stringify(draft.after ?? null) },
    };
    const hash = hashOf(previous, row);
    await sql.run(
      'INSERT INTO audit (seq, time_ms, actor, action, subject, reason, before, after, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[row.seq, row.timeMs, actor, action, subject, reason, row.before, row.after, hash],
    );
    await sql.run(
      `INSERT INTO audit_head (id, seq, hash, signature) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, signature = excluded.signature`,
      ...[row.seq, hash, this.#signer.sign(headText(row.seq, hash))],
    );
  }

  /** The number of the last entry; 0 before the first. Another number: something was changed. */
  last(): Promise<number> {
    return this.#state.read(async (sql) =>
      Number((await sql.get('SELECT seq FROM audit_head WHERE id = 1'))?.['seq'] ?? 0),
    );
  }

  /** How often versions went from one status to another; reads the whole log. */
  statusChanges(): Promise<{ readonly from: string; readonly to: string; readonly count: number }[]> {
    return this.#state.read(async (sql) => {
      const rows = await sql.all(
        "SELECT before, after, count(*) AS n FROM audit WHERE action = 'version.transition' GROUP BY before, after",
      );
      const status = (json: unknown): string => (JSON.parse(String(json)) as { status: string }).status;
      return rows.map((row) => ({
        ...{ from: status(row['before']), to: status(row['after']) },
        count: Number(row['n']),
      }));
    });
  }

  /** Entries, oldest first. */
  entries({ after = 0, subject, limit = PAGE }: AuditQuery = {}): Promise<AuditEntry[]> {
    return this.#state.read(async (sql) => {
      const rows =
        subject === undefined
          ? await sql.all('SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?', after, limit)
          : await sql.all(
              'SELECT * FROM audit WHERE subject = ? AND seq > ? ORDER BY seq LIMIT ?',
              ...[subject, after, limit],
            );
      return rows.map(entryOf);
    });
  }

  /**
   * Checks the whole log, page by page: others go on meanwhile, and what they add is checked as well.
   * @throws PilotfishError `TAMPERED` naming the first entry that was changed, removed, added or put elsewhere.
   */
  async verify(): Promise<AuditReport> {
    let [entries, head] = [0, GENESIS];
    for (;;) {
      const page = await this.#page(entries);
      for (const row of page.rows) {
        if (Number(row['seq']) !== entries + 1) throw tampered(`entry ${entries + 1} is not there`);
        const hash = String(row['hash']);
        if (hash !== hashOf(head, rowOf(row))) throw tampered(`entry ${entries + 1} is not what was written`);
        entries += 1;
        head = hash;
      }
      if (page.rows.length === PAGE) {
        await this.#clock.turn();
        continue;
      }
      if (page.strays > 0) throw tampered('there are entries before the first');
      this.#verifyHead(page.head, entries, head);
      return { entries, head };
    }
  }

  /** Rows after an entry, and what the head is at that moment. */
  #page(after: number): Promise<{ rows: readonly Row[]; head: Row | undefined; strays: number }> {
    return this.#state.read(async (sql) => ({
      rows: await sql.all('SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?', after, PAGE),
      head: await sql.get('SELECT seq, hash, signature FROM audit_head WHERE id = 1'),
      strays: Number((await sql.get('SELECT count(*) AS n FROM audit WHERE seq < 1'))?.['n']),
    }));
  }

  #verifyHead(head: Row | undefined, entries: number, hash: string): void {
    if (head === undefined && entries === 0) return;
    if (Number(head?.['seq']) !== entries || head?.['hash'] !== hash) {
      throw tampered(`the log ends at entry ${entries}, its head says ${String(head?.['seq'] ?? 'nothing')}`);
    }
    const { signature } = head;
    if (!(signature instanceof Uint8Array) || !this.#signer.verify(headText(entries, hash), signature)) {
      throw tampered('the head is not signed by the key of this registry');
    }
  }
}

/** Everything of an entry but its hash, as it is hashed. */
type AuditRow = {
  readonly seq: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
  readonly before: string;
  readonly after: string;
};

/** JSON of a list: no two entries have the same text. */
function hashOf(previous: string, row: AuditRow): string {
  const { seq, timeMs, actor, action, subject, reason, before, after } = row;
  const text = JSON.stringify([previous, seq, timeMs, actor, action, subject, reason, before, after]);
  return sha256Hex(Buffer.from(text));
}

const headText = (seq: number, hash: string): string => `pilotfish audit 1 ${seq} ${hash}`;

const rowOf = (row: Row): AuditRow => ({
  seq: Number(row['seq']),
  timeMs: Number(row['time_ms']),
  actor: String(row['actor']),
  action: String(row['action']),
  subject: String(row['subject']),
  reason: String(row['reason']),
  before: String(row['before']),
  after: String(row['after']),
});

/** @throws PilotfishError `TAMPERED` for what is no JSON. */
function entryOf(row: Row): AuditEntry {
  const { before, after, ...rest } = rowOf(row);
  try {
    const [was, is] = [JSON.parse(before) as unknown, JSON.parse(after) as unknown];
    return { ...rest, before: was, after: is, hash: String(row['hash']) };
  } catch {
    throw tampered(`entry ${rest.seq} is not what was written`);
  }
}

const tampered = (what: string): PilotfishError =>
  new PilotfishError('TAMPERED', `the audit log was tampered with: ${what}. Compare it with a backup`);
