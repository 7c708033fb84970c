import { MIB, PilotfishError } from '../../base/index.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * The safetensors format (Hugging Face, https://github.com/huggingface/safetensors): numbers for every program, and
 * nothing that runs.
 *
 *   u64 n | n bytes of JSON, padded with blanks to 8 | the numbers of all tensors, without gaps
 *   {"__metadata__": {key: text}, name: {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, …}
 *
 * All numbers are little-endian, as every machine is that runs this; arrays are row by row. Offsets count from the
 * end of the header.
 */

/** Longest header read or written. The format allows 100 MB; a model of 100 000 tensors needs a tenth of it. */
export const MAX_SAFETENSORS_HEADER_BYTES = 16 * MIB;

/** Element types in the order in which the format lays tensors out, last first: wide ones before narrow ones. */
const ARRAYS = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  F8_E5M2: Uint8Array,
  F8_E4M3: Uint8Array,
  I16: Int16Array,
  U16: Uint16Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
} as const;

/** Element type of a tensor; the float types of 8 and 16 bits come and go as their bits. */
export type SafetensorsType = keyof typeof ARRAYS;

const RANK = new Map(Object.keys(ARRAYS).map((dtype, rank) => [dtype, rank]));

/** A tensor of a file; `shape` multiplies to `data.length`, `data` has the array type of `dtype`. */
export type SafetensorsTensor = {
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | BigUint64Array
    | BigInt64Array
    | Float32Array
    | Float64Array;
};

/** The contents of a safetensors file. */
export type Safetensors = {
  readonly tensors: { readonly [name: string]: SafetensorsTensor };
  readonly metadata: { readonly [key: string]: string };
};

const METADATA = '__metadata__';

/**
 * The bytes of a file: the same contents give the same bytes, whatever order they were put together in.
 * @throws PilotfishError `USAGE` for a name or type that cannot be stored, `SHAPE` when a shape does not fit its
 * data, `LIMIT` for a header above `MAX_SAFETENSORS_HEADER_BYTES`.
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const entries = Object.entries(tensors).sort(byLayout);
  let end = 0;
  const fields = entries.map(([name, tensor]) => {
    checkTensor(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    const info = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] };
    return `${quote(name)}:${JSON.stringify(info)}`;
  });
  const notes = encodeMetadata(metadata);
  const header = encodeHeader(notes === undefined ? fields : [notes, ...fields]);
  const bytes = new Uint8Array(8 + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  let at = 8 + header.length;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Wide types first, so that every tensor lies at a multiple of its element size; then by name. */
function byLayout([a, left]: [string, SafetensorsTensor], [b, right]: [string, SafetensorsTensor]): number {
  return (RANK.get(right.dtype) ?? 0) - (RANK.get(left.dtype) ?? 0) || (a < b ? -1 : 1);
}

function checkTensor(name: string, { dtype, shape, data }: SafetensorsTensor): void {
  if (name === METADATA) throw new PilotfishError('USAGE', `no tensor can be named ${METADATA}; rename it`);
  if (!Object.hasOwn(ARRAYS, dtype) || !(data instanceof ARRAYS[dtype])) {
    throw new PilotfishError('USAGE', `the data of tensor "${name}" is not of type ${dtype}; convert it`);
  }
  if (!shape.every(isSize) || product(shape) !== data.length) {
    const message = `tensor "${name}" has ${data.length} values where its shape is [${shape.join(', ')}]`;
    throw new PilotfishError('SHAPE', message);
  }
}

function quote(text: string): string {
  if (!text.isWellFormed()) {
    throw new PilotfishError('USAGE', `${JSON.stringify(text)} has half a character; use whole ones`);
  }
  return JSON.stringify(text);
}

function encodeMetadata(metadata: Safetensors['metadata']): string | undefined {
  const entries = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return undefined;
  return `"${METADATA}":{${entries.map(([key, text]) => `${quote(key)}:${quote(text)}`).join(',')}}`;
}

function encodeHeader(fields: readonly string[]): Uint8Array {
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_SAFETENSORS_HEADER_BYTES) throw tooLong(length);
  const header = new Uint8Array(length).fill(32);
  header.set(text);
  return header;
}

/**
 * Reads a file; the tensors share no memory with `bytes`. Everything is checked before any number is copied.
 * @throws PilotfishError `DAMAGED` for bytes that break the format in any way (tensors that overlap or leave gaps,
 * names given twice, shapes that do not fit), `LIMIT` for a header above `MAX_SAFETENSORS_HEADER_BYTES`,
 * `UNSUPPORTED` for an element type that is not known here.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, dataAt } = readHeader(bytes);
  const metadata = Object.hasOwn(header, METADATA) ? readMetadata(header[METADATA]) : {};
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, info]) => readEntry(name, info))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== at) throw damaged(`tensor "${name}" begins at ${begin} where ${at} is due`);
    at = end;
  }
  if (dataAt + at !== bytes.length) {
    throw damaged(`${bytes.length - dataAt} bytes of numbers where ${at} are described`);
  }
  const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, SafetensorsTensor] => {
    // Not slice(): that of a Buffer copies nothing.
    const copy = new Uint8Array(bytes.subarray(dataAt + begin, dataAt + end));
    return [name, { dtype, shape, data: new ARRAYS[dtype](copy.buffer) }];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

type Fields = { readonly [key: string]: unknown };

function readHeader(bytes: Uint8Array): { header: Fields; dataAt: number } {
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes are no file`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_SAFETENSORS_HEADER_BYTES) throw tooLong(length);
  const dataAt = 8 + length;
  if (dataAt > bytes.length) throw damaged(`a header of ${length} bytes in a file of ${bytes.length}`);
  const header = parseStrictJson(bytes.subarray(8, dataAt), 3);
  // The format asks for the brace at once: a file must not be taken for another format.
  if (bytes[8] !== 123 || !isFields(header)) throw damaged('the header is no object');
  return { header, dataAt };
}

function readMetadata(value: unknown): Safetensors['metadata'] {
  const isTexts = (fields: Fields): fields is Safetensors['metadata'] =>
    Object.values(fields).every((text) => typeof text === 'string');
  if (!isFields(value) || !isTexts(value)) throw damaged('the metadata are not texts');
  return value;
}

function readEntry(name: string, info: unknown) {
  if (!isFields(info)) throw damaged(`tensor "${name}" is not described`);
  const { dtype, shape, data_offsets: offsets } = info;
  if (typeof dtype !== 'string') throw damaged(`tensor "${name}" has no type`);
  if (!isKnown(dtype)) {
    throw new PilotfishError('UNSUPPORTED', `tensor "${name}" is of type ${dtype}; convert it to F32`);
  }
  if (!isSizes(shape)) throw damaged(`tensor "${name}" has no shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw damaged(`tensor "${name}" has no offsets`);
  const [begin, end] = offsets as [number, number];
  // In floating point a huge product is not exact, but then it is no length of a real file either.
  if (product(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT !== end - begin) {
    throw damaged(`tensor "${name}" has ${end - begin} bytes for ${dtype}[${shape.join(', ')}]`);
  }
  return { name, dtype, shape, begin, end };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isKnown = (dtype: string): dtype is SafetensorsType => Object.hasOwn(ARRAYS, dtype);
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every(isSize);
const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

const damaged = (reason: string): PilotfishError =>
  new PilotfishError('DAMAGED', `not a safetensors file (${reason}); fetch or write it anew`);

const tooLong = (length: number): PilotfishError =>
  new PilotfishError(
    'LIMIT',
    `a header of ${length} bytes, ${MAX_SAFETENSORS_HEADER_BYTES} allowed; split the model into files`,
  );
