import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, PilotfishError } from '../base/index.ts';
import { type PathTest, parsePatternFile, pathTest } from '../blocks/index.ts';
import { usageError } from './exit.ts';

const MAX_PATTERN_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The absolute path of a source. A symbolic link at its end stays one and is stored as a link, unless a slash behind
 * it asks for the directory it leads to.
 */
export function sourcePath(argument: string): Buffer {
  if (argument === '') throw usageError('a PATH is empty: name a file or directory, `.` for this one');
  const path = resolve(argument);
  try {
    const isLink = lstatSync(path).isSymbolicLink();
    return Buffer.from(isLink && argument.endsWith('/') ? realpathSync(path) : path);
  } catch (error) {
    throw unreadable(argument, error);
  }
}

/** Node decodes arguments as UTF-8 before any program sees them: other bytes are lost by then. */
function unreadable(argument: string, cause: unknown): PilotfishError {
  const hint = argument.includes('\ufffd')
    ? 'names that are not UTF-8 cannot be given as arguments, give the directory that holds it'
    : `check the path (${errnoOf(cause)})`;
  return new PilotfishError('UNREADABLE', `${argument} cannot be read: ${hint}`, { cause, path: argument });
}

/**
 * The patterns of `--exclude` and `--exclude-file` together. Knows which of `--exclude` have fitted nothing so far: a
 * mistyped one stores what was to be left out. Files of patterns are often meant for many sources and are not watched.
 */
export class Excludes {
  /** True for paths to leave out; undefined when there are no patterns. */
  readonly isExcluded: PathTest | undefined;
  readonly #unused: Map<string, PathTest>;

  constructor(patterns: readonly string[] = [], files: readonly string[] = []) {
    const all = [...patterns, ...files.flatMap((file) => parsePatternFile(readText(file)))];
    this.#unused = new Map(patterns.map((pattern) => [pattern, pathTest([pattern])]));
    if (all.length === 0) return;
    const fits = pathTest(all);
    this.isExcluded = (path) => fits(path) && this.#note(path);
  }

  /** Patterns of `--exclude` that have fitted nothing. */
  get unused(): readonly string[] {
    return [...this.#unused.keys()];
  }

  #note(path: string): true {
    for (const [pattern, fits] of this.#unused) if (fits(path)) this.#unused.delete(pattern);
    return true;
  }
}

function readText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PilotfishError('UNREADABLE', `${file} cannot be read: check the path (${errnoOf(cause)})`, {
      cause,
    });
  }
  if (text.length > MAX_PATTERN_FILE_BYTES)
    throw usageError(`${file} is too large for a file of patterns: split it`);
  return text;
}

const DEFAULT_STREAM_NAME = 'stdin';

/** The name standard input is stored under. */
export function streamName(name = DEFAULT_STREAM_NAME): string {
  if (!/^\.{0,2}$/.test(name) && !/[/\0]/.test(name)) return name;
  throw usageError('--stdin-name cannot be used: give the plain name of a file, without folders');
}

/** A path in a snapshot as it is stored: without slashes at its ends, doubled ones, or `.`. */
export function storedPath(argument: string): Buffer<ArrayBuffer> {
  const names = argument.split('/').filter((name) => name !== '' && name !== '.');
  return Buffer.from(names.join('/'));
}
