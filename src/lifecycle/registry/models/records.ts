import { PilotfishError } from '../../../base/index.ts';
import type { Row, Sql, SqlValue } from '../state/port.ts';
import { MODEL_STATUSES, type ModelStatus, type PolicyName, type Stage, stageOf } from './life-cycle.ts';
import type { Health, ModelVersion, RegisteredModel, VersionFile, VersionRef } from './types.ts';

/** A registered model as it stands in its table. */
export type ModelRow = { readonly id: number; readonly name: string; readonly policy: PolicyName };

const SELECT_VERSIONS = 'SELECT v.*, m.name AS model_name FROM versions v JOIN models m ON m.id = v.model';
/** Rows that are looked up by one statement. */
const CHUNK = 400;

const text = (value: SqlValue | undefined): string | undefined =>
  value === null || value === undefined ? undefined : String(value);
const json = (value: SqlValue | undefined): unknown =>
  value === null || value === undefined ? undefined : (JSON.parse(String(value)) as unknown);

/** The row of a name; undefined when there is none. */
export async function findModel(sql: Sql, name: string): Promise<ModelRow | undefined> {
  const row = await sql.get('SELECT id, policy FROM models WHERE name = ?', name);
  return row && { id: Number(row['id']), name, policy: row['policy'] as PolicyName };
}

/** @throws PilotfishError `MISSING`, in MLflow's words. */
export async function modelOf(sql: Sql, name: string): Promise<ModelRow> {
  const model = await findModel(sql, name);
  if (model !== undefined) return model;
  throw new PilotfishError('MISSING', `Registered Model with name=${name} not found`);
}

/** Versions that fit a condition on `v` (versions) and `m` (models), with everything that belongs to them. */
export async function selectVersions(
  sql: Sql,
  rest: string,
  ...values: readonly SqlValue[]
): Promise<ModelVersion[]> {
  const rows = await sql.all(`${SELECT_VERSIONS} ${rest}`, ...values);
  const parts = new Map<string, Parts>(
    rows.map((row) => [String(row['id']), { tags: {}, aliases: [], files: [] }]),
  );
  const ids = [...parts.keys()];
  for (let at = 0; at < ids.length; at += CHUNK) await collect(sql, ids.slice(at, at + CHUNK), parts);
  return rows.map((row) => versionOf(row, parts.get(String(row['id'])) as Parts));
}

type Parts = {
  readonly tags: Record<string, string>;
  readonly aliases: string[];
  readonly files: VersionFile[];
};

async function collect(sql: Sql, ids: readonly string[], parts: ReadonlyMap<string, Parts>): Promise<void> {
  const list = `(${ids.map(() => '?').join(', ')})`;
  const partsOf = (row: Row): Parts => parts.get(String(row['version'])) as Parts;
  for (const row of await sql.all(
    `SELECT * FROM version_tags WHERE version IN ${list} ORDER BY key`,
    ...ids,
  )) {
    define(partsOf(row).tags, String(row['key']), String(row['value']));
  }
  for (const row of await sql.all(`SELECT * FROM aliases WHERE version IN ${list} ORDER BY alias`, ...ids)) {
    partsOf(row).aliases.push(String(row['alias']));
  }
  for (const row of await sql.all(
    `SELECT * FROM version_files WHERE version IN ${list} ORDER BY name`,
    ...ids,
  )) {
    const { name, sha256, bytes } = row;
    partsOf(row).files.push({ name: String(name), sha256: String(sha256), bytes: Number(bytes) });
  }
}

/** A key may be `__proto__`. */
export function define<T>(record: Record<string, T>, key: string, value: T): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

function versionOf(row: Row, { tags, aliases, files }: Parts): ModelVersion {
  return {
    modelId: String(row['id']),
    name: String(row['model_name']),
    version: text(row['version']),
    number: Number(row['number']),
    status: row['status'] as ModelStatus,
    health: row['health'] as Health,
    algorithm: String(row['algorithm']),
    framework: String(row['framework']),
    description: text(row['description']),
    metrics: json(row['metrics']) as ModelVersion['metrics'],
    parameters: json(row['parameters']) as ModelVersion['parameters'],
    ...{ tags, aliases, files },
    trainingData: json(row['training']) as ModelVersion['trainingData'],
    lineage: json(row['lineage']) as ModelVersion['lineage'],
    fileHash: text(row['file_hash']),
    fileSize: Number(row['file_bytes']),
    source: String(row['source']),
    downloadUri: String(row['origin']),
    runId: String(row['run_id']),
    runLink: String(row['run_link']),
    loggedModelId: text(row['logged_model_id']),
    userId: text(row['user_id']),
    createdBy: String(row['created_by']),
    createdMs: Number(row['created_ms']),
    updatedMs: Number(row['updated_ms']),
  };
}

