import { type Clock, PilotfishError, type RandomSource } from '../../../base/index.ts';
import { sealSecret } from '../artefacts/sealing.ts';
import type { AuditLog, Change } from '../audit/log.ts';
import type { RegistryState, Row, Sql } from '../state/port.ts';
import { EVENT_ACTIONS, EVENT_ENTITIES, type EventKind } from './outbox.ts';

export type WebhookStatus = 'ACTIVE' | 'DISABLED';

export type WebhookDraft = {
  readonly name: string;
  readonly url: string;
  readonly events: readonly EventKind[];
  readonly description?: string | undefined;
  /** Signs what is delivered. */
  readonly secret?: string | undefined;
  readonly status?: WebhookStatus;
};

/** As it is shown: without its secret. */
export type Webhook = Required<Pick<WebhookDraft, 'name' | 'url' | 'events' | 'status'>> & {
  readonly id: string;
  readonly description: string | undefined;
  readonly isSigned: boolean;
  readonly createdMs: number;
  readonly updatedMs: number;
};

type WebhookPorts = {
  readonly state: RegistryState;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Seals the secrets. */
  readonly encryptionKey?: Uint8Array | undefined;
};

const MAX_NAME = 256;
const MAX_URL = 2000;
const MAX_SECRET = 1000;
const MAX_WEBHOOKS = 1000;

/** Who is told of events. */
export class Webhooks {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  /** @throws PilotfishError `USAGE`, `LIMIT`. */
  async create(draft: WebhookDraft, change: Change = {}): Promise<Webhook> {
    check(draft);
    return this.#ports.state.write(async (sql) => {
      const count = Number((await sql.get('SELECT count(*) AS n FROM webhooks'))?.['n']);
      if (count >= MAX_WEBHOOKS)
        throw new PilotfishError('LIMIT', `there are ${MAX_WEBHOOKS} webhooks: delete one`);
      const id = this.#ports.random(16).toString('hex');
      const nowMs = this.#ports.clock.nowMs();
      const { name, url, events, description = null, secret, status = 'ACTIVE' } = draft;
      await sql.run(
        `INSERT INTO webhooks (id, name, url, events, description, status, created_ms, updated_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[id, name, url, JSON.stringify(events), description, status, nowMs, nowMs],
      );
      if (secret !== undefined) await this.#setSecret(sql, id, secret);
      const made = await webhook(sql, id);
      await this.#note(sql, change, ['webhook.create', id, null, made]);
      return made;
    });
  }

  /** @throws PilotfishError `MISSING`. */
  get(id: string): Promise<Webhook> {
    return this.#ports.state.read((sql) => webhook(sql, id));
  }

  /** The oldest first. */
  list(): Promise<Webhook[]> {
    return this.#ports.state.read(async (sql) =>
      (await sql.all('SELECT * FROM webhooks ORDER BY created_ms, id')).map(webhookOf),
    );
  }

  /** Sets what is given. @throws PilotfishError `MISSING`, `USAGE`. */
  async update(id: string, fields: Partial<WebhookDraft>, change: Change = {}): Promise<Webhook> {
    return this.#ports.state.write(async (sql) => {
      const before = await webhook(sql, id);
      const next = { ...before, ...defined(fields) };
      check(next);
      await sql.run(
        'UPDATE webhooks SET name = ?, url = ?, events = ?, description = ?, status = ?, updated_ms = ? WHERE id = ?',
        ...[next.name, next.url, JSON.stringify(next.events), next.description ?? null, next.status],
        ...[this.#ports.clock.nowMs(), id],
      );
      if (fields.secret !== undefined) await this.#setSecret(sql, id, fields.secret);
      const after = await webhook(sql, id);
      await this.#note(sql, change, ['webhook.update', id, before, after]);
      return after;
    });
  }

  /** What is still to be delivered to it is dropped. @throws PilotfishError `MISSING`. */
  delete(id: string, change: Change = {}): Promise<void> {
    return this.#ports.state.write(async (sql) => {
      const before = await webhook(sql, id);
      await sql.run('DELETE FROM webhooks WHERE id = ?', id);
      await this.#note(sql, change, ['webhook.delete', id, before, null]);
    });
  }

  /** What the dispatcher signs with: sealed where there is a key. */
  async #setSecret(sql: Sql, id: string, secret: string): Promise<void> {
    const { encryptionKey, random } = this.#ports;
    const sealed = encryptionKey === undefined ? null : sealSecret(secret, encryptionKey, random);
    await sql.run(
      'UPDATE webhooks SET secret = ?, sealed_secret = ? WHERE id = ?',
      ...[sealed === null ? secret : null, sealed, id],
    );
  }

  #note(sql: Sql, change: Change, entry: readonly [string, string, unknown, unknown]): Promise<void> {
    const [action, id, before, after] = entry;
    return this.#ports.audit.append(sql, { action, subject: `webhook ${id}`, before, after }, change);
  }
}

async function webhook(sql: Sql, id: string): Promise<Webhook> {
  const row = await sql.get('SELECT * FROM webhooks WHERE id = ?', id);
  if (row !== undefined) return webhookOf(row);
  throw new PilotfishError('MISSING', `Webhook with ID ${id} not found.`);
}

const webhookOf = (row: Row): Webhook => ({
  id: String(row['id']),
  name: String(row['name']),
  url: String(row['url']),
  events: JSON.parse(String(row['events'])) as EventKind[],
  description: row['description'] === null ? undefined : String(row['description']),
  isSigned: row['secret'] !== null || row['sealed_secret'] !== null,
  status: row['status'] as WebhookStatus,
  createdMs: Number(row['created_ms']),
  updatedMs: Number(row['updated_ms']),
});

const defined = <T extends object>(fields: T): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

function check({ name, url, events, secret, status = 'ACTIVE' }: WebhookDraft): void {
  if (name.trim() === '' || name.length > MAX_NAME)
    throw usage(`a webhook has a name of 1 to ${MAX_NAME} characters`);
  if (url.length > MAX_URL || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw usage('the url of a webhook begins with https:// (or http://, where that is allowed)');
  }
  if (new URL(url).username !== '' || new URL(url).password !== '')
    throw usage('the url of a webhook has no password in it');
  if ((secret?.length ?? 0) > MAX_SECRET) throw usage(`a secret has at most ${MAX_SECRET} characters`);
  if (status !== 'ACTIVE' && status !== 'DISABLED')
    throw usage('the status of a webhook is ACTIVE or DISABLED');
  const isKnown = ({ entity, action }: EventKind): boolean =>
    EVENT_ENTITIES.includes(entity) && EVENT_ACTIONS.includes(action);
  if (
    events.length === 0 ||
    events.length > EVENT_ENTITIES.length * EVENT_ACTIONS.length ||
    !events.every(isKnown)
  ) {
    throw usage(
      `a webhook names events of ${EVENT_ENTITIES.join(', ')} that are ${EVENT_ACTIONS.join(', ')}`,
    );
  }
}

const usage = (message: string): PilotfishError => new PilotfishError('USAGE', message);
