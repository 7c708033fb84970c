// What a suggestion of the TPE sampler takes, and whether that grows with the trials.
import { Study } from '../../../src/learn/optim/index.ts';
import type { Finding, Section } from '../results.ts';
import { atMost, middle, quotient, wallMs } from './goals.ts';
import type { Setting } from './sections.ts';

const dimensions = 5;
const limitMs = 0.5;
// A suggestion after ten times as many trials takes no longer, within what a clock tells.
const flat = 1.25;
const windowTrials = 100;

/** Milliseconds of each ask and tell. */
function searchSphere(trials: number): number[] {
  const names = Array.from({ length: dimensions }, (_, i) => `x${i}`);
  const space = Object.fromEntries(names.map((name) => [name, ['float', -5, 5, false] as const]));
  const study = new Study({ space, seed: 1 });
  return Array.from({ length: trials }, () =>
    wallMs(() => {
      const { number, parameters } = study.ask();
      const value = names.reduce((sum, name) => sum + Number(parameters[name]) ** 2, 0);
      study.tell(number, value);
    }),
  );
}

/** Milliseconds a trial, at several lengths of a search. */
export function searchSection({ isQuick }: Setting): Section {
  const lengths = isQuick ? [100, 300] : [100, 1000, 10_000];
  searchSphere(2 * windowTrials);
  const ms = searchSphere(lengths.at(-1) ?? 0);
  const at = (trials: number): number => middle(ms.slice(trials - windowTrials, trials));
  const findings = lengths.map((trials, i): Finding => {
    const before = lengths[i - 1];
    const growth =
      before === undefined || i === 1 ? [] : [atMost('growth', quotient(at(trials), at(before)), flat)];
    const goals = [atMost('ms', at(trials), limitMs), ...growth];
    return { name: `TPE, a trial of ${trials}`, unit: 'ms', product: at(trials), others: [], goals };
  });
  return {
    id: 'search',
    title: 'Parameter search',
    about: `Sphere in ${dimensions} dimensions: one \`ask\` and one \`tell\`, median of the last ${windowTrials} trials.`,
    findings,
    absent: [],
  };
}
