import { usage } from '../errors.ts';
import type { Tensor } from './tensors.ts';

/** As the messages of `open_inference.proto` are read: every field is there, of lists the empty one. */
export type InferRequest = {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly inputs: readonly InputTensor[];
  readonly outputs: readonly { readonly name: string }[];
  readonly raw_input_contents: readonly Buffer[];
};

type InputTensor = {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents: Readonly<Record<string, readonly unknown[]>> | null;
};

/** What the route for REST answers. */
export type InferAnswer = {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly outputs: readonly Tensor[];
};

type Layout = {
  readonly field: string;
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
};

/** Where the values of a datatype are, and how they lie in raw bytes. Those of 16 bits have no field of their own. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  BOOL: { field: 'bool_contents', bytes: 1, read: (view, at) => view.getUint8(at) },
  UINT8: { field: 'uint_contents', bytes: 1, read: (view, at) => view.getUint8(at) },
  UINT16: { field: 'uint_contents', bytes: 2, read: (view, at) => view.getUint16(at, true) },
  UINT32: { field: 'uint_contents', bytes: 4, read: (view, at) => view.getUint32(at, true) },
  UINT64: { field: 'uint64_contents', bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  INT8: { field: 'int_contents', bytes: 1, read: (view, at) => view.getInt8(at) },
  INT16: { field: 'int_contents', bytes: 2, read: (view, at) => view.getInt16(at, true) },
  INT32: { field: 'int_contents', bytes: 4, read: (view, at) => view.getInt32(at, true) },
  INT64: { field: 'int64_contents', bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  FP16: { field: '', bytes: 2, read: (view, at) => halfOf(view.getUint16(at, true)) },
  FP32: { field: 'fp32_contents', bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  FP64: { field: 'fp64_contents', bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** The body that asks the same by REST. @throws PilotfishError `USAGE` for contents that are not what the protocol says. */
export function bodyOf({ id, inputs, outputs, raw_input_contents: raw }: InferRequest): object {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw usage(`${raw.length} raw contents for ${inputs.length} inputs; give one for each, or none`);
  }
  const tensors = inputs.map((tensor, at) => {
    const { name, datatype, shape } = tensor;
    const layout = LAYOUTS[datatype];
    // Without data: the route says what it thinks of the datatype.
    const data = layout === undefined ? [] : dataOf(tensor, raw[at], layout);
    if (data.some((value) => Math.abs(Number(value)) === Number.POSITIVE_INFINITY)) {
      throw usage(`the tensor ${name} has infinite values; send finite ones, or NaN for what is missing`);
    }
    return { name, datatype, shape, data };
  });
  return { ...(id === '' ? {} : { id }), inputs: tensors, outputs: outputs.map(({ name }) => ({ name })) };
}

function dataOf(
  { name, datatype, contents }: InputTensor,
  raw: Buffer | undefined,
  { field, bytes, read }: Layout,
): readonly unknown[] {
  if (raw === undefined) {
    if (field === '') throw usage(`the tensor ${name} is of ${datatype}; send it as raw contents`);
    return contents?.[field] ?? [];
  }
  if (contents !== null) throw usage(`the tensor ${name} has contents and raw contents; send one of them`);
  if (raw.length % bytes !== 0) {
    throw usage(`the raw contents of ${name} end amid a value of ${datatype}; send ${bytes} bytes for each`);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  return Array.from({ length: raw.length / bytes }, (_, at) => read(view, at * bytes));
}

/** A number of IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfOf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}

/** The answer as a message: raw to who asked raw. */
export function messageOf({ outputs, ...rest }: InferAnswer, isRaw: boolean): object {
  const heads = outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  if (isRaw) return { ...rest, outputs: heads, raw_output_contents: outputs.map(packed) };
  return { ...rest, outputs: heads.map((head, at) => ({ ...head, contents: contentsOf(outputs[at]) })) };
}

/** Models answer in FP64 and BYTES. JSON has null for what is no number. */
const numbersOf = ({ data }: Tensor): number[] =>
  data.map((value) => (value === null ? Number.NaN : Number(value)));
const textsOf = ({ data }: Tensor): Buffer[] => data.map((value) => Buffer.from(String(value)));

function contentsOf(tensor: Tensor | undefined): object {
  if (tensor === undefined) return {};
  return tensor.datatype === 'BYTES'
    ? { bytes_contents: textsOf(tensor) }
    : { fp64_contents: numbersOf(tensor) };
}

/** Little-endian, whatever the machine; texts each after their length in 32 bits. */
function packed(tensor: Tensor): Buffer {
  if (tensor.datatype === 'BYTES') {
    return Buffer.concat(
      textsOf(tensor).flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    );
  }
  const values = numbersOf(tensor);
  const bytes = Buffer.alloc(values.length * 8);
  for (const [at, value] of values.entries()) bytes.writeDoubleLE(value, at * 8);
  return bytes;
}
