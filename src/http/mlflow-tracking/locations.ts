import { resolve } from 'node:path';
import { usage } from '../errors.ts';

/**
 * The place of an experiment's artifacts; a relative one begins where the server does. Nothing of this machine is ever
 * read there: it is for clients to know.
 * @throws PilotfishError `USAGE` for one that could be another than it seems.
 */
export function artifactLocation(location: string): string {
  if (/[#;]/.test(location)) throw usage("'artifact_location' URL can't include fragments or params.");
  const plain = decoded(location);
  if (plain.startsWith('runs:')) {
    throw usage(`Artifact location cannot be a runs:/ URI. Given: '${location}'`);
  }
  if (plain.includes('\u0000') || isAbove(plain)) {
    throw usage(`Invalid artifact location: '${location}'`);
  }
  return /^[a-z][a-z0-9+.-]*:/i.test(plain) ? location : resolve(location);
}

/** A part of its path, or anything in its query. */
function isAbove(location: string): boolean {
  const [path = '', ...query] = location.split('?');
  return path.split(/[/\\]/).includes('..') || query.join('?').includes('..');
}

/** However often it was percent-encoded; each round makes it shorter, or is the last. */
function decoded(text: string): string {
  const once = text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return once === text ? text : decoded(once);
}
