import { PilotfishError } from '../../base/index.ts';
import { type Json, type Snapshot, type Tensor, wholeNumber } from '../contract/index.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsTensor,
  type SafetensorsType,
} from './safetensors.ts';
import { parseStrictJson } from './strict-json.ts';

/** How models lie on disk: the tensors of a snapshot in a safetensors file, everything else in its metadata. */

const FORMAT = 'pilotfish-snapshot';
/** Options and scalar state are shallow; a file that nests deeper was not written here. */
const CONFIG_DEPTH_MAX = 32;
const VERSION_MAX = 999_999_999;

/**
 * The snapshot as a safetensors file. Equal snapshots give equal bytes: keys are sorted, and so come back sorted.
 * @throws PilotfishError `NOT_FINITE` for NaN or an infinity in the config, which JSON cannot hold; `USAGE` for a
 * version that is no whole number from 1 and for a config that is no JSON or deeper than 32; and as `encodeSafetensors`.
 */
export function encodeSnapshot({ kind, version, config, tensors }: Snapshot): Uint8Array {
  const entries = Object.entries(tensors).map(([name, { shape, data }]): [string, SafetensorsTensor] => [
    name,
    { dtype: typeOf(name, data), shape, data },
  ]);
  wholeNumber('version', version, [1, VERSION_MAX]);
  const metadata = { format: FORMAT, kind, version: String(version), config: sortedJson(config) };
  return encodeSafetensors({ tensors: Object.fromEntries(entries), metadata });
}

/**
 * Reads what `encodeSnapshot` wrote; the restoring learner judges the contents.
 * @throws PilotfishError `DAMAGED` for a file that is no snapshot, and as `decodeSafetensors`.
 */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { format, kind, version, config } = { ...metadata };
  if (format !== FORMAT || kind === undefined || version === undefined || config === undefined) {
    throw new PilotfishError(
      'DAMAGED',
      'a safetensors file, but no snapshot; read it with decodeSafetensors',
    );
  }
  if (!/^[1-9]\d{0,8}$/.test(version)) {
    throw new PilotfishError('DAMAGED', `"${version}" is no version of a snapshot; write the file anew`);
  }
  const entries = Object.entries(tensors).map(([name, { dtype, shape, data }]): [string, Tensor] => {
    if (typeOf(name, data) !== dtype) throw strange(name);
    return [name, { shape, data: data as Tensor['data'] }];
  });
  const parsed = readConfig(config);
  return { kind, version: Number(version), config: parsed, tensors: Object.fromEntries(entries) };
}

function readConfig(text: string): Snapshot['config'] {
  const value = parseStrictJson(new TextEncoder().encode(text), CONFIG_DEPTH_MAX);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PilotfishError('DAMAGED', 'the config of the snapshot is no object; write the file anew');
  }
  return value as Snapshot['config'];
}

function typeOf(name: string, data: SafetensorsTensor['data']): SafetensorsType {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Uint8Array) return 'U8';
  throw strange(name);
}

const strange = (name: string): PilotfishError =>
  new PilotfishError('DAMAGED', `tensor "${name}" has a type that no snapshot has; write the file anew`);

/** JSON with sorted keys that keeps −0 and refuses what `JSON.stringify` would silently turn into null. */
function sortedJson(value: Json, depth = 0): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'object' && value !== null && depth === CONFIG_DEPTH_MAX) {
    throw new PilotfishError('USAGE', `the config is nested deeper than ${CONFIG_DEPTH_MAX}; flatten it`);
  }
  if (isList(value)) return `[${value.map((item) => sortedJson(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${sortedJson(item, depth + 1)}`).join(',')}}`;
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  throw new PilotfishError('USAGE', `${typeof value} in the config of a snapshot; it holds JSON only`);
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    throw new PilotfishError('NOT_FINITE', `${value} in the config of a snapshot; put it into a tensor`);
  }
  return Object.is(value, -0) ? '-0' : String(value);
}
