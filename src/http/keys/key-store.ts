import { createHash, timingSafeEqual } from 'node:crypto';
import { type Clock, PilotfishError, type RandomSource } from '../../base/index.ts';
import type { AuditLog, RegistryChange, RegistryState, SqlRow } from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { type Identity, type KeyRing, ROLES, type Role } from '../identity.ts';

/** A key as it is listed: what opens anything is not in it. */
export type ApiKey = {
  readonly id: string;
  /** Whose it is; the audit log calls its holder so. */
  readonly name: string;
  readonly role: Role;
  /** The only models it is for; undefined for all. */
  readonly models: readonly string[] | undefined;
  readonly createdMs: number;
};

export type KeyDraft = {
  readonly name: string;
  readonly role: string;
  readonly models?: readonly string[] | undefined;
};

export type KeyPorts = {
  readonly state: RegistryState;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: RandomSource;
};

const KEY = /^pf_(?<id>[0-9a-f]{12})_(?<secret>[A-Za-z0-9_-]{43})$/;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,127}$/u;
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const MAX_KEYS = 10_000;
const MAX_MODELS = 100;
const NO_HASH = Buffer.alloc(32);

/**
 * API keys in the state of a registry. What is stored is the SHA-256 of 32 random bytes: nobody can go back from it, and
 * no slower hash would make guessing them any harder. Making and revoking one is in the audit log.
 */
export class KeyStore implements KeyRing {
  readonly #ports: KeyPorts;
  #keys: ReadonlyMap<string, ApiKey & { readonly hash: Uint8Array }> = new Map();

  private constructor(ports: KeyPorts) {
    this.#ports = ports;
  }

  /** Opens the keys of a registry. */
  static async open(ports: KeyPorts): Promise<KeyStore> {
    const store = new KeyStore(ports);
    await store.reload();
    return store;
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** Takes as long for a key that is wrong as for one that is right. */
  find(key: string): Identity | undefined {
    const { id = '', secret = '' } = KEY.exec(key)?.groups ?? {};
    const found = this.#keys.get(id);
    const isRight = timingSafeEqual(hashOf(secret), found?.hash ?? NO_HASH);
    return found === undefined || !isRight
      ? undefined
      : { actor: found.name, role: found.role, models: found.models };
  }

  /** The oldest first. */
  list(): ApiKey[] {
    return [...this.#keys.values()].map(({ hash: _, ...key }) => key);
  }

  /** @returns the key itself, which nobody sees again @throws PilotfishError `USAGE`, `LIMIT`. */
  async create(
    draft: KeyDraft,
    change: RegistryChange = {},
  ): Promise<{ readonly id: string; readonly key: string }> {
    checkDraft(draft);
    const { state, audit, clock, random } = this.#ports;
    if (this.#keys.size >= MAX_KEYS)
      throw new PilotfishError('LIMIT', `there are ${MAX_KEYS} keys: revoke one`);
    const [id, secret] = [random(ID_BYTES).toString('hex'), random(SECRET_BYTES).toString('base64url')];
    const { name, role, models } = draft;
    await state.write(async (sql) => {
      const row = [
        id,
        name,
        role,
        models === undefined ? null : JSON.stringify(models),
        hashOf(secret),
        clock.nowMs(),
      ];
      await sql.run('INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?)', ...row);
      const after = { name, role, models: models ?? null };
      await audit.append(sql, { action: 'key.create', subject: `key ${id}`, before: null, after }, change);
    });
    await this.reload();
    return { id, key: `pf_${id}_${secret}` };
  }

  /** It opens nothing any more; here at once, in other processes within a second. @throws PilotfishError `MISSING`. */
  async revoke(id: string, change: RegistryChange = {}): Promise<void> {
    const { state, audit } = this.#ports;
    await state.write(async (sql) => {
      const row = await sql.get('SELECT name, role FROM api_keys WHERE id = ?', id);
      if (row === undefined)
        throw new PilotfishError('MISSING', `there is no key ${id}: see \`pilotfish keys list\``);
      await sql.run('DELETE FROM api_keys WHERE id = ?', id);
      await audit.append(
        sql,
        { action: 'key.revoke', subject: `key ${id}`, before: row, after: null },
        change,
      );
    });
    await this.reload();
  }

  /** Reads them anew, for what other processes changed. */
  async reload(): Promise<void> {
    const rows = await this.#ports.state.read((sql) =>
      sql.all('SELECT * FROM api_keys ORDER BY created_ms, id'),
    );
    this.#keys = new Map(rows.map((row) => [String(row['id']), keyOf(row)]));
  }
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const keyOf = (row: SqlRow): ApiKey & { readonly hash: Uint8Array } => ({
  ...{ id: String(row['id']), name: String(row['name']), role: row['role'] as Role },
  models: row['models'] === null ? undefined : (JSON.parse(String(row['models'])) as string[]),
  ...{ createdMs: Number(row['created_ms']), hash: row['hash'] as Uint8Array },
});

/** @throws PilotfishError `USAGE`. */
function checkDraft({ name, role, models = ['any'] }: KeyDraft): void {
  if (!NAME.test(name)) throw usage('a key is named by 1 to 128 letters, digits, spaces and ._@-');
  if (!ROLES.some((each) => each === role)) throw usage(`a role is one of ${ROLES.join(', ')}`);
  if (models.length === 0 || models.length > MAX_MODELS || models.includes('')) {
    throw usage(`a key is for all models, or for 1 to ${MAX_MODELS} of them by name`);
  }
}
