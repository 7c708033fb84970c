import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import { type Clock, PilotfishError, type Rng } from '../../../base/index.ts';
import { openSecret } from '../artefacts/sealing.ts';
import type { RegistryState, Row } from '../state/port.ts';
import { isPublicAddress } from './addresses.ts';
import { exampleOf } from './examples.ts';
import type { EventKind } from './outbox.ts';

/** One delivery as it goes out. */
export type WebhookRequest = {
  readonly url: string;
  /** The address to connect to, already judged: the name is not to be looked up again. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
};

export type WebhookAnswer = {
  readonly status: number;
  /** Seconds, from `Retry-After`. */
  readonly retryAfterSeconds?: number | undefined;
};

export type DispatcherOptions = {
  readonly state: RegistryState;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Sends; follows no redirect; throws when nothing answers. */
  readonly post: (request: WebhookRequest) => Promise<WebhookAnswer>;
  /** All addresses of a host. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** Also http: and addresses within the house. Off. */
  readonly allowPrivate?: boolean;
  /** Opens secrets that are sealed. */
  readonly encryptionKey?: Uint8Array | undefined;
};

/** Tries of one delivery: the first and three more, as MLflow has it, then on for about a day. */
const MAX_ATTEMPTS = 24;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 3_600_000;
const TIMEOUT_MS = 30_000;
/** A delivery that is under way is not taken by another process for this long. */
const LEASE_MS = 2 * TIMEOUT_MS;
const WORKERS = 10;
const RETRIED = [408, 425, 429];
const ID_BYTES = 16;
const KEEP_MS = 7 * 24 * 3_600_000;

/**
 * Delivers what waits in the outbox, at least once: a delivery counts as done when the receiver said so and that is on disk.
 * Several processes may deliver from one state.
 */
