import type { CollectedMetric, MetricValue } from '../../lifecycle/index.ts';

/** Upper bounds in seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const MS_PER_SECOND = 1000;

type Series = { readonly buckets: Float64Array; sumMs: number; readonly byStatus: Map<number, number> };
type Observed = {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
};

/** Requests by route: as many series as there are routes, whatever is asked for. */
export class HttpMetrics {
  readonly #series = new Map<string, Series>();

  observe({ method, route, status, durationMs }: Observed): void {
    const key = `${method} ${route}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { buckets: new Float64Array(BOUNDS.length + 1), sumMs: 0, byStatus: new Map() };
      this.#series.set(key, series);
    }
    let bucket = 0;
    while (bucket < BOUNDS.length && durationMs > (BOUNDS[bucket] as number) * MS_PER_SECOND) bucket += 1;
    series.buckets[bucket] = (series.buckets[bucket] as number) + 1;
    series.sumMs += durationMs;
    series.byStatus.set(status, (series.byStatus.get(status) ?? 0) + 1);
  }

  collect(): CollectedMetric[] {
    const all = [...this.#series].map(([key, series]) => {
      const [method = '', route = ''] = key.split(' ');
      return { labels: { method, route }, series };
    });
    return [
      {
        name: 'pilotfish_http_requests_total',
        help: 'Requests that were answered, by route and status.',
        type: 'counter',
        values: all.flatMap(({ labels, series }) =>
          [...series.byStatus].map(([status, value]) => ({
            labels: { ...labels, status: String(status) },
            value,
          })),
        ),
      },
      {
        name: 'pilotfish_http_request_duration_seconds',
        help: 'Time from the headers of a request to the end of its answer, by route.',
        type: 'histogram',
        values: all.flatMap(({ labels, series }) => histogramOf(labels, series)),
      },
    ];
  }
}

function histogramOf(labels: Readonly<Record<string, string>>, { buckets, sumMs }: Series): MetricValue[] {
  const metric = 'pilotfish_http_request_duration_seconds';
  let count = 0;
  const values = [...BOUNDS.map(String), '+Inf'].map((le, at) => {
    count += buckets[at] as number;
    return { metricName: `${metric}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [
    ...values,
    { metricName: `${metric}_sum`, labels, value: sumMs / MS_PER_SECOND },
    { metricName: `${metric}_count`, labels, value: count },
  ];
}
