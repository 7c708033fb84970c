/** The native API of a server, typed: models, and all that decides over them. */
export { type ClientPrediction, PilotfishClient } from './client.ts';
export type { DriftClient } from './drift.ts';
export type { ClientAssignment, EvidenceRequest, ExperimentsClient } from './experiments.ts';
export type { ClientIngestReport, ClientSample, IngestClient } from './ingest.ts';
export type { JobsClient } from './jobs.ts';
export type { OnlineClient } from './online.ts';
export type { PoliciesClient } from './policies.ts';
export type { ClientRolloutDraft, RolloutsClient } from './rollouts.ts';
export type { ClientOptions, ClientVersionRef } from './transport.ts';
