import { PilotfishError } from '../../../base/index.ts';
import type { Change } from '../audit/log.ts';
import type { Page, SearchQuery } from '../search/page.ts';
import type { Sql } from '../state/port.ts';
import { checkAlias, checkDescription, checkName, checkTag, checkTags } from './check.ts';
import { type Core, note, tell } from './core.ts';
import type { PolicyName } from './life-cycle.ts';
import { findModel, latestOf, type ModelRow, modelOf, selectModels, versionAt } from './records.ts';
import { searchModels } from './search.ts';
import type { ModelVersion, RegisteredModel } from './types.ts';

export type RegisteredModelDraft = {
  readonly name: string;
  /** `guarded`. */
  readonly policy?: PolicyName;
  readonly description?: string | undefined;
  readonly deploymentJobId?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
};

/** Enters a name within a transaction. @throws PilotfishError `USAGE`, `EXISTS`. */
export async function insertModel(
  core: Core,
  sql: Sql,
  draft: RegisteredModelDraft,
  change: Change,
): Promise<ModelRow> {
  const { policy = 'guarded', description, deploymentJobId, tags = {} } = draft;
  const name = checkName(draft.name);
  checkDescription(description);
  checkTags(tags);
  if ((await findModel(sql, name)) !== undefined) {
    throw new PilotfishError('EXISTS', `Registered Model (name=${name}) already exists.`);
  }
  const nowMs = core.clock.nowMs();
  const row = await sql.get(
    `INSERT INTO models (name, policy, description, deployment_job_id, created_ms, updated_ms, last_number)
     VALUES (?, ?, ?, ?, ?, ?, 0) RETURNING id`,
    ...[name, policy, description ?? null, deploymentJobId ?? null, nowMs, nowMs],
  );
  const id = Number(row?.['id']);
  await sql.runMany(
    'INSERT INTO model_tags VALUES (?, ?, ?)',
    Object.entries(tags).map(([key, value]) => [id, key, value]),
  );
  await note(core, sql, change, ['model.create', name, null, { policy, description, tags }]);
  await tell(
    core,
    sql,
    { entity: 'REGISTERED_MODEL', action: 'CREATED' },
    { name, tags, description: description ?? null },
  );
  return { id, name, policy };
}

/** Notes that a model changed. */
export const touchModel = (core: Core, sql: Sql, model: number): Promise<number> =>
  sql.run('UPDATE models SET updated_ms = ? WHERE id = ?', core.clock.nowMs(), model);

