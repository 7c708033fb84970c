import type { FastRng } from '../../base/index.ts';

/** Which features are known (1) and how much the case counts; all weights together make 1. */
export type Coalition = { readonly known: Uint8Array; weight: number };

/**
 * The coalitions of KernelSHAP for `features` >= 2, neither the empty nor the full one. A size s has the weight
 * (features − 1) / (s (features − s)), shared by all coalitions of the size (Lundberg, Lee 2017, theorem 2).
 * Every coalition comes with its complement, which halves the variance of what is sampled (Covert, Lee 2021).
 *
 * Sizes are taken from outside in (1 and features − 1, 2 and features − 2, …), all coalitions of a size, as long as
 * their share of `samples` covers them; the first pair always is, so that every feature can be told apart. What is
 * left of `samples` is drawn from the sizes in the middle. With `samples` >= 2^features − 2 nothing is left to draw.
 */
export function coalitionsOf(features: number, samples: number, rng: FastRng): Coalition[] {
  const pairs = Array.from({ length: Math.floor(features / 2) }, (_, index) => sizePair(features, index + 1));
  const all = pairs.reduce((sum, { mass }) => sum + mass, 0);
  const coalitions: Coalition[] = [];
  let massLeft = all;
  let complete = 0;
  for (const { size, mass, count } of pairs) {
    const share = ((samples - coalitions.length) * mass) / massLeft;
    if (size > 1 && share < count * (1 - 1e-9)) break;
    addAllOfSize(coalitions, { features, size, weight: mass / all / count });
    massLeft -= mass;
    complete += 1;
  }
  const middle = pairs.slice(complete);
  const drawn = samples - coalitions.length;
  if (middle.length > 0) coalitions.push(...draw(middle, { features, drawn, mass: massLeft / all, rng }));
  return coalitions;
}

type SizePair = { readonly size: number; readonly mass: number; readonly count: number };

/** Size s and its complement: their weight and the number of their coalitions. */
function sizePair(features: number, size: number): SizePair {
  const times = 2 * size === features ? 1 : 2;
  let count = times;
  for (let i = 0; i < size; i += 1) count *= (features - i) / (i + 1);
  return { size, mass: (times * (features - 1)) / (size * (features - size)), count: Math.round(count) };
}

type OfSize = { readonly features: number; readonly size: number; readonly weight: number };

/** All coalitions of a size and their complements, in the order of their members. */
function addAllOfSize(coalitions: Coalition[], { features, size, weight }: OfSize): void {
  const members = Array.from({ length: size }, (_, index) => index);
  for (let moved = 0; moved >= 0; moved = nextMembers(members, features)) {
    const known = new Uint8Array(features);
    for (const member of members) known[member] = 1;
    coalitions.push({ known, weight });
    // At half the features the complement has its own turn.
    if (2 * size !== features) coalitions.push({ known: complementOf(known), weight });
  }
}

/** Steps to the next combination; gives the place that moved, -1 after the last. */
function nextMembers(members: number[], features: number): number {
  let place = members.length - 1;
  while (place >= 0 && members[place] === features - members.length + place) place -= 1;
  if (place < 0) return -1;
  members[place] = (members[place] as number) + 1;
  for (let i = place + 1; i < members.length; i += 1) members[i] = (members[i - 1] as number) + 1;
  return place;
}

type Draw = {
  readonly features: number;
  readonly drawn: number;
  readonly mass: number;
  readonly rng: FastRng;
};

/** Up to `drawn` different coalitions, in pairs, each counting as often as it was drawn. */
function draw(pairs: readonly SizePair[], { features, drawn, mass, rng }: Draw): Coalition[] {
  const found = new Map<string, Coalition>();
  const order = Uint32Array.from({ length: features }, (_, index) => index);
  const count = (known: Uint8Array) => {
    const key = known.join('');
    const before = found.get(key);
    if (before === undefined) found.set(key, { known, weight: 1 });
    else before.weight += 1;
  };
  let draws = 0;
  // Few coalitions may be left: after four times as many draws nearly all of them have been met.
  while (found.size + 2 <= drawn && draws < 4 * drawn) {
    const known = new Uint8Array(features);
    const size = drawSize(pairs, rng);
    for (let i = 0; i < size; i += 1) {
      const other = i + rng.below(features - i);
      const member = order[other] as number;
      order[other] = order[i] as number;
      order[i] = member;
      known[member] = 1;
    }
    count(known);
    count(complementOf(known));
    draws += 2;
  }
  const coalitions = [...found.values()];
  for (const coalition of coalitions) coalition.weight *= mass / draws;
  return coalitions;
}

function drawSize(pairs: readonly SizePair[], rng: FastRng): number {
  let rest = rng.next() * pairs.reduce((sum, { mass }) => sum + mass, 0);
  for (const { size, mass } of pairs) {
    rest -= mass;
    if (rest < 0) return size;
  }
  return (pairs.at(-1) as SizePair).size;
}

const complementOf = (known: Uint8Array): Uint8Array => known.map((flag) => 1 - flag);
