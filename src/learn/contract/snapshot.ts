import { PilotfishError } from '../../base/index.ts';
import { shown } from './checks.ts';

/** A named block of numbers inside a snapshot; `shape` multiplies to `data.length`. */
export type Tensor = {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
};

/** Plain JSON, as deep as it goes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The whole state of a learner: what it was made with, and every number it has learnt. A restored learner goes
 * on exactly where the snapshot was taken. Snapshots share no memory with their learner.
 */
export type Snapshot = {
  /** Which learner, e.g. `mlp`, `boosted-trees`. */
  readonly kind: string;
  /** Version of the layout of this kind, from 1. */
  readonly version: number;
  /** Options and scalar state. */
  readonly config: { readonly [key: string]: Json };
  readonly tensors: { readonly [name: string]: Tensor };
};

/**
 * Whether a snapshot is of this kind, in the one layout that this release reads: `version`.
 * @throws PilotfishError `NEWER_VERSION` for a later version; `DAMAGED` for another kind, an earlier version, or what
 * is no version.
 */
export function checkSnapshot(snapshot: Snapshot, kind: string, version: number): Snapshot {
  if (snapshot.kind !== kind) {
    throw new PilotfishError(
      'DAMAGED',
      `a snapshot of "${snapshot.kind}" cannot restore "${kind}"; restore it with the class of that kind`,
    );
  }
  if (snapshot.version === version) return snapshot;
  const what = `the "${kind}" snapshot has version ${shown(snapshot.version)}, this release reads ${version}`;
  if (Number.isInteger(snapshot.version) && snapshot.version > version)
    throw new PilotfishError('NEWER_VERSION', `${what}; restore it with a later release`);
  throw new PilotfishError('DAMAGED', `${what}; take the snapshot anew`);
}

/**
 * A tensor of the snapshot with the expected shape and type, as a copy.
 * @throws PilotfishError `DAMAGED` when it is absent or has another type or shape; what the numbers are is for the
 * learner to judge.
 */
export function takeTensor<Data extends Tensor['data']>(
  snapshot: Snapshot,
  name: string,
  expected: { readonly type: new (values: Data) => Data; readonly shape: readonly number[] },
): Data {
  const tensor = Object.hasOwn(snapshot.tensors, name) ? snapshot.tensors[name] : undefined;
  if (tensor === undefined) throw new PilotfishError('DAMAGED', `the snapshot has no tensor "${name}"`);
  const wanted = expected.shape.reduce((product, size) => product * size, 1);
  const fits =
    tensor.data instanceof expected.type &&
    tensor.data.length === wanted &&
    tensor.shape.length === expected.shape.length &&
    tensor.shape.every((size, axis) => size === expected.shape[axis]);
  if (!fits) {
    throw new PilotfishError(
      'DAMAGED',
      `tensor "${name}" is not ${expected.type.name}[${expected.shape.join(', ')}]`,
    );
  }
  return new expected.type(tensor.data as Data);
}