/** The version meant; undefined when there is none. @throws PilotfishError `MISSING` without the name. */
export async function findVersion(sql: Sql, ref: VersionRef): Promise<ModelVersion | undefined> {
  if ('modelId' in ref) return (await selectVersions(sql, 'WHERE v.id = ?', ref.modelId))[0];
  const model = await modelOf(sql, ref.name);
  const of = (rest: string, ...values: readonly SqlValue[]) =>
    selectVersions(sql, `WHERE v.model = ? AND ${rest}`, model.id, ...values);
  if (ref.alias !== undefined) {
    return (
      await of('v.id = (SELECT version FROM aliases WHERE model = ? AND alias = ?)', model.id, ref.alias)
    )[0];
  }
  if (ref.version === undefined) {
    return (await of("v.status = 'production' ORDER BY v.updated_ms DESC, v.number DESC LIMIT 1"))[0];
  }
  const number = numberOf(ref.version);
  return (
    await (number === undefined ? of('v.version = ?', String(ref.version)) : of('v.number = ?', number))
  )[0];
}

/** The number a version was named by; undefined for its text. */
function numberOf(version: string | number): number | undefined {
  const isNumber = typeof version === 'number' || /^[0-9]{1,15}$/.test(version);
  return isNumber && Number.isSafeInteger(Number(version)) ? Number(version) : undefined;
}

/** @throws PilotfishError `MISSING`, in MLflow's words; `USAGE` for an alias that is not set, as MLflow has it. */
export async function versionAt(sql: Sql, ref: VersionRef): Promise<ModelVersion> {
  const isAlias = 'alias' in ref && ref.alias !== undefined;
  const isNowhere = isAlias && (await findModel(sql, ref.name)) === undefined;
  const version = isNowhere ? undefined : await findVersion(sql, ref);
  if (version !== undefined) return version;
  if ('modelId' in ref)
    throw new PilotfishError('MISSING', `there is no model ${ref.modelId}: see \`pilotfish models list\``);
  if (ref.alias !== undefined)
    throw new PilotfishError('USAGE', `Registered model alias ${ref.alias} not found.`);
  if (ref.version === undefined) {
    throw new PilotfishError(
      'MISSING',
      `no version of ${ref.name} is in production: name one, or promote one`,
    );
  }
  throw new PilotfishError('MISSING', `Model Version (name=${ref.name}, version=${ref.version}) not found`);
}

/** How many promotions are looked back. */
const MAX_LOOK_BACK = 100;

/** Versions that entered production and were not rolled back from, the latest first, each once. */
export async function promotedVersions(sql: Sql, model: ModelRow): Promise<ModelVersion[]> {
  const rest = `JOIN promotions p ON p.version = v.id WHERE p.model = ? AND p.undone = 0
    ORDER BY p.id DESC LIMIT ${MAX_LOOK_BACK}`;
  const versions = await selectVersions(sql, rest, model.id);
  return [...new Map(versions.map((version) => [version.modelId, version])).values()];
}

/** Registered models that fit a condition on `m`, with everything that belongs to them. */
export async function selectModels(
  sql: Sql,
  rest: string,
  ...values: readonly SqlValue[]
): Promise<RegisteredModel[]> {
  const models: RegisteredModel[] = [];
  for (const row of await sql.all(`SELECT m.* FROM models m ${rest}`, ...values)) {
    const id = Number(row['id']);
    const tags: Record<string, string> = {};
    for (const tag of await sql.all('SELECT key, value FROM model_tags WHERE model = ? ORDER BY key', id)) {
      define(tags, String(tag['key']), String(tag['value']));
    }
    const aliases: Record<string, number> = {};
    const found = await sql.all(
      'SELECT a.alias, v.number FROM aliases a JOIN versions v ON v.id = a.version WHERE a.model = ? ORDER BY a.alias',
      id,
    );
    for (const alias of found) define(aliases, String(alias['alias']), Number(alias['number']));
    models.push({
      name: String(row['name']),
      policy: row['policy'] as PolicyName,
      description: text(row['description']),
      deploymentJobId: text(row['deployment_job_id']),
      ...{ tags, aliases, latestVersions: await latestOf(sql, id) },
      createdMs: Number(row['created_ms']),
      updatedMs: Number(row['updated_ms']),
    });
  }
  return models;
}

/** The highest version of each stage, oldest first. */
export async function latestOf(sql: Sql, model: number): Promise<ModelVersion[]> {
  const byStage = new Map<Stage, number>();
  for (const status of MODEL_STATUSES) {
    // One step in an index each, however many versions there are.
    const top = await sql.get(
      'SELECT MAX(number) AS number FROM versions WHERE model = ? AND status = ?',
      model,
      status,
    );
    const number = Number(top?.['number'] ?? 0);
    if (number > (byStage.get(stageOf(status)) ?? 0)) byStage.set(stageOf(status), number);
  }
  const numbers = [...byStage.values()];
  if (numbers.length === 0) return [];
  const marks = numbers.map(() => '?').join(', ');
  return selectVersions(
    sql,
    `WHERE v.model = ? AND v.number IN (${marks}) ORDER BY v.number`,
    model,
    ...numbers,
  );
}
