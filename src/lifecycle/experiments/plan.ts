import { Assigner } from './assignment/assigner.ts';
import { unitHash } from './assignment/buckets.ts';
import { FALLBACK_METRIC } from './definition/metrics.ts';
import type { Arm, Definition, MetricSpec } from './definition/types.ts';

/** A definition ready for use: what is looked up or computed for every record and every assignment. */
export class Plan {
  readonly definition: Definition;
  /** The target, the guardrails, the secondary metrics and the share of fallbacks: a metric is known by its place. */
  readonly metrics: readonly MetricSpec[];
  /** Place of the control among the arms. */
  readonly control: number;
  readonly assigner: Assigner;
  readonly coverage: number;
  readonly unitHash: (unit: string) => Uint8Array;
  /** Names a record may have values under. */
  readonly names: ReadonlySet<string>;

  constructor(definition: Definition, coverage: number) {
    const { target, guardrails, secondary, arms } = definition;
    this.definition = definition;
    const named = [target, ...guardrails.filter(({ name }) => name !== FALLBACK_METRIC), ...secondary];
    this.metrics = [...named, { name: FALLBACK_METRIC, direction: 'lower' }];
    this.control = arms.findIndex(({ isControl }) => isControl);
    this.coverage = coverage;
    this.assigner = new Assigner(definition, coverage);
    this.unitHash = unitHash(definition.salt);
    this.names = new Set(
      named.flatMap(({ name, value = name, denominator = value }) => [value, denominator]),
    );
  }

  get arms(): readonly Arm[] {
    return this.definition.arms;
  }

  /** The place of the share of fallbacks. */
  get fallback(): number {
    return this.metrics.length - 1;
  }

  /** The place of a metric by its name. */
  metricAt(name: string): number {
    return this.metrics.findIndex((metric) => metric.name === name);
  }
}
