import { PilotfishError } from '../../../base/index.ts';
import type { Signer } from '../artefacts/signer.ts';
import type { Sql } from '../state/port.ts';
import type { ModelVersion, VersionFile } from './types.ts';

/** What the registry signs of a version. */
export type VersionManifest = {
  readonly modelId: string;
  /** At registration; a later rename does not change it. */
  readonly name: string;
  readonly number: number;
  readonly version: string | undefined;
  readonly algorithm: string;
  readonly framework: string;
  readonly files: readonly VersionFile[];
  readonly createdMs: number;
};

/** A manifest for those who check without the registry: Ed25519 over the bytes of the text. */
export type SignedManifest = {
  readonly manifest: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** PEM. */
  readonly publicKey: string;
};

/** The bytes that are signed: JSON with its keys in this order. */
export function manifestOf(manifest: VersionManifest): string {
  const { modelId, name, number, version = null, algorithm, framework, createdMs } = manifest;
  const files = manifest.files
    .map((file) => ({ name: file.name, sha256: file.sha256, bytes: file.bytes }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return JSON.stringify({
    format: 1,
    modelId,
    name,
    number,
    version,
    algorithm,
    framework,
    files,
    createdMs,
  });
}

/** What was signed of a version. @throws PilotfishError `REFUSED` for an artefact that lies elsewhere. */
export async function signedManifest(
  sql: Sql,
  signer: Signer,
  version: ModelVersion,
): Promise<SignedManifest> {
  const row = await sql.get('SELECT manifest, signature FROM versions WHERE id = ?', version.modelId);
  const [manifest, signature] = [row?.['manifest'], row?.['signature']];
  if (typeof manifest === 'string' && signature instanceof Uint8Array) {
    return { manifest, signature, publicKey: signer.publicPem() };
  }
  throw new PilotfishError(
    'REFUSED',
    `${version.name}/${version.number} has no manifest: its artefact lies elsewhere`,
  );
}

/**
 * Checks that what the tables say of a version's files is what was signed when it was registered.
 * @throws PilotfishError `TAMPERED`.
 */
export async function checkManifest(sql: Sql, signer: Signer, version: ModelVersion): Promise<void> {
  const row = await sql.get('SELECT manifest, signature FROM versions WHERE id = ?', version.modelId);
  const [text, signature] = [row?.['manifest'], row?.['signature']];
  const isSigned =
    typeof text === 'string' && signature instanceof Uint8Array && signer.verify(text, signature);
  if (!isSigned) throw tampered(version, 'its manifest is not signed by the key of this registry');
  const signed = JSON.parse(text) as VersionManifest;
  const { modelId, number, version: label, algorithm, framework, files, createdMs } = version;
  const now = manifestOf({
    ...{ modelId, number, version: label, algorithm, framework, files, createdMs },
    name: signed.name,
  });
  if (now !== text) throw tampered(version, 'the registry says something else than what was signed');
}

const tampered = ({ name, number }: ModelVersion, what: string): PilotfishError =>
  new PilotfishError(
    'TAMPERED',
    `${name}/${number} was tampered with: ${what}. Restore a backup, or register it again`,
  );
