import { FastRng, PilotfishError } from '../../base/index.ts';
import { allFinite, wholeNumber } from './checks.ts';
import { type Snapshot, type Tensor, takeTensor } from './snapshot.ts';

const SEED_RANGE = [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const;

/** @throws PilotfishError `USAGE` unless the seed is a whole number. */
export function seededRng(seed: number): FastRng {
  return new FastRng(wholeNumber('seed', seed, SEED_RANGE));
}

/** The state of a generator, for a snapshot. */
export function rngTensor(rng: FastRng): Tensor {
  return { shape: [4], data: Uint32Array.from(rng.state) };
}

/** The generator of a snapshot's tensor `rng`. @throws PilotfishError `DAMAGED`. */
export function takeRng(snapshot: Snapshot): FastRng {
  return FastRng.restore(takeTensor<Uint32Array>(snapshot, 'rng', { type: Uint32Array, shape: [4] }));
}

/** Numbers beyond these no learner reaches; they would overflow later. */
const MAX_COUNT = 1e12;
const MAX_SUM = 1e150;

/** A float64 tensor, copied. @throws PilotfishError `DAMAGED` or `NOT_FINITE`. */
export function takeFloats(snapshot: Snapshot, name: string, shape: readonly number[]): Float64Array {
  return takeWithin(snapshot, name, { shape, range: [-MAX_SUM, MAX_SUM] });
}

/** The same for what cannot be negative. @throws PilotfishError `DAMAGED` or `NOT_FINITE`. */
export function takeCounts(snapshot: Snapshot, name: string, shape: readonly number[]): Float64Array {
  return takeWithin(snapshot, name, { shape, range: [0, MAX_COUNT] });
}

type Wanted = { readonly shape: readonly number[]; readonly range: readonly [number, number] };

function takeWithin(snapshot: Snapshot, name: string, { shape, range: [min, max] }: Wanted): Float64Array {
  const values = allFinite(name, takeTensor<Float64Array>(snapshot, name, { type: Float64Array, shape }));
  if (values.every((value) => value >= min && value <= max)) return values;
  throw new PilotfishError('DAMAGED', `tensor "${name}" of the snapshot leaves ${min} to ${max}`);
}

/** The named numbers of a snapshot's config. @throws PilotfishError `DAMAGED` when one is absent or no number. */
export function takeNumbers<Name extends string>(
  snapshot: Snapshot,
  ...names: readonly Name[]
): Record<Name, number> {
  const found = names.map((name) => {
    const value = Object.hasOwn(snapshot.config, name) ? snapshot.config[name] : undefined;
    if (typeof value === 'number' && Number.isFinite(value)) return [name, value] as const;
    throw new PilotfishError('DAMAGED', `the snapshot has no number "${name}"`);
  });
  return Object.fromEntries(found) as Record<Name, number>;
}
