import { hasCode, isObject, need } from '../base/index.ts';
import {
  ABTestManager,
  type ABTestOptions,
  openRegistry,
  type Recommendation,
  type RecordOutcome,
  type RegistryDirectory,
} from '../lifecycle/index.ts';

export type ABTestFrameworkOptions = Omit<ABTestOptions, 'audit'> & {
  /** Where experiments and their records lie: a data directory, made if need be. `./experiments`. */
  readonly dataDir?: string;
};

/** Document 000's variant. */
export type Variant = {
  readonly name: 'control' | 'treatment';
  /** Use the model; else the heuristic. */
  readonly useMl: boolean;
};

const [CONTROL, TREATMENT] = ['control', 'treatment'] as const;
const PERCENT = 100;

/**
 * Document 000's A/B tests: a heuristic against a model, by whether it succeeded, with the latency as guardrail (at most
 * 10 % more). Experiments run from their creation; the rest is `ABTestManager`.
 *
 * @example
 * const abTest = new ABTestFramework();
 * await abTest.createExperiment('compression_optimization', { trafficSplit: 0.5 });
 * const variant = await abTest.getVariant('compression_optimization', { userId: 'user123' });
 * await abTest.recordResult('compression_optimization', 'user123', { success: true, latencyMs: 50 });
 * await abTest.getRecommendation('compression_optimization'); // 'rollout', 'rollback' or 'continue'
 */
export class ABTestFramework {
  readonly #directory: RegistryDirectory;
  readonly manager: ABTestManager;

  /** @throws PilotfishError as `openRegistry`. */
  constructor({ dataDir = './experiments', ...options }: ABTestFrameworkOptions = {}) {
    const { clock, random } = options;
    const ports = { ...(clock === undefined ? {} : { clock }), ...(random === undefined ? {} : { random }) };
    this.#directory = openRegistry(dataDir, ports);
    const { state, registry } = this.#directory;
    this.manager = new ABTestManager(state, { ...options, audit: registry.audit });
  }

  /**
   * Begins an experiment; one that is there already with the same share goes on.
   * @param options.trafficSplit share of the users that get the model, above 0 and below 1; 0.1
   * @throws PilotfishError `USAGE`; `EXISTS` for one with another share.
   */
  async createExperiment(
    name: string,
    { trafficSplit = 0.1 }: { readonly trafficSplit?: number } = {},
  ): Promise<void> {
    const treatmentPct = trafficSplit * PERCENT;
    try {
      await this.manager.createExperiment({
        id: name,
        targetMetric: { name: 'success', direction: 'higher' },
        guardrails: [{ name: 'latencyMs', direction: 'lower', marginRelative: 0.1 }],
        models: [
          { modelId: CONTROL, isControl: true, trafficPct: PERCENT - treatmentPct },
          { modelId: TREATMENT, isControl: false, trafficPct: treatmentPct },
        ],
      });
    } catch (error) {
      if (!hasCode(error, 'EXISTS')) throw error;
      const { arms, status } = await this.manager.getExperiment(name);
      if (Math.abs((arms[1]?.trafficPct ?? 0) - treatmentPct) > 1e-9) throw error;
      if (status !== 'draft') return;
    }
    await this.manager.startExperiment(name);
  }

  /** The way of a user: the same at every call, start and machine. @throws PilotfishError `MISSING`, `USAGE`. */
  async getVariant(name: string, user: { readonly userId: string }): Promise<Variant> {
    need(isObject(user), 'a variant is that of a user: give { userId }');
    const { isControl } = await this.manager.assign(name, user.userId);
    return { name: isControl ? CONTROL : TREATMENT, useMl: !isControl };
  }

  /**
   * Counts a result for the variant of its user; on disk when the promise resolves.
   * @param result.id what the result is known by, so that one that comes again is not counted again
   * @param result.fellBack the model did not answer and the heuristic served
   * @throws PilotfishError as `ABTestManager.record`.
   */
  async recordResult(
    name: string,
    userId: string,
    result: {
      readonly success: boolean;
      readonly latencyMs: number;
      readonly id?: string;
      readonly fellBack?: boolean;
    },
  ): Promise<RecordOutcome> {
    need(
      isObject(result) && typeof result.success === 'boolean',
      'give { success: true, latencyMs: 50 } or success: false',
    );
    const { success, latencyMs, ...rest } = result;
    return this.manager.record(name, {
      ...rest,
      unit: userId,
      values: { success: success ? 1 : 0, latencyMs },
    });
  }

  /** @throws PilotfishError `MISSING`. */
  async getRecommendation(name: string): Promise<Recommendation> {
    return (await this.manager.getRecommendation(name)).recommendation;
  }

  /** Waits for what was accepted, and lets go of the data directory. */
  close(): Promise<void> {
    return this.#directory.close();
  }
}
