// npm run soak -- [--seconds N] [--rounds N] [--seed N]: seeded runs of packs, faults and crashes on a simulated
// disk, one seed after the other, until the time or the rounds are over or one fails. The failing seed is printed;
// `--seed N --rounds 1` runs it again.
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { type SoakCounts, soakRound } from '../test/crash/soak-round.ts';
import { close } from './steps.ts';

const PROGRESS_SECONDS = 10;
const DEFAULT_SECONDS = 60;

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, rounds: { type: 'string' }, seed: { type: 'string' } },
});

function wholeNumber(name: 'seconds' | 'rounds' | 'seed', otherwise: number): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name} ${text}: give a whole number`);
  return Number(text);
}

const rounds = wholeNumber('rounds', Number.POSITIVE_INFINITY);
const seconds = wholeNumber(
  'seconds',
  values.rounds === undefined ? DEFAULT_SECONDS : Number.POSITIVE_INFINITY,
);
const firstSeed = wholeNumber('seed', Date.now() % 1_000_000_000);

const sums: SoakCounts = { packs: 0, prunes: 0, failed: 0, crashes: 0, snapshots: 0 };
const started = performance.now();
const elapsed = (): number => (performance.now() - started) / 1000;

function report(done: number): void {
  const { packs, prunes, failed, crashes, snapshots } = sums;
  console.log(
    `soak: ${done} rounds in ${elapsed().toFixed(0)} s: ${packs} packs and ${prunes} prunes, ${failed} of them failed by a fault, ${crashes} crashes, ${snapshots} snapshots kept`,
  );
}

let done = 0;
let failures = 0;
let reported = 0;
console.log(`soak: seeds from ${firstSeed} on`);
while (done < rounds && elapsed() < seconds && failures === 0) {
  const seed = firstSeed + done;
  try {
    const counts = await soakRound(seed);
    for (const key of Object.keys(sums) as (keyof SoakCounts)[]) sums[key] += counts[key];
    done += 1;
  } catch (error) {
    failures += 1;
    console.error(error);
    console.log(`soak: seed ${seed} failed; again with: npm run soak -- --seed ${seed} --rounds 1`);
  }
  if (elapsed() - reported >= PROGRESS_SECONDS) {
    reported = elapsed();
    report(done);
  }
}
report(done);
close({ passed: done, failed: failures, skipped: 0 });
