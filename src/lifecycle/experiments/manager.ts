import { type Clock, PilotfishError, type RandomSource, secureBytes, systemClock } from '../../base/index.ts';
import type { AuditLog, RegistryChange, RegistryState, SqlRow } from '../registry/index.ts';
import type { Assigner } from './assignment/assigner.ts';
import { checkedCoverage, define } from './definition/define.ts';
import type { ExperimentStatus } from './definition/states.ts';
import type { Arm, Experiment, FlagValue, StoredExperiment } from './definition/types.ts';
import { ExperimentLife } from './life.ts';
import { Plan } from './plan.ts';
import { checkedRecords, MAX_RECORDS_PER_CALL } from './records/check.ts';
import { Ingest } from './records/ingest.ts';
import type { ExperimentRecord, RecordOutcome } from './records/types.ts';
import { resultsOf, SPLIT_ALPHA } from './results/results.ts';
import type { ExperimentResults, Recommendation } from './results/types.ts';
import {
  definitionOf,
  evidenceOf,
  experimentOf,
  keepHorizon,
  rowOf,
  rowsBy,
  splitOf,
  statusOf,
} from './store.ts';

export type ABTestOptions = {
  /** Where changes are written down: `registry.audit`. Without it they are not. */
  readonly audit?: AuditLog | undefined;
  /** Units an arm needs where the experiment does not say. 1000, as `ML_AB_MIN_SAMPLES`. */
  readonly minimumSamples?: number | undefined;
  /** Where the experiment does not say. True, as `ML_AB_STICKY_ASSIGNMENT`. */
  readonly stickyAssignment?: boolean | undefined;
  readonly clock?: Clock;
  readonly random?: RandomSource;
};

/** The way a unit goes. */
export type Assignment = {
  readonly experimentId: string;
  readonly modelId: string;
  readonly isControl: boolean;
  /** What to record its results under: the unit, or the draw where assignment is not sticky. */
  readonly unit: string;
  /** False: the control serves it, and its results do not count. */
  readonly isIn: boolean;
  readonly status: ExperimentStatus;
  /** What the arm carries. */
  readonly value?: FlagValue | undefined;
};

/** An experiment in memory; its definition never changes, its state is read again after a second. */
type Known = { readonly plan: Plan; readonly status: ExperimentStatus; readonly readMs: number };

const DEFAULT_MINIMUM_SAMPLES = 1000;
const MAX_KNOWN = 1000;
/** How soon a change by another process is seen by who assigns. */
const STALE_MS = 1000;
const DRAW_BYTES = 12;

/**
 * Document 003's manager of A/B tests. Assignment is a hash of experiment and unit: sticky on every machine and over
 * every restart, with nothing kept. Records are counted once by their id, in one transaction with their sums; an answer
 * means that they are on disk. Results may be looked at as often as one likes.
 *
 * @example
 * const abTest = new ABTestManager(directory.state, { audit: directory.registry.audit });
 * await abTest.createExperiment({
 *   id: 'threat-model-v2-test', targetMetric: 'accuracy',
 *   models: [{ modelId: 'v1', isControl: true, trafficPct: 50 }, { modelId: 'v2', isControl: false, trafficPct: 50 }],
 * });
 * await abTest.startExperiment('threat-model-v2-test');
 * const modelId = await abTest.getModelAssignment('threat-model-v2-test', 'user-1');
 * await abTest.record('threat-model-v2-test', { id: 'request-1', unit: 'user-1', values: { accuracy: 1 } });
 * const { recommendation, reason } = await abTest.getExperimentResults('threat-model-v2-test');
 */
export class ABTestManager {
  readonly #state: RegistryState;
  readonly #life: ExperimentLife;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #defaults: { readonly minimumSamples: number; readonly stickyAssignment: boolean };
  readonly #known = new Map<string, Known>();

