/** Training: configuration, trainer, evaluator, tuner and scheduler, in the words of document 001. */
export type { ModelConfig } from '../../decisions/index.ts';
export { type Advice, adviceOn, adviceOnRoom, type RoomFigures, type TrainingFigures } from './advice.ts';
export { TrainingConfig, type TrainingOptions } from './config.ts';
export {
  type CrossValidation,
  type CrossValidationMetrics,
  type EvaluationMetrics,
  ModelEvaluator,
} from './evaluator.ts';
export { evaluationGate, type GateRequest, type GateVerdict } from './gate.ts';
export type { JobSchedule } from './jobs.ts';
export type { EpochMetrics } from './run.ts';
export { type JobOutcome, type JobRequest, type SchedulerOptions, TrainingScheduler } from './scheduler.ts';
export { type SummaryPorts, SummaryWriter } from './summary-writer.ts';
export { telemetryDataset } from './telemetry-data.ts';
export {
  ModelTrainer,
  type TelemetryProtection,
  type TrainerPorts,
  type TrainingMetrics,
  type TrainRequest,
} from './trainer.ts';
export {
  HyperparameterTuner,
  openJournal,
  type TuneOptions,
  type TunerOptions,
  type TuningMetric,
} from './tuner.ts';
