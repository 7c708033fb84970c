/** One number, with what tells it from others of its metric. */
export type MetricValue = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a histogram: the name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
};

/** A metric with all its values, in the form that prom-client collects. */
export type CollectedMetric = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: readonly MetricValue[];
};

/** A register of the caller's own: prom-client's `Registry` is one. */
export interface MetricRegister {
  registerMetric(metric: RegisteredMetric): void;
}

/** What such a register asks, whenever it is read. */
export type RegisteredMetric = Pick<CollectedMetric, 'name' | 'help' | 'type'> & {
  /** How workers of a cluster are taken together. */
  readonly aggregator: 'sum' | 'first';
  get(): Promise<CollectedMetric & { readonly aggregator: 'sum' | 'first' }>;
  /** Registers call it when they are emptied; what was counted here stays. */
  reset(): void;
};

/**
 * Metrics in the text format that Prometheus reads (exposition format 0.0.4). One without values is left out: a help line
 * alone says nothing.
 */
export function exposition(metrics: readonly CollectedMetric[]): string {
  return metrics
    .filter(({ values }) => values.length > 0)
    .map(({ name, help, type, values }) => {
      const lines = values.map(
        (each) => `${each.metricName ?? name}${labelText(each.labels)} ${numberText(each.value)}\n`,
      );
      return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

/** What registers are told of a metric before it has values. */
type Described = Pick<CollectedMetric, 'name' | 'help' | 'type'>;

/**
 * Registers metrics with a register that will ask for their values. It asks for each: those that are asked for at the same
 * time are collected once.
 */
export function joinRegister(
  register: MetricRegister,
  metrics: readonly Described[],
  collect: () => Promise<readonly CollectedMetric[]>,
): void {
  let running: Promise<readonly CollectedMetric[]> | undefined;
  const collected = (): Promise<readonly CollectedMetric[]> => {
    running ??= collect().finally(() => {
      running = undefined;
    });
    return running;
  };
  for (const { name, help, type } of metrics) {
    const aggregator = type === 'gauge' ? 'first' : 'sum';
    const now = async () => (await collected()).find((metric) => metric.name === name)?.values ?? [];
    register.registerMetric({
      ...{ name, help, type, aggregator },
      get: async () => ({ name, help, type, aggregator, values: await now() }),
      reset: () => {},
    });
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