export class WebhookDispatcher {
  readonly #options: DispatcherOptions;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Delivers what is due, at most ten at once. @returns how many were tried */
  async deliverDue(): Promise<number> {
    const due = await this.#take();
    await Promise.all(due.map((row) => this.#deliver(row)));
    return due.length;
  }

  /**
   * Sends an example to a webhook, once and now, also to one that is disabled.
   * @param kind of the event; the first that the webhook is told of when undefined
   * @throws PilotfishError `MISSING`.
   */
  async test(webhookId: string, kind?: EventKind): Promise<WebhookTrial> {
    const { state, clock, rng } = this.#options;
    const row = await state.read((sql) =>
      sql.get('SELECT events, url, secret, sealed_secret FROM webhooks WHERE id = ?', webhookId),
    );
    if (row === undefined) throw new PilotfishError('MISSING', `Webhook with ID ${webhookId} not found.`);
    const [first] = JSON.parse(String(row['events'])) as [EventKind];
    const body = exampleOf(kind ?? first, clock.nowMs());
    const sent = await this.#send({ ...row, id: rng.bytes(ID_BYTES).toString('hex'), body });
    return { isDone: sent.isDone === true, status: sent.status, outcome: sent.outcome };
  }

  /** Takes what is due, so that no other process does for a while, and forgets what is long done. */
  #take(): Promise<readonly Row[]> {
    const nowMs = this.#options.clock.nowMs();
    return this.#options.state.write(async (sql) => {
      await sql.run("DELETE FROM deliveries WHERE status <> 'waiting' AND due_ms < ?", nowMs - KEEP_MS);
      const rows = await sql.all(
        `SELECT d.*, w.url, w.secret, w.sealed_secret FROM deliveries d JOIN webhooks w ON w.id = d.webhook
         WHERE d.status = 'waiting' AND d.due_ms <= ? AND w.status = 'ACTIVE' ORDER BY d.due_ms, d.event LIMIT ?`,
        ...[nowMs, WORKERS],
      );
      const leases = rows.map((row) => [nowMs + LEASE_MS, row['id'] ?? null]);
      await sql.runMany('UPDATE deliveries SET due_ms = ? WHERE id = ?', leases);
      return rows;
    });
  }

  async #deliver(row: Row): Promise<void> {
    const attempts = Number(row['attempts']) + 1;
    const { clock } = this.#options;
    const { outcome, isDone, isFinal, retryAfterSeconds = 0 } = await this.#send(row);
    const isOver = isDone || isFinal || attempts >= MAX_ATTEMPTS;
    const status = isOver ? (isDone ? 'done' : 'failed') : 'waiting';
    const delayMs = Math.min(Math.max(this.#delayMs(attempts), retryAfterSeconds * 1000), MAX_DELAY_MS);
    await this.#options.state.write((sql) =>
      sql.run(
        'UPDATE deliveries SET attempts = ?, due_ms = ?, status = ?, outcome = ? WHERE id = ?',
        ...[attempts, clock.nowMs() + (isOver ? 0 : delayMs), status, outcome, String(row['id'])],
      ),
    );
  }

  /** Doubles from a second on; between half and all of it, so that many do not come back at once. */
  #delayMs(attempts: number): number {
    const whole = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), MAX_DELAY_MS);
    return Math.round(whole * (0.5 + 0.5 * this.#options.rng.next()));
  }

  async #send(row: Row): Promise<SendOutcome> {
    const url = new URL(String(row['url']));
    try {
      const address = await this.#addressOf(url);
      if (address === undefined)
        return { outcome: 'refused: the target is not a public https address', isFinal: true };
      const body = String(row['body']);
      const answer = await this.#options.post({
        url: url.href,
        ...{ address, body, timeoutMs: TIMEOUT_MS, headers: this.#headers(row, body) },
      });
      const { status, retryAfterSeconds } = answer;
      const isDone = status >= 200 && status < 300;
      const isFinal = !isDone && status < 500 && !RETRIED.includes(status);
      return { outcome: `status ${status}`, status, isDone, isFinal, retryAfterSeconds };
    } catch (error) {
      return { outcome: `failed: ${error instanceof Error ? error.message.slice(0, 200) : 'no answer'}` };
    }
  }

  /** The address to connect to; undefined when the target may not be told. All addresses of a name must be public. */
  async #addressOf({ protocol, hostname }: URL): Promise<string | undefined> {
    const { allowPrivate = false, resolve } = this.#options;
    if (protocol !== 'https:' && !allowPrivate) return undefined;
    const host = hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    if (addresses.length === 0) throw new PilotfishError('MISSING', `${host} has no address`);
    return allowPrivate || addresses.every(isPublicAddress) ? addresses[0] : undefined;
  }

  #headers(row: Row, body: string): Record<string, string> {
    const [id, timestamp] = [String(row['id']), String(Math.floor(this.#options.clock.nowMs() / 1000))];
    const headers = {
      'Content-Type': 'application/json',
      'X-MLflow-Delivery-Id': id,
      'X-MLflow-Timestamp': timestamp,
    };
    const secret = this.#secretOf(row);
    if (secret === undefined) return headers;
    return { ...headers, 'X-MLflow-Signature': webhookSignature(secret, `${id}.${timestamp}.${body}`) };
  }

  #secretOf({ secret, sealed_secret: sealed }: Row): string | undefined {
    if (sealed instanceof Uint8Array) return openSecret(sealed, this.#options.encryptionKey);
    return secret === null ? undefined : String(secret);
  }
}

/** How an example went. */
export type WebhookTrial = {
  readonly isDone: boolean;
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;
  readonly outcome: string;
};

type SendOutcome = {
  readonly outcome: string;
  readonly status?: number;
  readonly isDone?: boolean;
  readonly isFinal?: boolean;
  readonly retryAfterSeconds?: number | undefined;
};

/** `v1,` and the base64 of HMAC-SHA-256 over `ID.TIMESTAMP.BODY`. */
export const webhookSignature = (secret: string, message: string): string =>
  `v1,${createHmac('sha256', secret).update(message).digest('base64')}`;