  constructor(state: RegistryState, options: ABTestOptions = {}) {
    const { minimumSamples = DEFAULT_MINIMUM_SAMPLES, stickyAssignment = true } = options;
    this.#state = state;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? secureBytes;
    this.#life = new ExperimentLife({
      state,
      audit: options.audit,
      clock: this.#clock,
      random: this.#random,
    });
    this.#defaults = { minimumSamples, stickyAssignment };
  }

  /**
   * Keeps a draft. What decides, and how, is fixed from now on.
   * @throws PilotfishError `USAGE`, `EXISTS`, `LIMIT`.
   */
  async createExperiment(experiment: Experiment, change: RegistryChange = {}): Promise<StoredExperiment> {
    const definition = define(experiment, this.#defaults);
    const coverage = checkedCoverage(experiment.coverage ?? 1);
    return await this.#life.create(definition, coverage, change);
  }

  /**
   * Starts a draft, or one that was paused.
   * @throws PilotfishError `MISSING`; `REFUSED` from another state, after a sample-ratio mismatch, or where a running
   * experiment has the same part of the namespace.
   */
  startExperiment(experimentId: string, change: RegistryChange = {}): Promise<StoredExperiment> {
    return this.#move(experimentId, 'running', change);
  }

  /** Every unit gets the control, and nothing counts, until it is started again. @throws as `startExperiment`. */
  pauseExperiment(experimentId: string, change: RegistryChange = {}): Promise<StoredExperiment> {
    return this.#move(experimentId, 'paused', change);
  }

  /** Ends it: its result is final. @throws PilotfishError `MISSING`, `REFUSED`. */
  completeExperiment(experimentId: string, change: RegistryChange = {}): Promise<StoredExperiment> {
    return this.#move(experimentId, 'complete', change);
  }

  /** Puts it away; what it knew of single units and records is deleted, its sums stay. @throws PilotfishError. */
  archiveExperiment(experimentId: string, change: RegistryChange = {}): Promise<StoredExperiment> {
    return this.#move(experimentId, 'archived', change);
  }

  /**
   * Lets more units take part; nobody who does changes the arm.
   * @param coverage share of the units, more than now unless it is a draft
   * @throws PilotfishError `USAGE`, `MISSING`, `REFUSED`.
   */
  async setCoverage(
    experimentId: string,
    coverage: number,
    change: RegistryChange = {},
  ): Promise<StoredExperiment> {
    const stored = await this.#life.cover(experimentId, coverage, change);
    this.#known.delete(experimentId);
    return stored;
  }

  /** @throws PilotfishError `MISSING`. */
  getExperiment(experimentId: string): Promise<StoredExperiment> {
    return this.#state.read(async (sql) => experimentOf(await rowOf(sql, experimentId)));
  }

  /** Oldest first. */
  listExperiments({ status }: { readonly status?: ExperimentStatus } = {}): Promise<StoredExperiment[]> {
    return this.#state.read(async (sql) => (await rowsBy(sql, status)).map(experimentOf));
  }

  /** The model that serves a user: the control's unless the experiment runs and covers them. @throws as `assign`. */
  async getModelAssignment(experimentId: string, userId: string): Promise<string> {
    return (await this.assign(experimentId, userId)).modelId;
  }

  /** @throws PilotfishError `MISSING`, `USAGE` for what is no unit. */
  async assign(experimentId: string, unit: string): Promise<Assignment> {
    const { plan, status } = await this.#know(experimentId);
    const isSticky = plan.definition.stickyAssignment;
    const drawn = isSticky ? unit : `draw-${this.#random(DRAW_BYTES).toString('hex')}`;
    const arm = plan.assigner.armOf(drawn);
    const isIn = status === 'running' && arm >= 0;
    const { modelId, isControl, value } = plan.arms[isIn ? arm : plan.control] as Arm;
    return { experimentId, modelId, isControl, unit: drawn, isIn, status, value };
  }

  /**
   * The assignment as it is now, for hot paths: no promise, nothing allocated. It knows nothing of later pauses; ask for
   * it again from time to time.
   * @throws PilotfishError `MISSING`.
   */
  async assigner(experimentId: string): Promise<Assigner> {
    return (await this.#know(experimentId)).plan.assigner;
  }

  /**
   * Document 003's call: a value of a variant, as of a unit of its own.
   * @throws PilotfishError as `record`.
   */
  async recordMetric(experimentId: string, modelId: string, metric: string, value: number): Promise<void> {
    await this.record(experimentId, { modelId, values: { [metric]: value } });
  }

  /** Counts a record. @throws as `recordMany`. */
  async record(experimentId: string, record: ExperimentRecord): Promise<RecordOutcome> {
    const [outcome] = await this.recordMany(experimentId, [record]);
    return outcome as RecordOutcome;
  }

  /**
   * Counts up to 1000 records, all or none. When the promise resolves they are on disk.
   * @returns for each whether it counted
   * @throws PilotfishError `MISSING` for an experiment or variant there is not; `USAGE` and `NOT_FINITE` for values;
   * `REFUSED` unless it is running; `EXISTS` for another record by an id that was counted; `LIMIT`.
   */
  async recordMany(experimentId: string, records: readonly ExperimentRecord[]): Promise<RecordOutcome[]> {
    if (!Array.isArray(records) || records.length === 0 || records.length > MAX_RECORDS_PER_CALL)
      throw new PilotfishError('USAGE', `give 1 to ${MAX_RECORDS_PER_CALL} records`);
    const { outcomes, isPaused } = await this.#state.write(async (sql) => {
      const row = await rowOf(sql, experimentId);
      const status = statusOf(row);
      if (status !== 'running') {
        const note = row['note'] === '' ? '' : ` (${row['note']})`;
        throw new PilotfishError(
          'REFUSED',
          `experiment ${experimentId} is ${status}${note}: only a running one counts`,
        );
      }
      const { plan } = this.#remember(row);
      // Everything is checked before anything is written.
      const checked = checkedRecords(plan, records);
      const split = splitOf(row);
      const ingest = new Ingest(sql, Number(row['seq']), { split, counted: Number(row['records']) });
      const outcomes: RecordOutcome[] = [];
      for (const record of checked) outcomes.push(await ingest.add(record));
      await ingest.finish();
      await sql.run(
        'UPDATE ab_experiments SET records = ?, split = ? WHERE seq = ?',
        ...[ingest.counted, JSON.stringify(split.snapshot()), Number(row['seq'])],
      );
      await keepHorizon(sql, row, plan);
      if (split.rejects(SPLIT_ALPHA)) await this.#life.pauseForSplit(sql, row);
      return { outcomes, isPaused: split.rejects(SPLIT_ALPHA) };
    });
    if (isPaused) this.#known.delete(experimentId);
    return outcomes;
  }

  /** What the records say, and what follows. @throws PilotfishError `MISSING`. */
  getExperimentResults(experimentId: string): Promise<ExperimentResults> {
    return this.#state.read(async (sql) => {
      const row = await rowOf(sql, experimentId);
      const { plan } = this.#remember(row);
      return resultsOf(plan, await evidenceOf(sql, row, plan));
    });
  }

  /** @throws PilotfishError `MISSING`. */
  async getRecommendation(experimentId: string): Promise<{
    readonly recommendation: Recommendation;
    readonly reason: string;
    readonly evidence: ExperimentResults;
  }> {
    const evidence = await this.getExperimentResults(experimentId);
    return { recommendation: evidence.recommendation, reason: evidence.reason, evidence };
  }

  async #know(experimentId: string): Promise<Known> {
    const known = this.#known.get(experimentId);
    if (known !== undefined && this.#clock.monotonicMs() - known.readMs < STALE_MS) return known;
    return this.#remember(await this.#state.read((sql) => rowOf(sql, experimentId)));
  }

  #remember(row: SqlRow): Known {
    const [id, coverage] = [String(row['id']), Number(row['coverage'])];
    const plan = this.#known.get(id)?.plan;
    const known = {
      plan: plan?.coverage === coverage ? plan : new Plan(definitionOf(row), coverage),
      ...{ status: statusOf(row), readMs: this.#clock.monotonicMs() },
    };
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(id, known);
    return known;
  }

  async #move(id: string, to: ExperimentStatus, change: RegistryChange): Promise<StoredExperiment> {
    const stored = await this.#life.move(id, to, change);
    this.#known.delete(id);
    return stored;
  }
}
