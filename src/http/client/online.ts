import type {
  AddedSample,
  LearningPipeline,
  PipelineStatus,
  PipelineUpdate,
  TrainingSample,
} from '../../lifecycle/index.ts';
import { pathOf, type Reviver, type Transport } from './transport.ts';

/** What is null in an answer, where the library has nothing. */
const OPTIONAL = new Set(['lastMs', 'overall', 'trend', 'lastError', 'retryAtMs', 'prediction']);

const revive: Reviver = (key, value) => (value === null && OPTIONAL.has(key) ? undefined : value);

/** Pipelines that learn while they serve, on a server; as `OnlineLearner`. */
export class OnlineClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(): Promise<PipelineStatus[]> {
    type Listed = { pipelines: PipelineStatus[] };
    return (await this.#transport.json<Listed>('GET', 'pipelines', { revive })).pipelines;
  }

  /** @throws PilotfishError `MISSING`. */
  status(pipelineId: string): Promise<PipelineStatus> {
    return this.#transport.json('GET', pathOf('pipelines', pipelineId), { revive });
  }

  /** Updates, swaps, rejections and rollbacks, the latest last; 100 unless it is said. @throws PilotfishError `MISSING`. */
  async updates(pipelineId: string, limit?: number): Promise<PipelineUpdate[]> {
    const query = { limit: limit?.toString() };
    const path = pathOf('pipelines', pipelineId, 'updates');
    return (await this.#transport.json<{ updates: PipelineUpdate[] }>('GET', path, { query })).updates;
  }

  /** @throws PilotfishError `USAGE`, `SHAPE`, `EXISTS`, `MISSING`, `UNSUPPORTED`, `REFUSED`. */
  create(pipeline: LearningPipeline, reason?: string): Promise<PipelineStatus> {
    return this.#transport.json('POST', 'pipelines', { body: { ...pipeline, reason }, revive });
  }

  /** At most 10 000 samples; all or none. @throws PilotfishError `MISSING`, `REFUSED`, `SHAPE`, `EXISTS`. */
  async addSamples(pipelineId: string, samples: readonly TrainingSample[]): Promise<AddedSample[]> {
    type Added = { samples: AddedSample[] };
    const path = pathOf('pipelines', pipelineId, 'samples');
    return (await this.#transport.json<Added>('POST', path, { body: { samples }, revive })).samples;
  }

  /** The label of a sample that came without. @throws PilotfishError `MISSING`, `EXISTS`, `REFUSED`. */
  async addLabel(pipelineId: string, sampleId: string, label: number): Promise<'added' | 'duplicate'> {
    type Added = { outcome: 'added' | 'duplicate' };
    const path = pathOf('pipelines', pipelineId, 'labels');
    return (await this.#transport.json<Added>('POST', path, { body: { sampleId, label } })).outcome;
  }

  /** Learns now what waits. @throws PilotfishError `REFUSED`, `MISSING`. */
  triggerUpdate(pipelineId: string): Promise<PipelineStatus> {
    return this.#move(pipelineId, 'update');
  }

  /** Takes no samples until it is resumed. @throws PilotfishError `MISSING`, `REFUSED`. */
  pause(pipelineId: string, reason?: string): Promise<PipelineStatus> {
    return this.#move(pipelineId, 'pause', reason);
  }

  /** Takes samples again. @throws PilotfishError `MISSING`, `REFUSED`. */
  resume(pipelineId: string, reason?: string): Promise<PipelineStatus> {
    return this.#move(pipelineId, 'resume', reason);
  }

  /** Ends a pipeline; its log and its versions stay. @throws PilotfishError `MISSING`, `REFUSED`. */
  archive(pipelineId: string, reason?: string): Promise<PipelineStatus> {
    return this.#move(pipelineId, 'archive', reason);
  }

  #move(pipelineId: string, move: string, reason?: string): Promise<PipelineStatus> {
    return this.#transport.json('POST', pathOf('pipelines', pipelineId, move), { body: { reason }, revive });
  }
}
