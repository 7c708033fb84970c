// Snapshots that nobody took: some that must be refused, and some that may be survived in other ways.
import type { Json, Snapshot, Tensor } from '../../../src/learn/index.ts';

type Named = readonly [what: string, snapshot: Snapshot];

/** What can be no snapshot of the learner that `whole` was taken from. */
export function* lies(whole: Snapshot): Generator<Named> {
  yield ['another kind', { ...whole, kind: 'something else' }];
  yield ['a later version', { ...whole, version: whole.version + 1 }];
  if (Object.keys(whole.config).length > 0) yield ['nothing in its config', { ...whole, config: {} }];
  for (const [name, tensor] of Object.entries(whole.tensors)) {
    const { [name]: _, ...others } = whole.tensors;
    const withTensor = (lie: Tensor): Snapshot => ({ ...whole, tensors: { ...others, [name]: lie } });
    yield [`no tensor ${name}`, { ...whole, tensors: others }];
    yield [`a tensor ${name} of another shape`, withTensor({ shape: [1, 1, 1, 7], data: tensor.data })];
    yield [`a tensor ${name} of another type`, withTensor({ ...tensor, data: anotherType(tensor.data) })];
    const longer = { shape: [tensor.data.length + 1], data: resized(tensor.data, tensor.data.length + 1) };
    yield [`one value more in ${name}`, withTensor(longer)];
  }
}

/** `whole` with one value after the other replaced by what a fool or an attacker might put there. */
export function* pretences(whole: Snapshot): Generator<Named> {
  for (const [path, config] of replaced(whole.config, '')) {
    yield [`config${path}`, { ...whole, config: config as Snapshot['config'] }];
  }
  for (const [name, { shape, data }] of Object.entries(whole.tensors)) {
    for (const value of [0, -1, 1, 1e9, 3e38, Number.NaN, Number.POSITIVE_INFINITY]) {
      const tensor = { shape, data: data.slice().fill(value) };
      yield [`${name} full of ${value}`, { ...whole, tensors: { ...whole.tensors, [name]: tensor } }];
    }
    const empty = { shape: [0], data: resized(data, 0) };
    yield [`an empty ${name}`, { ...whole, tensors: { ...whole.tensors, [name]: empty } }];
  }
}

const VALUES: readonly Json[] = [null, true, 'x', [], {}, -1, 0, 0.5, 2, 2 ** 24, 2 ** 31, 2 ** 53, 1e300];

/** Copies of a JSON value: in each of them one thing, however deep, is left out or something else. */
function* replaced(json: Json, path: string): Generator<readonly [path: string, Json]> {
  if (typeof json !== 'object' || json === null) return;
  const keys = Object.keys(json);
  const inside = json as { readonly [key: string]: Json };
  const copyWith = (key: string, value: Json): Json => {
    const copy = (Array.isArray(json) ? [...json] : { ...json }) as { [key: string]: Json };
    copy[key] = value;
    return copy;
  };
  for (const key of keys) {
    const here = `${path}.${key}`;
    const others = keys.filter((other) => other !== key).map((other) => [other, inside[other]] as const);
    yield [
      `${here} left out`,
      Array.isArray(json) ? others.map(([, value]) => value as Json) : (Object.fromEntries(others) as Json),
    ];
    for (const value of VALUES) yield [`${here} = ${JSON.stringify(value)}`, copyWith(key, value)];
    for (const [deeper, value] of replaced(inside[key] as Json, here)) yield [deeper, copyWith(key, value)];
  }
}

const anotherType = (data: Tensor['data']): Tensor['data'] =>
  data instanceof Uint8Array ? new Int32Array(data.length) : new Uint8Array(data.length);

function resized(data: Tensor['data'], length: number): Tensor['data'] {
  const copy = new (data.constructor as new (length: number) => Tensor['data'])(length);
  copy.set(data.subarray(0, length));
  return copy;
}
