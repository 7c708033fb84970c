import { type Clock, hasCode, PilotfishError, systemClock } from '../../base/index.ts';
import type { RegistryChange, RegistryState } from '../registry/index.ts';
import type { PipelineRegistry } from './carrier.ts';
import { checkSampleId, isSame, labelOf, type PipelineDefaults, type Row, rowOf } from './check.ts';
import { Courier } from './courier.ts';
import { createPipeline } from './creation.ts';
import { type PipelineEvent, Strategy } from './engine/settings.ts';
import { Keeper, type Place } from './keeper.ts';
import { eventOf, type PipelineRow, readEvents, readUpdates, relearn, rowAt, rows } from './pipeline-log.ts';
import { statusOf } from './status.ts';
import type {
  AddedSample,
  LearningPipeline,
  PipelineStatus,
  PipelineUpdate,
  TrainingSample,
} from './types.ts';

export type OnlineLearnerOptions = {
  readonly clock?: Clock;
  /** Of pipelines that do not say: `ML_ONLINE_STRATEGY`. `periodic`. */
  readonly strategy?: Strategy | undefined;
  /** `ML_ONLINE_BATCH_SIZE`. 100. */
  readonly batchSize?: number | undefined;
  /** `ML_ONLINE_MAX_BUFFER`. 1000. */
  readonly maxBufferSize?: number | undefined;
};

/** What a replay of a log found. */
export type LogReport = {
  readonly events: number;
  /** The first event that is still kept is the one after it. */
  readonly from: number;
  /** Whether the weights the log makes are bit for bit those that were learnt. */
  readonly isReproduced: boolean;
};

const MAX_SAMPLES = 10_000;

/**
 * Pipelines that learn while they are asked; document 003. All that happens is a log in the registry's state, and what a
 * pipeline has learnt follows from its log bit for bit. A candidate is tried beside the champion and must beat it on an
 * e-process before the registry puts it in production; one that turns out worse is rolled back.
 *
 * @example
 * const learner = new OnlineLearner(directory.state, directory.registry);
 * await learner.createPipeline({ pipelineId: 'threat-online-v1', name: 'Threat Detection', modelId, strategy: 'adaptive' });
 * await learner.addSample('threat-online-v1', { sampleId: 's1', features: { request_size: 1024 }, label: 1 });
 */
export class OnlineLearner {
  readonly #state: RegistryState;
  readonly #registry: PipelineRegistry;
  readonly #clock: Clock;
  readonly #defaults: PipelineDefaults;
  readonly #keeper: Keeper;
  readonly #courier: Courier;
  /** The last entry of the audit log whose consequences were looked at. */
  #heard = -1;

  constructor(state: RegistryState, registry: PipelineRegistry, options: OnlineLearnerOptions = {}) {
    const { clock = systemClock, strategy, batchSize = 100, maxBufferSize = 1000 } = options;
    this.#state = state;
    this.#registry = registry;
    this.#clock = clock;
    this.#keeper = new Keeper(state, registry, clock);
    this.#courier = new Courier(this.#keeper, registry);
    this.#defaults = { strategy: strategy ?? Strategy.Periodic, batchSize, maxBufferSize };
  }

