import { PilotfishError } from '../../../base/index.ts';
import type { Change } from '../audit/log.ts';
import type { Page, SearchQuery } from '../search/page.ts';
import type { Sql } from '../state/port.ts';
import { checkDescription, checkTag } from './check.ts';
import { type Core, note, tell } from './core.ts';
import { insertVersion, type VersionDraft } from './new-version.ts';
import { findVersion, modelOf, selectVersions, versionAt } from './records.ts';
import { touchModel } from './registered-models.ts';
import { searchVersions } from './search.ts';
import { checkVersionSource } from './source.ts';
import { setStatus } from './transitions.ts';
import type { ModelVersion, VersionRef } from './types.ts';

/** The source of a version made from outside. @throws PilotfishError `USAGE`. */
async function checkOutside(sql: Sql, { source, runId = '', loggedModelId }: VersionDraft): Promise<void> {
  const folderIn = async (table: string, id: string): Promise<string | undefined> => {
    const row = await sql.get(`SELECT artifact_uri FROM ${table} WHERE id = ?`, id);
    return row === undefined ? undefined : String(row['artifact_uri']);
  };
  if (loggedModelId) checkVersionSource(source, await folderIn('logged_models', loggedModelId), 'model_id');
  else checkVersionSource(source, await folderIn('runs', runId));
}

/** The versions of registered models. */
export class ModelVersions {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Enters a version whose artefact lies elsewhere, is stored already, or is that of the version `models:/NAME/VERSION`.
   * @throws PilotfishError `MISSING` without the name, `EXISTS` for a version text that is taken, `USAGE`, also for a source
   * within this machine that is none of its run's, or of its logged model's.
   */
  create(name: string, draft: VersionDraft, change: Change = {}): Promise<ModelVersion> {
    return this.#core.state.write(async (sql) => {
      const model = await modelOf(sql, name);
      await checkOutside(sql, draft);
      const modelId = await insertVersion(this.#core, sql, [model, draft, change]);
      return versionAt(sql, { modelId });
    });
  }

  /** Undefined when there is none. @throws PilotfishError `MISSING` without the name. */
  find(ref: VersionRef): Promise<ModelVersion | undefined> {
    return this.#core.state.read((sql) => findVersion(sql, ref));
  }

  /** @throws PilotfishError `MISSING`; `USAGE` for an alias that is not set. */
  get(ref: VersionRef): Promise<ModelVersion> {
    return this.#core.state.read((sql) => versionAt(sql, ref));
  }

  /** Versions of a name, or all; oldest first within a name. */
  list({ name, status }: { readonly name?: string; readonly status?: string } = {}): Promise<ModelVersion[]> {
    const conditions = [
      ...(name === undefined ? [] : (['m.name = ?'] as const)),
      ...(status === undefined ? [] : (['v.status = ?'] as const)),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const values = [name, status].filter((value) => value !== undefined);
    return this.#core.state.read((sql) =>
      selectVersions(sql, `${where} ORDER BY m.name, v.number`, ...values),
    );
  }

  /** By name, run, source, number and tags. @throws PilotfishError `USAGE`. */
  async search(query: SearchQuery = {}): Promise<Page<ModelVersion>> {
    return searchVersions(this.#core.state, query);
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async setDescription(ref: VersionRef, description: string, change: Change = {}): Promise<ModelVersion> {
    checkDescription(description);
    return this.#changed(ref, async (sql, version) => {
      await sql.run('UPDATE versions SET description = ? WHERE id = ?', description, version.modelId);
      const before = { description: version.description };
      await note(this.#core, sql, change, ['version.update', subjectOf(version), before, { description }]);
    });
  }

  /** @throws PilotfishError `MISSING`, `USAGE`. */
  async setTag(
    ref: VersionRef,
    tag: { readonly key: string; readonly value: string },
    change: Change = {},
  ): Promise<void> {
    const { key, value } = tag;
    checkTag(key, value);
    await this.#changed(ref, async (sql, version) => {
      await sql.run(
        'INSERT INTO version_tags VALUES (?, ?, ?) ON CONFLICT (version, key) DO UPDATE SET value = excluded.value',
        ...[version.modelId, key, value],
      );
      const before = { [key]: version.tags[key] ?? null };
      await note(this.#core, sql, change, ['version.tag', subjectOf(version), before, { [key]: value }]);
      const data = { name: version.name, version: String(version.number), key, value };
      await tell(this.#core, sql, { entity: 'MODEL_VERSION_TAG', action: 'SET' }, data);
    });
  }

  /** A tag that is not there is none. @throws PilotfishError `MISSING` without the version. */
  async deleteTag(ref: VersionRef, key: string, change: Change = {}): Promise<void> {
    await this.#changed(ref, async (sql, version) => {
      if (!Object.hasOwn(version.tags, key)) return;
      await sql.run('DELETE FROM version_tags WHERE version = ? AND key = ?', version.modelId, key);
      const before = { [key]: version.tags[key] };
      await note(this.#core, sql, change, ['version.tag', subjectOf(version), before, { [key]: null }]);
      const data = { name: version.name, version: String(version.number), key };
      await tell(this.#core, sql, { entity: 'MODEL_VERSION_TAG', action: 'DELETED' }, data);
    });
  }

  /**
   * Deletes a version of an open name, or an archived one; a guarded one in production is archived in place of that.
   * Its number is never used again, its artefact stays.
   * @throws PilotfishError `MISSING`; `REFUSED` for one that is to be archived first.
   */
  delete(ref: VersionRef, change: Change = {}): Promise<'deleted' | 'archived'> {
    return this.#core.state.write(async (sql) => {
      const version = await versionAt(sql, ref);
      const model = await modelOf(sql, version.name);
      if (model.policy === 'guarded' && version.status === 'production') {
        await setStatus(this.#core, sql, { version, to: 'archived', change });
        return 'archived';
      }
      if (model.policy === 'guarded' && version.status !== 'archived') {
        throw new PilotfishError('REFUSED', `archive ${subjectOf(version)} before you delete it`);
      }
      await sql.run('DELETE FROM versions WHERE id = ?', version.modelId);
      await touchModel(this.#core, sql, model.id);
      await note(this.#core, sql, change, ['version.delete', subjectOf(version), version, null]);
      const data = { name: version.name, version: String(version.number) };
      await tell(this.#core, sql, { entity: 'MODEL_VERSION', action: 'DELETED' }, data);
      return 'deleted';
    });
  }

  /** Runs a change of a version and gives it and its model a new time. */
  #changed(ref: VersionRef, work: (sql: Sql, version: ModelVersion) => Promise<void>): Promise<ModelVersion> {
    return this.#core.state.write(async (sql) => {
      const version = await versionAt(sql, ref);
      await work(sql, version);
      await sql.run(
        'UPDATE versions SET updated_ms = ? WHERE id = ?',
        this.#core.clock.nowMs(),
        version.modelId,
      );
      return versionAt(sql, { modelId: version.modelId });
    });
  }
}

/** How the log names a version. */
export const subjectOf = ({ name, number }: ModelVersion): string => `${name}/${number}`;
