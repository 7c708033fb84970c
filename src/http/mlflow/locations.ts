import { usage } from '../errors.ts';

/** @throws PilotfishError `USAGE` for a place of an experiment that could be another than it seems. */
export function checkArtifactLocation(location: string | undefined): void {
  if (location === undefined) return;
  if (/[#;]/.test(location)) throw usage("'artifact_location' URL can't include fragments or params.");
  const plain = decoded(location);
  if (plain.startsWith('runs:')) {
    throw usage(`Artifact location cannot be a runs:/ URI. Given: '${location}'`);
  }
  if (plain.includes('\u0000') || plain.split(/[/\\?]/).includes('..')) {
    throw usage(`Invalid artifact location: '${location}'`);
  }
}

/** However often it was percent-encoded; each round makes it shorter, or is the last. */
function decoded(text: string): string {
  const once = text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return once === text ? text : decoded(once);
}