  /**
   * Makes a pipeline. It begins with `modelId`, or with a learner that has learnt nothing.
   * @throws PilotfishError `USAGE`, `SHAPE`; `EXISTS`; `MISSING` for the model; `UNSUPPORTED` for one that cannot go on
   * learning; `REFUSED` while another version of it is in production; `LIMIT` for more than 1000 pipelines.
   */
  async createPipeline(pipeline: LearningPipeline, change: RegistryChange = {}): Promise<PipelineStatus> {
    await createPipeline(this.#keeper, this.#registry, { pipeline, defaults: this.#defaults, change });
    return this.getPipelineStatus(pipeline.pipelineId);
  }

  /** One sample; see `addSamples`. */
  async addSample(pipelineId: string, sample: TrainingSample): Promise<AddedSample> {
    return (await this.addSamples(pipelineId, [sample]))[0] as AddedSample;
  }

  /**
   * Takes samples, all or none, also while the pipeline trains. A sample that is there already is not counted again.
   * @throws PilotfishError `MISSING`; `REFUSED` for a pipeline that is paused or archived; `USAGE`, `SHAPE`,
   * `NOT_FINITE`, `LIMIT` for a sample that is none; `EXISTS` for another sample of the same id.
   */
  async addSamples(pipelineId: string, samples: readonly TrainingSample[]): Promise<AddedSample[]> {
    if (!Array.isArray(samples) || samples.length > MAX_SAMPLES) {
      throw new PilotfishError('LIMIT', `give a list of at most ${MAX_SAMPLES} samples at a time`);
    }
    const added = await this.#keeper.change(pipelineId, async (place) => {
      requireActive(place.row);
      const wanted = samples.map((sample) => rowOf(sample, place.row.settings));
      const isNew = await this.#whichAreNew(place, wanted);
      const duplicates = isNew.filter((each) => !each).length;
      if (duplicates > 0) {
        await place.sql.run(
          'UPDATE online_pipelines SET duplicates = duplicates + ? WHERE id = ?',
          ...[duplicates, pipelineId],
        );
      }
      const answers: AddedSample[] = [];
      for (const [at, { sampleId, x, y, weight }] of wanted.entries()) {
        const prediction = isNew[at] ? place.handle.engine.say(x) : undefined;
        answers.push({ sampleId, outcome: isNew[at] ? 'added' : 'duplicate', prediction });
        if (isNew[at]) {
          await this.#keeper.append(place, {
            kind: 'sample',
            sampleId,
            x,
            weight,
            ...(y === undefined ? {} : { y }),
          });
        }
      }
      return answers;
    });
    void this.#courier.carry(pipelineId);
    return added;
  }

  /**
   * The label of a sample that came without; the answer it got then is judged now.
   * @throws PilotfishError `MISSING` for a sample that does not wait for one, `EXISTS` for another label than it has;
   * `USAGE`, `NOT_FINITE`, `REFUSED`.
   */
  async addLabel(pipelineId: string, sampleId: string, label: number): Promise<'added' | 'duplicate'> {
    const outcome = await this.#keeper.change(pipelineId, async (place) => {
      requireActive(place.row);
      const y = labelOf(label, checkSampleId(sampleId), place.row.settings.classes);
      const earlier = await eventOf(place.sql, pipelineId, { kind: 'label', sampleId });
      if (earlier?.kind === 'label') {
        if (earlier.y === y) return 'duplicate';
        throw new PilotfishError('EXISTS', `sample ${sampleId} has the label ${earlier.y} already: it stays`);
      }
      if (!place.handle.engine.inbox.isWaiting(sampleId)) {
        throw new PilotfishError('MISSING', `no sample ${sampleId} waits for a label: add it first`);
      }
      await this.#keeper.append(place, { kind: 'label', sampleId, y });
      return 'added';
    });
    void this.#courier.carry(pipelineId);
    return outcome;
  }

  /**
   * Learns now what waits.
   * @throws PilotfishError `REFUSED` with fewer samples than `minSamples`, or while an error is waited out; `MISSING`.
   */
  async triggerUpdate(pipelineId: string): Promise<PipelineStatus> {
    await this.#keeper.change(pipelineId, async (place) => {
      requireActive(place.row);
      const { engine, settings } = place.handle;
      const { buffered } = engine.inbox;
      if (buffered < settings.minSamples) {
        throw new PilotfishError(
          'REFUSED',
          `${buffered} samples wait, an update needs ${settings.minSamples}: add more first`,
        );
      }
      const waitMs = engine.counts.retryMs - this.#clock.nowMs();
      if (waitMs > 0) {
        throw new PilotfishError(
          'REFUSED',
          `the last update failed (${engine.counts.error}): try again in ${waitMs} ms`,
        );
      }
      await this.#keeper.append(place, { kind: 'trigger' });
    });
    await this.#courier.carry(pipelineId);
    return this.getPipelineStatus(pipelineId);
  }

  /** Makes the updates that are due though no sample comes, and follows what others put in production. */
  async runDue(): Promise<void> {
    const heard = await this.#registry.audit.last();
    const [isNews, nowMs] = [heard !== this.#heard, this.#clock.nowMs()];
    for (const row of await this.#state.read(rows)) {
      if (row.status !== 'active' || nowMs < row.retryMs) continue;
      try {
        if (isNews || row.error !== undefined) await this.#courier.follow(row.id);
        if (!this.#keeper.isIdle(row, nowMs)) await this.#update(row.id, nowMs);
      } catch (error) {
        // The trouble of one pipeline is not that of the next.
        await this.#courier.fail(row, error);
      }
    }
    this.#heard = heard;
  }

  /** @throws PilotfishError `MISSING`. */
  async getPipelineStatus(pipelineId: string): Promise<PipelineStatus> {
    const { row, handle } = await this.#keeper.change(pipelineId, async (place) => place);
    const found = await this.#registry.versions
      .get({ name: row.settings.modelName, version: handle.engine.champion })
      .catch((error: unknown) => {
        // A swap the registry has not heard of yet.
        if (hasCode(error, 'MISSING')) return undefined;
        throw error;
      });
    const isCarrying = this.#courier.isCarrying(pipelineId);
    return statusOf(row, handle, {
      nowMs: this.#clock.nowMs(),
      championId: found?.modelId ?? '',
      isCarrying,
    });
  }

  async listPipelines(): Promise<PipelineStatus[]> {
    const ids = (await this.#state.read(rows)).map(({ id }) => id);
    const all: PipelineStatus[] = [];
    for (const id of ids) all.push(await this.getPipelineStatus(id));
    return all;
  }

  /** Takes no samples until it is resumed. @throws PilotfishError `MISSING`, `REFUSED` for one that is archived. */
  pausePipeline(pipelineId: string, change: RegistryChange = {}): Promise<void> {
    return this.#keeper.setStatus(pipelineId, 'paused', change);
  }

  resumePipeline(pipelineId: string, change: RegistryChange = {}): Promise<void> {
    return this.#keeper.setStatus(pipelineId, 'active', change);
  }

  /** Ends a pipeline for good; its log and its versions stay. */
  archivePipeline(pipelineId: string, change: RegistryChange = {}): Promise<void> {
    return this.#keeper.setStatus(pipelineId, 'archived', change);
  }

  /** Events, oldest first: the log that makes the weights. @throws PilotfishError `MISSING`. */
  async readLog(
    pipelineId: string,
    { after = 0, limit = 100 }: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<(PipelineEvent & { readonly seq: number })[]> {
    await this.#state.read((sql) => rowAt(sql, pipelineId));
    return readEvents(this.#state, pipelineId, { after, limit });
  }

  /** What the log led to, the latest last. @throws PilotfishError `MISSING`. */
  readUpdates(pipelineId: string, limit = 100): Promise<PipelineUpdate[]> {
    return this.#state.read(async (sql) => {
      await rowAt(sql, pipelineId);
      return readUpdates(sql, pipelineId, limit);
    });
  }

  /** Learns the log again from its beginning and compares, bit for bit. @throws PilotfishError `MISSING`, `DAMAGED`. */
  verifyLog(pipelineId: string): Promise<LogReport> {
    return this.#keeper.change(pipelineId, async ({ sql, row, handle }) => {
      const again = await relearn(sql, row);
      const isReproduced =
        JSON.stringify(again.handle.engine.save()) === JSON.stringify(handle.engine.save());
      return { events: row.lastSeq - again.from, from: again.from, isReproduced };
    });
  }

  /** Resolves when the registry has heard of every swap so far, or refused it. */
  async settled(): Promise<void> {
    await this.#courier.settled();
  }

  async #update(id: string, nowMs: number): Promise<void> {
    await this.#keeper.change(id, async (place) => {
      if (place.handle.engine.due(nowMs)) await this.#keeper.append(place, { kind: 'tick' });
    });
    await this.#courier.carry(id);
  }

  async #whichAreNew({ sql, row, handle }: Place, wanted: readonly Row[]): Promise<boolean[]> {
    const seen = new Map<string, Row>();
    const isNew: boolean[] = [];
    for (const sample of wanted) {
      const { sampleId } = sample;
      const kept = seen.get(sampleId) ?? (await eventOf(sql, row.id, { kind: 'sample', sampleId }));
      isNew.push(kept === undefined);
      if (kept === undefined) seen.set(sampleId, sample);
      else if (!('x' in kept) || !isSame(kept, sample)) {
        throw new PilotfishError(
          'EXISTS',
          `there is another sample ${sampleId} in ${handle.settings.pipelineId}: the first stays`,
        );
      }
    }
    return isNew;
  }
}

function requireActive({ id, status }: PipelineRow): void {
  if (status === 'active') return;
  throw new PilotfishError(
    'REFUSED',
    status === 'paused' ? `${id} is paused: resume it first` : `${id} is archived: create another pipeline`,
  );
}
