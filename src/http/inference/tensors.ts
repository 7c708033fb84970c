import { isObject, PilotfishError } from '../../base/index.ts';
import { usage } from '../errors.ts';

/** A tensor of the protocol, row by row. */
export type Tensor = {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
};

const INTEGERS: Readonly<Record<string, readonly [number, number]>> = {
  BOOL: [0, 1],
  ...{ UINT8: [0, 255], UINT16: [0, 65_535], UINT32: [0, 2 ** 32 - 1], UINT64: [0, 2 ** 64] },
  ...{
    INT8: [-128, 127],
    INT16: [-32_768, 32_767],
    INT32: [-(2 ** 31), 2 ** 31 - 1],
    INT64: [-(2 ** 63), 2 ** 63],
  },
};
const FLOATS = ['FP16', 'FP32', 'FP64'];
/** Questions of one call. */
export const MAX_ROWS = 16_384;
const MAX_DEPTH = 8;

/**
 * The rows of a request: one tensor of shape [rows, features], or [features] for a single row.
 * @throws PilotfishError `USAGE`, `SHAPE`, `LIMIT`, `UNSUPPORTED` for a type that is no number.
 */
export function rowsOf(body: unknown, features: number): Float64Array[] {
  const tensor = tensorOf(body);
  const values = numbersOf(tensor);
  const [rows = 0, columns = 0] = tensor.shape.length === 1 ? [1, ...tensor.shape] : tensor.shape;
  if (tensor.shape.length > 2 || columns !== features) {
    throw new PilotfishError(
      'SHAPE',
      `shape [${tensor.shape.join(', ')}] where the model takes [-1, ${features}]; give that`,
    );
  }
  if (rows > MAX_ROWS) throw new PilotfishError('LIMIT', `${rows} rows; ask for at most ${MAX_ROWS} at once`);
  return Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns));
}

function tensorOf(body: unknown): Tensor {
  const inputs = isObject(body) ? body['inputs'] : undefined;
  if (!Array.isArray(inputs) || inputs.length !== 1)
    throw usage('give `inputs` with one tensor: the features, row by row');
  const tensor: unknown = inputs[0];
  if (!isObject(tensor)) throw usage('a tensor is an object with name, shape, datatype and data');
  const { name, datatype, shape, data } = tensor;
  if (typeof name !== 'string' || typeof datatype !== 'string')
    throw usage('a tensor has a name and a datatype');
  const isShape =
    Array.isArray(shape) &&
    shape.length > 0 &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape || !Array.isArray(data))
    throw usage('a tensor has a shape of whole numbers and a list of data');
  return { name, datatype, shape: shape as number[], data };
}

/** The data, flat or nested, as numbers; null is a value that is missing. */
function numbersOf({ datatype, shape, data, name }: Tensor): Float64Array {
  const range = INTEGERS[datatype];
  if (range === undefined && !FLOATS.includes(datatype)) {
    throw new PilotfishError(
      'UNSUPPORTED',
      `the tensor ${name} is of ${datatype}; models here take numbers, such as FP64`,
    );
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > MAX_ROWS * MAX_ROWS)
    throw new PilotfishError('LIMIT', `the tensor ${name} has ${count} values; send fewer`);
  const flat: readonly unknown[] = data.some(Array.isArray) ? data.flat(MAX_DEPTH) : data;
  if (flat.length !== count) {
    throw new PilotfishError(
      'SHAPE',
      `the tensor ${name} has ${flat.length} values where its shape has ${count}; send as many`,
    );
  }
  return Float64Array.from(flat, (value) => numberOf(value, range, datatype));
}

function numberOf(value: unknown, range: readonly [number, number] | undefined, datatype: string): number {
  if (range === undefined && value === null) return Number.NaN;
  const number = datatype === 'BOOL' && typeof value === 'boolean' ? Number(value) : value;
  const fits =
    typeof number === 'number' &&
    (range === undefined || (Number.isInteger(number) && number >= range[0] && number <= range[1]));
  if (fits) return number;
  throw usage(`${JSON.stringify(value)} is no ${datatype}; send what the datatype says`);
}
