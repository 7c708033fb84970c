import { errnoOf, hasCode, PilotfishError, readSmallFile, sha256 } from '../../base/index.ts';
import { MAX_FINGERPRINTS } from '../../signals/index.ts';
import { WireReader } from '../pack/index.ts';
import { publish } from '../repo/index.ts';
import type { Repository } from '../session/index.ts';
import { FingerprintTable, ID_BYTES } from './fingerprint-table.ts';

/**
 * What is kept of fingerprints, a cache:
 *
 *   file    := "pilotfish fingerprints 1\n" ‖ sealed( content )
 *   content := SHA-256 of the rest (32) ‖ rest
 *   rest    := repository id (16) ‖ pack count u32 ‖ block count u32 ‖ name (32) × packs ‖ id (32) × blocks
 *              ‖ fingerprint u64 × blocks
 *
 * Packs are those of which every block is in the table or has fewer than 4 bytes; names and ids ascend.
 */
export interface KeptFingerprints {
  /** Names of packs nothing is missing of. */
  readonly packs: ReadonlySet<string>;
  readonly table: FingerprintTable;
}

const MAGIC = Buffer.from('pilotfish fingerprints 1\n', 'ascii');
const HASH_BYTES = 32;
const FINGERPRINT_BYTES = 8;
const MAX_PACKS = 2 ** 20;
const MAX_FILE_BYTES = 4096 + ID_BYTES * MAX_PACKS + (ID_BYTES + FINGERPRINT_BYTES) * MAX_FINGERPRINTS;

/** What was kept; nothing, with a warning, when it is not what this repository would have written. Throws IO. */
export function readFingerprints(repository: Repository): KeptFingerprints {
  try {
    return parse(repository, readFile(repository));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') {
      repository.ports.log.write('warn', 'the fingerprints of blocks cannot be used and are made anew', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
    return { packs: new Set(), table: new FingerprintTable(Buffer.alloc(0)) };
  }
}

function readFile({ ports: { fs }, layout }: Repository): Buffer {
  const { kind, links } = fs.lstat(layout.fingerprints);
  if (kind !== 'file' || links !== 1) throw unusable('no plain file of this repository alone');
  return readSmallFile(fs, layout.fingerprints, MAX_FILE_BYTES);
}

function parse({ sealer, config }: Repository, file: Buffer): KeptFingerprints {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) throw unusable('another file, or another version');
  const content = sealer.open(file.subarray(MAGIC.length), 'fingerprints');
  const reader = new WireReader(content);
  const hash = reader.take(HASH_BYTES);
  if (!hash.equals(sha256(content.subarray(HASH_BYTES)))) throw unusable('the checksum does not fit');
  if (reader.take(config.id.length / 2).toString('hex') !== config.id) throw unusable('another repository');
  const [packCount, blockCount] = [reader.u32(), reader.u32()];
  const names = reader.take(ID_BYTES * packCount);
  const table = new FingerprintTable(Buffer.from(reader.take(ID_BYTES * blockCount)));
  const fingerprints = reader.rest();
  if (fingerprints.length !== FINGERPRINT_BYTES * blockCount) throw unusable('another length');
  bytesOf(table.fingerprints).set(fingerprints);
  const nameAt = (pack: number): string => names.toString('hex', ID_BYTES * pack, ID_BYTES * (pack + 1));
  return { packs: new Set(Array.from({ length: packCount }, (_, pack) => nameAt(pack))), table };
}

/** Keeps fingerprints for the next run; where that cannot be, with a warning, this run has them all the same. */
export function keepFingerprints(repository: Repository, { packs, table }: KeptFingerprints): void {
  const { layout, lock, ports, sealer } = repository;
  const content = contentOf(repository, { packs, table });
  const file = Buffer.concat([MAGIC, sealer.seal(content, 'fingerprints')]);
  try {
    publish(ports.fs, file, {
      temporary: layout.temporary(lock.writerId, 'fingerprints'),
      final: layout.fingerprints,
    });
  } catch (error) {
    if (!hasCode(error, 'IO', 'NO_SPACE')) throw error;
    ports.log.write('warn', 'the fingerprints of blocks cannot be kept for the next time', {
      reason: error.message,
    });
  }
}

function contentOf({ config }: Repository, { packs, table }: KeptFingerprints): Buffer {
  const counts = Buffer.allocUnsafe(8);
  counts.writeUInt32LE(packs.size, 0);
  counts.writeUInt32LE(table.rows, 4);
  const content = Buffer.concat([
    Buffer.alloc(HASH_BYTES),
    Buffer.from(config.id, 'hex'),
    counts,
    ...[...packs].sort().map((name) => Buffer.from(name, 'hex')),
    table.ids,
    bytesOf(table.fingerprints),
  ]);
  content.set(sha256(content.subarray(HASH_BYTES)));
  return content;
}

/** Little-endian, as everything Node runs on is. */
function bytesOf({ buffer, byteOffset, byteLength }: BigUint64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const unusable = (reason: string): PilotfishError =>
  new PilotfishError('DAMAGED', `${reason}: what it held is computed again`);