/** The names under which versions are registered, with their tags and aliases. */
export class RegisteredModels {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** @throws PilotfishError `USAGE`, `EXISTS`. */
  create(draft: RegisteredModelDraft, change: Change = {}): Promise<RegisteredModel> {
    return this.#core.state.write(async (sql) => {
      const { id } = await insertModel(this.#core, sql, draft, change);
      return (await selectModels(sql, 'WHERE m.id = ?', id))[0] as RegisteredModel;
    });
  }

  /** Undefined when there is none. */
  find(name: string): Promise<RegisteredModel | undefined> {
    return this.#core.state.read(async (sql) => (await selectModels(sql, 'WHERE m.name = ?', name))[0]);
  }

  /** @throws PilotfishError `MISSING`. */
  get(name: string): Promise<RegisteredModel> {
    return this.#core.state.read((sql) => modelNamed(sql, name));
  }

  /** How many names there are. */
  count(): Promise<number> {
    return this.#core.state.read(async (sql) =>
      Number((await sql.get('SELECT count(*) AS n FROM models'))?.['n']),
    );
  }

  /** By name and tags. @throws PilotfishError `USAGE`. */
  async search(query: SearchQuery = {}): Promise<Page<RegisteredModel>> {
    return searchModels(this.#core.state, query);
  }

  /** The highest version of each stage, oldest first. @throws PilotfishError `MISSING`. */
  latestVersions(name: string): Promise<ModelVersion[]> {
    return this.#core.state.read(async (sql) => latestOf(sql, (await modelOf(sql, name)).id));
  }

  /** Versions, tags and aliases come along. @throws PilotfishError `MISSING`, `EXISTS`, `USAGE`. */
  rename(name: string, newName: string, change: Change = {}): Promise<RegisteredModel> {
    return this.#core.state.write(async (sql) => {
      const model = await modelOf(sql, name);
      checkName(newName);
      if (newName !== name && (await findModel(sql, newName)) !== undefined) {
        throw new PilotfishError('EXISTS', `Registered Model (name=${newName}) already exists.`);
      }
      const nowMs = this.#core.clock.nowMs();
      await sql.run('UPDATE models SET name = ?, updated_ms = ? WHERE id = ?', newName, nowMs, model.id);
      await sql.run('UPDATE versions SET updated_ms = ? WHERE model = ?', nowMs, model.id);
      await note(this.#core, sql, change, ['model.rename', name, { name }, { name: newName }]);
      return modelNamed(sql, newName);
    });
  }

  /** Sets what is given. @throws PilotfishError `MISSING`, `USAGE`. */
  async update(
    name: string,
    fields: { readonly description?: string; readonly deploymentJobId?: string },
    change: Change = {},
  ): Promise<RegisteredModel> {
    checkDescription(fields.description);
    return this.#core.state.write(async (sql) => {
      const { id } = await modelOf(sql, name);
      const before = await modelNamed(sql, name);
      const { description = before.description, deploymentJobId = before.deploymentJobId } = fields;
      await sql.run(
        'UPDATE models SET description = ?, deployment_job_id = ?, updated_ms = ? WHERE id = ?',
        ...[description ?? null, deploymentJobId ?? null, this.#core.clock.nowMs(), id],
      );
      const was = { description: before.description, deploymentJobId: before.deploymentJobId };
      await note(this.#core, sql, change, ['model.update', name, was, { description, deploymentJobId }]);
      return modelNamed(sql, name);
    });
  }

  /**
   * Deletes a name with all its versions; their artefacts stay. @throws PilotfishError `MISSING`; `REFUSED` while a version
   * of a guarded name is not archived.
   */
  delete(name: string, change: Change = {}): Promise<void> {
    return this.#core.state.write(async (sql) => {
      const model = await modelOf(sql, name);
      const alive = await sql.all(
        "SELECT number FROM versions WHERE model = ? AND status <> 'archived'",
        model.id,
      );
      if (model.policy === 'guarded' && alive.length > 0) {
        const numbers = alive.map((row) => row['number']).join(', ');
        throw new PilotfishError(
          'REFUSED',
          `archive the versions of ${name} before you delete it: ${numbers}`,
        );
      }
      const before = await modelNamed(sql, name);
      await sql.run('DELETE FROM models WHERE id = ?', model.id);
      await note(this.#core, sql, change, ['model.delete', name, before, null]);
      await tell(this.#core, sql, { entity: 'REGISTERED_MODEL', action: 'DELETED' }, { name });
    });
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async setTag(
    name: string,
    tag: { readonly key: string; readonly value: string },
    change: Change = {},
  ): Promise<void> {
    const { key, value } = tag;
    checkTag(key, value);
    return this.#core.state.write(async (sql) => {
      const { id } = await modelOf(sql, name);
      const before = await this.#tag(sql, id, key);
      await sql.run(
        'INSERT INTO model_tags VALUES (?, ?, ?) ON CONFLICT (model, key) DO UPDATE SET value = excluded.value',
        ...[id, key, value],
      );
      await touchModel(this.#core, sql, id);
      await note(this.#core, sql, change, ['model.tag', name, { [key]: before }, { [key]: value }]);
    });
  }

  /** A tag that is not there is none. @throws PilotfishError `MISSING` without the model. */
  deleteTag(name: string, key: string, change: Change = {}): Promise<void> {
    return this.#core.state.write(async (sql) => {
      const { id } = await modelOf(sql, name);
      const before = await this.#tag(sql, id, key);
      if (before === null) return;
      await sql.run('DELETE FROM model_tags WHERE model = ? AND key = ?', id, key);
      await touchModel(this.#core, sql, id);
      await note(this.#core, sql, change, ['model.tag', name, { [key]: before }, { [key]: null }]);
    });
  }

  /** Points an alias at a version. @throws PilotfishError `MISSING`, `USAGE`. */
  async setAlias(name: string, alias: string, version: string | number, change: Change = {}): Promise<void> {
    checkAlias(alias);
    return this.#core.state.write(async (sql) => {
      const model = await modelOf(sql, name);
      const target = await versionAt(sql, { name, version });
      const before = await this.#alias(sql, model.id, alias);
      await sql.run(
        'INSERT INTO aliases VALUES (?, ?, ?) ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version',
        ...[model.id, alias, target.modelId],
      );
      await touchModel(this.#core, sql, model.id);
      await note(this.#core, sql, change, [
        'alias.set',
        name,
        { [alias]: before },
        { [alias]: target.number },
      ]);
      const data = { name, alias, version: String(target.number) };
      await tell(this.#core, sql, { entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' }, data);
    });
  }

  /** An alias that is not set is none. @throws PilotfishError `MISSING` without the model. */
  deleteAlias(name: string, alias: string, change: Change = {}): Promise<void> {
    return this.#core.state.write(async (sql) => {
      const model = await modelOf(sql, name);
      const before = await this.#alias(sql, model.id, alias);
      if (before === null) return;
      await sql.run('DELETE FROM aliases WHERE model = ? AND alias = ?', model.id, alias);
      await touchModel(this.#core, sql, model.id);
      await note(this.#core, sql, change, ['alias.delete', name, { [alias]: before }, { [alias]: null }]);
      await tell(this.#core, sql, { entity: 'MODEL_VERSION_ALIAS', action: 'DELETED' }, { name, alias });
    });
  }

  async #tag(sql: Sql, model: number, key: string): Promise<string | null> {
    const row = await sql.get('SELECT value FROM model_tags WHERE model = ? AND key = ?', model, key);
    return row === undefined ? null : String(row['value']);
  }

  async #alias(sql: Sql, model: number, alias: string): Promise<number | null> {
    const row = await sql.get(
      'SELECT v.number FROM aliases a JOIN versions v ON v.id = a.version WHERE a.model = ? AND a.alias = ?',
      ...[model, alias],
    );
    return row === undefined ? null : Number(row['number']);
  }
}

async function modelNamed(sql: Sql, name: string): Promise<RegisteredModel> {
  await modelOf(sql, name);
  return (await selectModels(sql, 'WHERE m.name = ?', name))[0] as RegisteredModel;
}
