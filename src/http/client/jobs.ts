import type { Job, JobDraft, JobStatus } from '../../lifecycle/index.ts';
import { pathOf, type Transport } from './transport.ts';

/** What an answer holds null for, the library has nothing for. */
const shown = (job: Job): Job => ({
  ...job,
  ...{ worker: job.worker ?? undefined, result: job.result ?? undefined, error: job.error ?? undefined },
});

/** Trainings and searches that wait for a worker, on a server; as `StateJobQueue`. */
export class JobsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first. */
  async list(filter: { readonly status?: JobStatus } = {}): Promise<Job[]> {
    const { jobs } = await this.#transport.json<{ jobs: Job[] }>('GET', 'jobs', { query: filter });
    return jobs.map(shown);
  }

  /** Queues a training or a search, on a data set that the server has. @throws PilotfishError `USAGE`, `LIMIT`. */
  async submit(draft: JobDraft, reason?: string): Promise<Job> {
    return shown(await this.#transport.json<Job>('POST', 'jobs', { body: { ...draft, reason } }));
  }

  /** Takes a job back, also one that runs. @throws PilotfishError `MISSING`, `REFUSED`. */
  async cancel(id: number): Promise<Job> {
    return shown(await this.#transport.json<Job>('POST', pathOf('jobs', id, 'cancel')));
  }
}
