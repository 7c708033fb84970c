import {
  asRepositoryError,
  exists,
  type FileSystem,
  PilotfishError,
  readSmallFile,
  sha256Hex,
} from '../../base/index.ts';
import { decodeBrotli, MAX_DECODED_BYTES, readUstar } from './archive.ts';
import { type Listed, readListing } from './listing.ts';

/** One file inside a data set. */
export type DataFile = {
  readonly name: string;
  /**
   * The unit that is never divided between training and test: a package, or a path over all its versions. Files of
   * one group are too alike to stand on both sides.
   */
  readonly group: string;
  readonly bytes: Uint8Array;
};

/** One data set: a file of the data folder, whatever lies in it. */
export type DataSet = {
  /** Path within its kind without endings, e.g. `silesia/dickens`. */
  readonly name: string;
  /** Path within the data folder. */
  readonly path: string;
  readonly sha256: string;
  readonly use: Listed['use'];
  /** Decoded anew at each call: nothing large is kept. */
  files(): Iterable<DataFile>;
};

/** Sub-folders of a data folder that hold files to store. */
export type DataKind = 'compression' | 'versions';

const MAX_FILES = 10_000;
const INDEX_NAME = 'index.tsv';
/** More than an archive has room for files. */
const MAX_INDEX_LINES = 2 ** 20;

/**
 * The data sets of one kind in a folder laid out as `KIND/**`, in name order. What lies there is discovered, not known:
 * `.tar.br` is an archive, any other `.br` one file; other formats are skipped with a warning. A file that differs
 * from the folder's list is an error, not a reason to skip. @throws PilotfishError `MISSING`,
 * `USAGE` for what is no folder, `DAMAGED`, `LIMIT`, `IO`.
 */
export function discover(
  fs: FileSystem,
  folder: string,
  kind: DataKind,
  warn: (message: string) => void,
): DataSet[] {
  const sets: DataSet[] = [];
  for (const place of placesIn(fs, folder, kind, warn)) {
    const set = openSet(fs, place);
    if (set === undefined) warn(`${place.path} is skipped: only .tar.br and .br can be read`);
    else sets.push(set);
  }
  return sets;
}

/** Every file of one kind, with what the folder's list says of it. @throws PilotfishError as `discover`. */
export function placesIn(
  fs: FileSystem,
  folder: string,
  kind: string,
  warn: (message: string) => void,
): Place[] {
  if (!exists(fs, folder))
    throw new PilotfishError('MISSING', `there is no folder ${folder}; give one with --data`);
  if (!isFolder(fs, folder))
    throw new PilotfishError('USAGE', `${folder} is no folder; give one with --data`, { path: folder });
  const listing = readListing(fs, folder);
  return filesUnder(fs, folder, kind, warn).map((path) => ({
    folder,
    path,
    listed: listing.get(path),
    kind,
  }));
}

/** Paths of files within the data folder, in name order; what is neither file nor folder is skipped with a warning. */
function filesUnder(fs: FileSystem, folder: string, kind: string, warn: (message: string) => void): string[] {
  const found: string[] = [];
  const walk = (path: string): void => {
    for (const entry of fs.readDirectory(`${folder}/${path}`).sort(Buffer.compare)) {
      const below = `${path}/${entry.toString()}`;
      // A name of other bytes cannot stand in a list, nor in the lineage of a model.
      if (!Buffer.from(entry.toString()).equals(entry)) {
        warn(`${below} is skipped: its name is no UTF-8`);
        continue;
      }
      const { kind: type } = fs.lstat(`${folder}/${below}`);
      if (type === 'directory') walk(below);
      else if (type === 'file') found.push(below);
      else warn(`${below} is skipped: it is a ${type}`);
      if (found.length > MAX_FILES)
        throw new PilotfishError('LIMIT', `more than ${MAX_FILES} files in ${folder}`);
    }
  };
  const root = `${folder}/${kind}`;
  try {
    if (!exists(fs, root)) return found;
    if (!isFolder(fs, root)) {
      throw new PilotfishError('DAMAGED', `${root} is no folder: put data sets into one`, { path: root });
    }
    walk(kind);
  } catch (error) {
    throw asRepositoryError(error, root);
  }
  return found;
}

/** Through links as well. */
const isFolder = (fs: FileSystem, path: string): boolean => exists(fs, `${path}/.`);

/** A file of a data folder. */
export type Place = {
  readonly folder: string;
  /** The sub-folder it lies in, however deep. */
  readonly kind: string;
  readonly path: string;
  readonly listed: Listed | undefined;
};

function openSet(fs: FileSystem, { folder, kind, path, listed }: Place): DataSet | undefined {
  if (!path.endsWith('.br')) return undefined;
  const isArchive = path.endsWith('.tar.br');
  const read = (): Buffer => readPlace(fs, { folder, path, listed });
  const name = path.slice(kind.length + 1).replace(/(\.tar)?\.br$/, '');
  return {
    name,
    path,
    sha256: listed?.sha256 ?? sha256Hex(read()),
    use: listed?.use ?? 'evaluate',
    files() {
      const content = decodeBrotli(path, read());
      if (!isArchive) return [{ name, group: name, bytes: content }];
      return kind === 'versions' ? versionFiles(path, content) : slices(path, content);
    },
  };
}

/** The bytes of a file, checked against the list. @throws PilotfishError `DAMAGED`, `LIMIT`, `IO`. */
export function readPlace(
  fs: FileSystem,
  { folder, path: below, listed }: Pick<Place, 'folder' | 'path' | 'listed'>,
): Buffer {
  const path = `${folder}/${below}`;
  let bytes: Buffer;
  try {
    bytes = readSmallFile(fs, path, listed?.bytes ?? MAX_DECODED_BYTES);
  } catch (error) {
    throw asRepositoryError(error, path);
  }
  if (listed !== undefined && (bytes.length !== listed.bytes || sha256Hex(bytes) !== listed.sha256)) {
    throw new PilotfishError('DAMAGED', `${path} is not the file its list names; fetch it again`, { path });
  }
  return bytes;
}

/** `VERSION/PATH`: one path over all versions is one group. */
function* versionFiles(path: string, archive: Buffer): Generator<DataFile> {
  for (const { name, bytes } of readUstar(path, archive)) {
    yield { name, group: name.slice(name.indexOf('/') + 1), bytes };
  }
}

/** Files of an archive; an `index.tsv` with columns path and group says which belong together. */
function* slices(path: string, archive: Buffer): Generator<DataFile> {
  const files = [...readUstar(path, archive)];
  const index = files.find(({ name }) => name === INDEX_NAME);
  const groups =
    index === undefined ? new Map<string, string>() : groupsOf(path, index.bytes.toString('utf8'));
  for (const { name, bytes } of files) {
    if (name !== INDEX_NAME) yield { name, group: groups.get(name) ?? name, bytes };
  }
}

function groupsOf(path: string, text: string): Map<string, string> {
  const all = text.trimEnd().split('\n', MAX_INDEX_LINES + 1);
  if (all.length > MAX_INDEX_LINES)
    throw new PilotfishError('LIMIT', `${path} has an ${INDEX_NAME} of more than ${MAX_INDEX_LINES} lines`);
  const [header, ...lines] = all.map((line) => line.split('\t'));
  const [pathAt, groupAt] = [header?.indexOf('path') ?? -1, header?.indexOf('group') ?? -1];
  if (pathAt < 0 || groupAt < 0) return new Map();
  return new Map(
    lines.flatMap((cells) => {
      const [name, group] = [cells[pathAt], cells[groupAt]];
      return name === undefined || group === undefined ? [] : [[name, group] as const];
    }),
  );
}
