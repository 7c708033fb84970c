/** Learning while serving: pipelines that learn from samples as they come, and bandits that log their propensities. */
export { ContextualBandit, type ContextualBanditOptions } from './bandit/contextual-bandit.ts';
export {
  type CandidatePolicy,
  evaluateOffPolicy,
  type LoggedChoice,
  type OffPolicyEstimate,
} from './bandit/off-policy.ts';
export { DecisionPolicies } from './bandit/policies.ts';
export type {
  Candidate as PolicyCandidate,
  PolicyChoice,
  PolicyDraft,
  PolicyStatus,
} from './bandit/policy-types.ts';
export { LEARNER_KINDS, type LearnerDraft, type LearnerKind } from './engine/learners.ts';
export { type PipelineEvent, STRATEGIES, Strategy } from './engine/settings.ts';
export { documentOnlineMetrics, ONLINE_DOCUMENT_METRICS, ONLINE_METRICS, onlineMetrics } from './metrics.ts';
export { type LogReport, OnlineLearner, type OnlineLearnerOptions } from './online-learner.ts';
export type {
  AddedSample,
  LearningPipeline,
  PipelineSettings,
  PipelineState,
  PipelineStatus,
  PipelineUpdate,
  TrainingSample,
} from './types.ts';
