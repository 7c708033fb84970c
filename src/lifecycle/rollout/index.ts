/** Rollout: a model on its way from shadow to everyone, and back at once when it is worse than the rule beside it. */
export { type HarmOptions, HarmProcess, type HarmSnapshot } from './guardrail/harm.ts';
export type { GuardrailReport } from './guardrail/watch.ts';
export { Rollout, type RolloutOptions, type RolloutReport } from './machine/rollout.ts';
export type { Judged as JudgedDecision, Track as RolloutTrack, TrackReport } from './machine/track.ts';
export {
  type Control as RolloutControl,
  type Evidence as RolloutEvidence,
  HOOKS as ROLLOUT_HOOKS,
  type Hook as RolloutHook,
  type HookContext as RolloutHookContext,
  type HookName as RolloutHookName,
  isEnded as isRolloutEnded,
  type Measure as RolloutMeasure,
  PHASES as ROLLOUT_PHASES,
  type Phase as RolloutPhase,
  type RolloutEvent,
  type RolloutEventKind,
  type RolloutHooks,
} from './machine/types.ts';
export { ROLLOUT_METRICS, rolloutMetrics } from './metrics.ts';
export { checkPlan as checkRolloutPlan } from './plan/check.ts';
export {
  type ArgoCanary,
  type FlaggerAnalysis,
  type ImportOptions as PlanImportOptions,
  planFromArgo,
  planFromFlagger,
} from './plan/import.ts';
export {
  ACCURACY as ACCURACY_GUARDRAIL,
  type AccuracyTarget,
  type AnalysisLimits,
  COST as COST_GUARDRAIL,
  DOCUMENT_PLAN,
  type Guardrail as RolloutGuardrail,
  PLANS as ROLLOUT_PLANS,
  type RolloutPlan,
  type RolloutStep,
  STANDARD_PLAN,
} from './plan/plan.ts';
export { VERDICTS as ROLLOUT_VERDICTS, type Verdict as RolloutVerdict } from './plan/verdict.ts';
export { ShareAssignment } from './rooms/assignment.ts';
export {
  baseCost,
  baseLine,
  baseQuestions,
  codecCost,
  codecQuestions,
  type QuestionCopy,
} from './rooms/questions.ts';
export {
  type Late as LateCost,
  RoomRollout,
  type RoomRolloutOptions,
  type RoomSource,
} from './rooms/room-rollout.ts';
export { type ShadowLine, ShadowLog } from './shadow/log.ts';
export { ShadowRing, type Waiting as ShadowedDecision } from './shadow/ring.ts';
export { type ShadowDay, type ShadowReport, validateShadow } from './shadow/validate.ts';
export { LiveRollout } from './store/live.ts';
export { RolloutManager, type RolloutManagerOptions } from './store/manager.ts';
export type { Observation as RolloutObservation, RolloutDraft, RolloutStatus } from './store/types.ts';
