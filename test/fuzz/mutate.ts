import type { Rng } from '../../src/base/index.ts';
import { pick } from '../sim/noise.ts';

/** Numbers at which lengths and counts go wrong. */
const EDGES = [
  0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
] as const;

type Mutation = (bytes: Buffer, rng: Rng, others: readonly Buffer[]) => Buffer;

const flip: Mutation = (bytes, rng) => {
  const out = Buffer.from(bytes);
  const at = rng.below(out.length);
  out[at] = (out[at] as number) ^ (1 << rng.below(8));
  return out;
};
const setByte: Mutation = (bytes, rng) => {
  const out = Buffer.from(bytes);
  out[rng.below(out.length)] = pick(rng, [0, 0x7f, 0x80, 0xff, rng.below(256)]);
  return out;
};
const setNumber: Mutation = (bytes, rng) => {
  if (bytes.length < 4) return bytes;
  const out = Buffer.from(bytes);
  const at = rng.below(out.length - 3);
  if (rng.below(2) === 0) out.writeUInt32LE(pick(rng, EDGES), at);
  else out.writeUInt32BE(pick(rng, EDGES), at);
  return out;
};
const cut: Mutation = (bytes, rng) => bytes.subarray(0, rng.below(bytes.length));
const remove: Mutation = (bytes, rng) => {
  const at = rng.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.below(8))]);
};
const insert: Mutation = (bytes, rng) => {
  const at = rng.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), rng.bytes(1 + rng.below(8)), bytes.subarray(at)]);
};
const repeat: Mutation = (bytes, rng) => {
  const [from, to] = [rng.below(bytes.length), rng.below(bytes.length + 1)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  const piece = bytes.subarray(from, to);
  return Buffer.concat([
    bytes.subarray(0, to),
    ...new Array<Buffer>(1 + rng.below(20)).fill(piece),
    bytes.subarray(to),
  ]);
};
const splice: Mutation = (bytes, rng, others) => {
  const other = pick(rng, others as [Buffer, ...Buffer[]]);
  return Buffer.concat([bytes.subarray(0, rng.below(bytes.length)), other.subarray(rng.below(other.length))]);
};

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  flip,
  flip,
  setByte,
  setNumber,
  cut,
  remove,
  insert,
  repeat,
  splice,
];
const MAX_BYTES = 100_000;

/** One of the samples with one to four changes. */
export function mutated(rng: Rng, samples: readonly Buffer[]): Buffer {
  let bytes = pick(rng, samples as [Buffer, ...Buffer[]]);
  for (let left = 1 + rng.below(4); left > 0 && bytes.length > 0; left -= 1) {
    bytes = pick(rng, MUTATIONS)(bytes, rng, samples).subarray(0, MAX_BYTES);
  }
  return bytes;
}
