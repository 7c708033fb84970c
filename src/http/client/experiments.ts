import type {
  Assignment,
  Experiment,
  ExperimentRecord,
  ExperimentResults,
  ExperimentStatus,
  RecordOutcome,
  StoredExperiment,
} from '../../lifecycle/index.ts';
import { type ClientVersionRef, pathOf, type Transport } from './transport.ts';

/** The way a unit goes; what its arm carries is with the experiment. */
export type ClientAssignment = Omit<Assignment, 'status' | 'value'>;

/** The treatment that was tried, as a version of the registry. */
export type EvidenceRequest = ClientVersionRef & {
  /** The arm it was; not needed where there is only one. */
  readonly treatment?: string;
  readonly reason?: string;
};

/** A/B tests of models on a server; as `ABTestManager`. */
export class ExperimentsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Oldest first. */
  async list(filter: { readonly status?: ExperimentStatus } = {}): Promise<StoredExperiment[]> {
    type Listed = { experiments: StoredExperiment[] };
    return (await this.#transport.json<Listed>('GET', 'experiments', { query: filter })).experiments;
  }

  /** @throws PilotfishError `MISSING`. */
  show(id: string): Promise<StoredExperiment> {
    return this.#transport.json('GET', pathOf('experiments', id));
  }

  /** What the records show, and what follows; look as often as you like. @throws PilotfishError `MISSING`. */
  results(id: string): Promise<ExperimentResults> {
    return this.#transport.json('GET', pathOf('experiments', id, 'results'));
  }

  /** Keeps a draft; what decides, and how, is fixed from then on. @throws PilotfishError `USAGE`, `EXISTS`. */
  create(experiment: Experiment, reason?: string): Promise<StoredExperiment> {
    return this.#transport.json('POST', 'experiments', { body: { ...experiment, reason } });
  }

  /** Begins, or goes on after a pause. @throws PilotfishError `MISSING`, `REFUSED`. */
  start(id: string, reason?: string): Promise<StoredExperiment> {
    return this.#move(id, 'start', reason);
  }

  /** Every unit gets the control, and nothing counts. @throws PilotfishError `MISSING`, `REFUSED`. */
  pause(id: string, reason?: string): Promise<StoredExperiment> {
    return this.#move(id, 'pause', reason);
  }

  /** Ends it for good. @throws PilotfishError `MISSING`, `REFUSED`. */
  stop(id: string, reason?: string): Promise<StoredExperiment> {
    return this.#move(id, 'stop', reason);
  }

  /** Puts it away, without what it knew of single units. @throws PilotfishError `MISSING`, `REFUSED`. */
  archive(id: string, reason?: string): Promise<StoredExperiment> {
    return this.#move(id, 'archive', reason);
  }

  /** Lets more units take part; nobody changes the arm. @throws PilotfishError `MISSING`, `USAGE`, `REFUSED`. */
  setCoverage(id: string, coverage: number, reason?: string): Promise<StoredExperiment> {
    return this.#transport.json('POST', pathOf('experiments', id, 'coverage'), {
      body: { coverage, reason },
    });
  }

  /** Which model serves a unit. @throws PilotfishError `MISSING`. */
  assign(id: string, unit: string): Promise<ClientAssignment> {
    return this.#transport.json('GET', pathOf('experiments', id, 'assignments', unit));
  }

  /** Counts what happened to units, at most 1000 at a time; all or none. @throws PilotfishError `MISSING`, `REFUSED`, `USAGE`. */
  async record(id: string, records: readonly ExperimentRecord[]): Promise<RecordOutcome[]> {
    type Recorded = { outcomes: RecordOutcome[] };
    const path = pathOf('experiments', id, 'records');
    return (await this.#transport.json<Recorded>('POST', path, { body: { records } })).outcomes;
  }

  /** Keeps what it has shown as evidence for the version that it tried. @throws PilotfishError `MISSING`. */
  addEvidence(
    id: string,
    { version, ...request }: EvidenceRequest,
  ): Promise<{ passed: boolean; summary: string }> {
    const body = { ...request, version: String(version) };
    return this.#transport.json('POST', pathOf('experiments', id, 'evidence'), { body });
  }

  #move(id: string, step: string, reason: string | undefined): Promise<StoredExperiment> {
    return this.#transport.json('POST', pathOf('experiments', id, step), { body: { reason } });
  }
}
