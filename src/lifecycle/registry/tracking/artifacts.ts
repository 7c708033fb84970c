import { PilotfishError } from '../../../base/index.ts';
import type { ArtefactSource, ArtefactStore } from '../artefacts/store.ts';
import type { Sql } from '../state/port.ts';
import type { TrackingCore } from './core.ts';

/** A file or folder of a run or logged model. */
export type ArtifactEntry = {
  /** Below the root, without a leading slash. */
  readonly path: string;
  readonly isDirectory: boolean;
  /** Undefined for folders. */
  readonly bytes: number | undefined;
};

/** A file of a run or logged model, by the hash it is stored under. */
export type ArtifactFile = { readonly path: string; readonly sha256: string; readonly bytes: number };

const MAX_PATH = 1000;
const MAX_ENTRIES = 10_000;
/** What ends the range of paths that begin with `folder/`: the character after the slash. */
const AFTER_SLASH = '0';

/**
 * Files of runs and logged models: a root such as `0/RUN/artifacts`, paths below it, content in the store of the registry.
 * A path is written once.
 */
export class Artifacts {
  readonly #core: TrackingCore;
  readonly #store: ArtefactStore;

  constructor(core: TrackingCore, store: ArtefactStore) {
    this.#core = core;
    this.#store = store;
  }

  /**
   * Stores a file; the same content once more changes nothing.
   * @throws PilotfishError `USAGE` for a path that leaves its root, `EXISTS` for one that holds another content, `LIMIT`.
   */
  async put(
    root: string,
    path: string,
    source: ArtefactSource,
    options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ArtifactFile> {
    checkArtifactPath(root);
    checkArtifactPath(path);
    const { sha256, bytes } = await this.#store.put(source, options);
    return this.#core.state.write(async (sql) => {
      const before = await sql.get('SELECT sha256 FROM artifacts WHERE root = ? AND path = ?', root, path);
      if (before !== undefined && before['sha256'] !== sha256) {
        throw new PilotfishError(
          'EXISTS',
          `the artifact ${path} is there already with another content: use another path`,
        );
      }
      await refuseNesting(sql, root, path);
      if (!this.#store.has(sha256))
        throw new PilotfishError('MISSING', `the file ${path} was collected meanwhile: send it again`);
      await sql.run(
        'INSERT INTO artifacts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        ...[root, path, sha256, bytes, this.#core.clock.nowMs()],
      );
      return { path, sha256, bytes };
    });
  }

  /** Files and folders directly below a folder; the file itself for the path of one. @throws PilotfishError `USAGE`. */
  async list(root: string, folder = ''): Promise<ArtifactEntry[]> {
    if (folder !== '') checkArtifactPath(folder);
    const entries = new Map<string, ArtifactEntry>();
    const files = await this.files(root, folder);
    for (const { path, bytes } of files) {
      const rest = folder === '' ? path : path.slice(folder.length + 1);
      const slash = rest.indexOf('/');
      const isDirectory = slash >= 0;
      const name = isDirectory ? rest.slice(0, slash) : rest;
      const whole = folder === '' ? name : `${folder}/${name}`;
      entries.set(whole, { path: whole, isDirectory, bytes: isDirectory ? undefined : bytes });
    }
    return [...entries.values()];
  }

  /** All files below a folder, or below the root, by path. @throws PilotfishError `LIMIT`. */
  files(root: string, folder = ''): Promise<ArtifactFile[]> {
    return this.#core.state.read(async (sql) => {
      const [from, to] = folder === '' ? ['', '\u{10ffff}'] : [`${folder}/`, `${folder}${AFTER_SLASH}`];
      const rows = await sql.all(
        'SELECT path, sha256, bytes FROM artifacts WHERE root = ? AND path > ? AND path < ? ORDER BY path LIMIT ?',
        ...[root, from, to, MAX_ENTRIES + 1],
      );
      if (rows.length > MAX_ENTRIES)
        throw new PilotfishError('LIMIT', `more than ${MAX_ENTRIES} files below ${folder}: name a folder`);
      return rows.map((row) => ({
        path: String(row['path']),
        sha256: String(row['sha256']),
        bytes: Number(row['bytes']),
      }));
    });
  }

  /** One file; read it with `store.read(sha256)`. @throws PilotfishError `MISSING`, `USAGE`. */
  async file(root: string, path: string): Promise<ArtifactFile> {
    checkArtifactPath(path);
    const row = await this.#core.state.read((sql) =>
      sql.get('SELECT sha256, bytes FROM artifacts WHERE root = ? AND path = ?', root, path),
    );
    if (row === undefined) throw new PilotfishError('MISSING', `No such artifact: '${path}'`);
    return { path, sha256: String(row['sha256']), bytes: Number(row['bytes']) };
  }

  /** Takes a file, or all below a folder, off the list; the content stays stored. @returns how many */
  async remove(root: string, path: string): Promise<number> {
    checkArtifactPath(path);
    return this.#core.state.write((sql) =>
      sql.run(
        'DELETE FROM artifacts WHERE root = ? AND (path = ? OR (path > ? AND path < ?))',
        ...[root, path, `${path}/`, `${path}${AFTER_SLASH}`],
      ),
    );
  }
}

/** A file cannot also be a folder. */
async function refuseNesting(sql: Sql, root: string, path: string): Promise<void> {
  const above = path
    .split('/')
    .slice(0, -1)
    .map((_, at, parts) => parts.slice(0, at + 1).join('/'));
  const below = await sql.get(
    'SELECT path FROM artifacts WHERE root = ? AND path > ? AND path < ? LIMIT 1',
    ...[root, `${path}/`, `${path}${AFTER_SLASH}`],
  );
  const isBlocked = async (folder: string): Promise<boolean> =>
    (await sql.get('SELECT path FROM artifacts WHERE root = ? AND path = ?', root, folder)) !== undefined;
  for (const folder of above) {
    if (await isBlocked(folder)) throw new PilotfishError('EXISTS', `${folder} is a file: use another path`);
  }
  if (below !== undefined) throw new PilotfishError('EXISTS', `${path} is a folder: use another path`);
}

/**
 * Refuses every path that could mean something outside its root, however often it is percent-encoded.
 * @throws PilotfishError `USAGE`, in MLflow's words.
 */
export function checkArtifactPath(path: string): string {
  let decoded = path;
  // Each round makes it shorter, or is the last.
  for (;;) {
    const isBad =
      decoded === '' ||
      decoded.length > MAX_PATH ||
      /[\\#\u0000]|^\/|^[A-Za-z]:|:\/\//.test(decoded) ||
      decoded.split('/').some((part) => part === '..' || part === '.' || part === '');
    if (isBad) throw new PilotfishError('USAGE', 'Invalid path');
    const next = decodedOnce(decoded);
    if (next === decoded) return path;
    decoded = next;
  }
}

/** Byte by byte: enough to see what an encoded path would be taken for. */
const decodedOnce = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
