import picomatch from 'picomatch';
import { PilotfishError } from '../../base/index.ts';

/** Answers whether a path (relative to the root, `/` between names) is meant. */
export type PathTest = (path: string) => boolean;

const MAX_PATTERNS = 10_000;
const MAX_PATTERN_CHARACTERS = 4096;

/**
 * Glob patterns as `--exclude` and `--include` take them: `*`, `**`, `?`, `[…]`, `{a,b}`. A pattern without a slash
 * fits a name at any depth; one with a slash fits from the root. A directory that fits stands for all below it.
 */
export function pathTest(patterns: readonly string[]): PathTest {
  if (patterns.length > MAX_PATTERNS) throw usage(`more than ${MAX_PATTERNS} patterns`);
  const byName = patterns.filter((pattern) => !trimmed(pattern).includes('/'));
  const byPath = patterns.filter((pattern) => trimmed(pattern).includes('/'));
  const nameFits = compile(byName.map(trimmed));
  const pathFits = compile(byPath.map((pattern) => trimmed(pattern).replace(/^\.?\//, '')));
  return (path) => nameFits(path.slice(path.lastIndexOf('/') + 1)) || pathFits(path);
}

/** A trailing slash says "directory" in other tools; here a pattern fits whatever has the name. */
function trimmed(pattern: string): string {
  return pattern.replace(/\/+$/, '');
}

function compile(patterns: readonly string[]): PathTest {
  if (patterns.length === 0) return () => false;
  const bad = patterns.find((pattern) => pattern === '' || pattern.length > MAX_PATTERN_CHARACTERS);
  if (bad !== undefined) throw usage(`a pattern of ${bad.length} characters`);
  return picomatch([...patterns], { dot: true, nonegate: true });
}

/** Patterns of an exclude file: one per line; empty lines and lines that begin with `#` are left out. */
export function parsePatternFile(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function usage(what: string): PilotfishError {
  return new PilotfishError('USAGE', `${what} cannot be used: see \`pilotfish pack --help\``);
}
