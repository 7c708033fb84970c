/** Bandits: choose an arm, say how likely that was, learn from its reward; and judge a policy by another's log. */
export type { Ask, Bandit, Choice, Feedback } from './bandit.ts';
export { BetaThompson, type BetaThompsonOptions } from './beta-thompson.ts';
export { EpsilonGreedy, type EpsilonGreedyOptions } from './epsilon-greedy.ts';
export { GaussianThompson, type GaussianThompsonOptions } from './gaussian-thompson.ts';
export { LinThompson, type LinThompsonOptions } from './linear/lin-thompson.ts';
export { LinUcb, type LinUcbOptions } from './linear/lin-ucb.ts';
export type { LinearBanditOptions } from './linear/linear-arms.ts';
export {
  doublyRobust,
  type ExpectedRewards,
  ips,
  type LoggedChoices,
  type OffPolicyOptions,
  type PolicyValue,
  snips,
} from './off-policy.ts';
export { Ucb, type UcbOptions } from './ucb.ts';
