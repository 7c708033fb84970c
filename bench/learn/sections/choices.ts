// Choosing: bandits, in nanoseconds a choice and the reward that follows it.
import {
  type Bandit,
  BetaThompson,
  EpsilonGreedy,
  GaussianThompson,
  LinUcb,
  Ucb,
} from '../../../src/learn/bandits/index.ts';
import { fullPace, interleave, loopOf, quickPace } from '../interleave.ts';
import type { Finding, Goal, Section } from '../results.ts';
import { Draws } from '../rows/task.ts';
import { atMost } from './goals.ts';
import type { Setting } from './sections.ts';

interface Case {
  readonly name: string;
  readonly run: () => void;
  readonly limitNs?: number;
}

const rewardCount = 4096;

/** Chooses, and learns a reward drawn beforehand. */
function chooser(bandit: Bandit): () => void {
  const rewards = new Draws(41).normal(rewardCount).map((value) => 1 / (1 + Math.exp(-value)));
  let at = 0;
  return () => {
    const { arm } = bandit.predict();
    at = (at + 1) % rewardCount;
    bandit.learnOne({ arm, reward: rewards[at] as number });
  };
}

function linearChooser(bandit: Bandit, features: number): () => void {
  const contexts = Array.from({ length: 64 }, (_, i) => new Draws(50 + i).normal(features));
  let at = 0;
  return () => {
    at = (at + 1) % contexts.length;
    const context = contexts[at] as Float32Array;
    const { arm } = bandit.predict({ context });
    bandit.learnOne({ arm, reward: context[arm % features] as number, context });
  };
}

const cases = (): readonly Case[] => [
  { name: 'UCB1, 4 arms', run: chooser(new Ucb({ arms: 4 })), limitNs: 200 },
  { name: 'UCB1, 16 arms', run: chooser(new Ucb({ arms: 16 })) },
  { name: 'Thompson, Beta, 4 arms', run: chooser(new BetaThompson({ arms: 4 })) },
  { name: 'Thompson, Beta, 16 arms', run: chooser(new BetaThompson({ arms: 16 })) },
  { name: 'Thompson, Gaussian, 16 arms', run: chooser(new GaussianThompson({ arms: 16 })) },
  { name: 'epsilon-greedy, 16 arms', run: chooser(new EpsilonGreedy({ arms: 16 })) },
  { name: 'LinUCB, 8 arms, 8 features', run: linearChooser(new LinUcb({ arms: 8, features: 8 }), 8) },
];

/** Nanoseconds of a choice with its reward. */
export function choiceSection({ isQuick }: Setting): Section {
  const all = cases();
  const candidates = all.map(({ name, run }) => ({ name, loop: loopOf(run) }));
  const timings = interleave(candidates, isQuick ? quickPace : fullPace);
  const findings = all.map(({ name, limitNs }): Finding => {
    const ns = (timings.get(name)?.p50Us ?? Number.NaN) * 1000;
    const goals: Goal[] = limitNs === undefined ? [] : [atMost('ns', ns, limitNs)];
    return { name, unit: 'ns', product: ns, others: [], goals };
  });
  return {
    id: 'choices',
    title: 'Choices',
    about: 'One `predict` and one `learnOne`, p50.',
    findings,
    absent: [],
  };
}
