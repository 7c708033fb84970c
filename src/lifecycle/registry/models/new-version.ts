import { PilotfishError, sha256Hex } from '../../../base/index.ts';
import type { Change } from '../audit/log.ts';
import type { Sql } from '../state/port.ts';
import { checkDescription, checkSource, checkTags, checkVersionText, jsonOf } from './check.ts';
import { type Core, note, tell } from './core.ts';
import { manifestOf } from './manifest.ts';
import { type ModelRow, versionAt } from './records.ts';
import type { ModelMetadata, VersionFile } from './types.ts';

/** A version to be entered. */
export type VersionDraft = Partial<Omit<ModelMetadata, 'name' | 'filePath' | 'fileHash'>> & {
  readonly source: string;
  readonly runId?: string;
  readonly runLink?: string;
  readonly loggedModelId?: string | undefined;
  readonly userId?: string | undefined;
  /** Files that are stored already; none for an artefact that lies elsewhere. */
  readonly files?: readonly VersionFile[];
};

const COPY = /^models:\/(?<name>.+)\/(?<version>[^/]+)$/;
const LOGGED = /^models:\/(?<model>m-[0-9a-f]{32})$/;
const ID_BYTES = 8;
/** Of a logged model: the versions made of it, as MLflow's pages read them. */
const MADE_TAG = 'mlflow.modelVersions';
const MAX_MADE = 100;

/**
 * Enters a version within a transaction and gives it the next number.
 * @returns its id
 * @throws PilotfishError `EXISTS`, `USAGE`, `MISSING` for files that are not stored, or without its logged model.
 */
