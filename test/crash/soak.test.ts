// The beginning of what `npm run soak` does for as long as it is given.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type SoakCounts, soakRound } from './soak-round.ts';

const ROUNDS = 25;

test('seeded runs of packs, faults and crashes', async () => {
  const sums: SoakCounts = { packs: 0, prunes: 0, failed: 0, crashes: 0, snapshots: 0 };
  for (let seed = 1; seed <= ROUNDS; seed += 1) {
    try {
      const counts = await soakRound(seed);
      for (const key of Object.keys(sums) as (keyof SoakCounts)[]) sums[key] += counts[key];
    } catch (cause) {
      throw new Error(`seed ${seed}: npm run soak -- --seed ${seed} --rounds 1`, { cause });
    }
  }
  for (const [what, count] of Object.entries(sums)) assert.ok(count > ROUNDS, `${what}: ${count}`);
});

test('one seed, one run', async () => {
  assert.deepEqual(await soakRound(3), await soakRound(3));
});