export async function insertVersion(
  core: Core,
  sql: Sql,
  [model, given, change]: readonly [ModelRow, VersionDraft, Change],
): Promise<string> {
  const { draft, origin } = await resolved(sql, given);
  await checkDraft(core, sql, model, draft);
  const createdMs = core.clock.nowMs();
  const row = await sql.get(
    'UPDATE models SET last_number = last_number + 1, updated_ms = ? WHERE id = ? RETURNING last_number',
    ...[createdMs, model.id],
  );
  const place = {
    modelId: core.random(ID_BYTES).toString('hex'),
    number: Number(row?.['last_number']),
    createdMs,
  };
  const record = {
    ...columnsOf(draft),
    ...signedColumns(core, model, draft, place),
    ...{ id: place.modelId, model: model.id, number: place.number, status: 'draft', origin },
    ...{ created_by: change.actor ?? 'unknown', created_ms: createdMs, updated_ms: createdMs },
  };
  const names = Object.keys(record);
  await sql.run(
    `INSERT INTO versions (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    ...Object.values(record),
  );
  const { files = [], tags = {} } = draft;
  const tagRows = Object.entries(tags).map(([key, value]) => [place.modelId, key, value]);
  await sql.runMany('INSERT INTO version_tags VALUES (?, ?, ?)', tagRows);
  const fileRows = files.map((file) => [place.modelId, file.name, file.sha256, file.bytes]);
  await sql.runMany('INSERT INTO version_files VALUES (?, ?, ?, ?)', fileRows);
  const { health, source, file_hash: fileHash } = record;
  const { modelId, number } = place;
  if (draft.loggedModelId) await noteMade(sql, draft.loggedModelId, { name: model.name, version: number });
  const after = { modelId, number, version: draft.version, status: 'draft', health, source, fileHash };
  await note(core, sql, change, ['version.create', `${model.name}/${number}`, null, after]);
  await tell(core, sql, { entity: 'MODEL_VERSION', action: 'CREATED' }, eventData(model, number, draft));
  return modelId;
}

/** What MLflow tells of a new version. */
const eventData = ({ name }: ModelRow, number: number, draft: VersionDraft): Record<string, unknown> => ({
  ...{ name, version: String(number), source: draft.source, run_id: draft.runId ?? '' },
  ...{ tags: draft.tags ?? {}, description: draft.description ?? null },
});

/** What a caller says of a version, as it stands in its table. */
function columnsOf(draft: VersionDraft) {
  const { version = null, description = null, source, runId = '', runLink = '' } = draft;
  const { algorithm = '', framework = '', loggedModelId = null, userId = null } = draft;
  const { trainingData, lineage } = draft;
  return {
    ...{ version, description, source, algorithm, framework },
    ...{ run_id: runId, run_link: runLink, logged_model_id: loggedModelId, user_id: userId },
    metrics: jsonOf('metrics', draft.metrics ?? {}),
    parameters: jsonOf('parameters', draft.parameters ?? {}),
    training: trainingData === undefined ? null : jsonOf('trainingData', trainingData),
    lineage: lineage === undefined ? null : jsonOf('lineage', lineage),
  };
}

type NewPlace = { readonly modelId: string; readonly number: number; readonly createdMs: number };

/** The files of a version and what holds them fast. */
function signedColumns(core: Core, { name }: ModelRow, draft: VersionDraft, place: NewPlace) {
  const { version, algorithm = '', framework = '', files = [] } = draft;
  const file_bytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (files.length === 0)
    return { health: 'unverified', file_hash: null, file_bytes, manifest: null, signature: null };
  const manifest = manifestOf({ ...place, name, version, algorithm, framework, files });
  const file_hash = hashOfFiles(files) ?? null;
  return { health: 'verified', file_hash, file_bytes, manifest, signature: core.signer.sign(manifest) };
}

async function checkDraft(core: Core, sql: Sql, model: ModelRow, draft: VersionDraft): Promise<void> {
  if (draft.version !== undefined) checkVersionText(draft.version);
  checkSource(draft.source);
  checkDescription(draft.description);
  checkTags(draft.tags ?? {});
  for (const { name, sha256 } of draft.files ?? []) {
    if (core.store.has(sha256)) continue;
    throw new PilotfishError('MISSING', `the file ${name} (${sha256}) is not stored: store it first`);
  }
  if (draft.version !== undefined) await refuseTaken(sql, model, draft.version);
}

async function refuseTaken(sql: Sql, model: ModelRow, version: string): Promise<void> {
  const taken = await sql.get(
    'SELECT number FROM versions WHERE model = ? AND version = ?',
    model.id,
    version,
  );
  if (taken === undefined) return;
  throw new PilotfishError('EXISTS', `${model.name} has a version ${version} already: give another one`);
}

/** The hash of the file; of the list of names and hashes when there are several. */
export function hashOfFiles(files: readonly VersionFile[]): string | undefined {
  if (files.length <= 1) return files[0]?.sha256;
  const lines = files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).sort();
  return sha256Hex(Buffer.from(lines.join('')));
}

async function loggedUri(sql: Sql, modelId: string): Promise<string> {
  const row = await sql.get('SELECT artifact_uri FROM logged_models WHERE id = ?', modelId);
  if (row !== undefined) return String(row['artifact_uri']);
  throw new PilotfishError('MISSING', `Logged model with ID '${modelId}' not found.`);
}

type Made = { readonly name: unknown; readonly version: unknown };

/** Tells a logged model of a version made of it; the newest are kept. @throws PilotfishError `MISSING`. */
async function noteMade(sql: Sql, modelId: string, made: Made): Promise<void> {
  await loggedUri(sql, modelId);
  const row = await sql.get(
    'SELECT value FROM logged_model_tags WHERE model = ? AND key = ?',
    modelId,
    MADE_TAG,
  );
  const all = [...madeBefore(String(row?.['value'] ?? '[]')), made].slice(-MAX_MADE);
  // With the spaces that Python writes.
  const items = all.map(
    ({ name, version }) => `{"name": ${JSON.stringify(name)}, "version": ${JSON.stringify(version)}}`,
  );
  await sql.run(
    'INSERT INTO logged_model_tags VALUES (?, ?, ?) ON CONFLICT (model, key) DO UPDATE SET value = excluded.value',
    ...[modelId, MADE_TAG, `[${items.join(', ')}]`],
  );
}

/** Clients write the tag as well: what is no such list counts for none. */
function madeBefore(text: string): Made[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isMade) : [];
  } catch {
    return [];
  }
}

const isMade = (value: unknown): value is Made =>
  typeof value === 'object' && value !== null && 'name' in value && 'version' in value;

/** A copy of another version has that one's files, and its source as origin. @throws PilotfishError `MISSING`. */
async function resolved(sql: Sql, draft: VersionDraft): Promise<{ draft: VersionDraft; origin: string }> {
  const logged = LOGGED.exec(draft.source)?.groups?.['model'];
  if (logged !== undefined) return { draft, origin: await loggedUri(sql, logged) };
  const { name, version } = COPY.exec(draft.source)?.groups ?? {};
  // What comes with files of its own is no copy, wherever they once lay.
  const isCopy = draft.files === undefined && name !== undefined && version !== undefined;
  if (!isCopy) return { draft, origin: draft.source };
  const original = await versionAt(sql, { name, version });
  const { algorithm, framework, metrics, parameters, files } = original;
  return {
    draft: { algorithm, framework, metrics, parameters, files, ...draft },
    origin: original.downloadUri,
  };
}
