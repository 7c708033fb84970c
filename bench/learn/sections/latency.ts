// Inference while a worker trains: every call timed by itself, at a steady pace.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MlpKernel } from '../../../src/learn/kernels/index.ts';
import { quantile } from '../../common/statistics.ts';
import type { Finding, Section } from '../results.ts';
import { randomLayer } from '../rows/layers.ts';
import { Draws } from '../rows/task.ts';
import { atMost, quotient } from './goals.ts';
import type { Setting } from './sections.ts';
import type { TrainerWork } from './trainer-worker.ts';

const sizes = [12, 128, 64, 32, 4] as const;
const paceUs = 50;
// Two quantiles of clock readings differ by this much without any cause.
const unchanged = 1.1;

/** Times calls one by one, one every 50 µs; µs of each. */
function paced(kernel: MlpKernel, x: Float32Array, calls: number): Float64Array {
  const times = new Float64Array(calls);
  let next = process.hrtime.bigint();
  for (let call = 0; call < calls; call++) {
    while (process.hrtime.bigint() < next);
    const started = process.hrtime.bigint();
    kernel.input.set(x);
    kernel.run();
    times[call] = Number(process.hrtime.bigint() - started) / 1000;
    next = started + BigInt(paceUs * 1000);
  }
  return times;
}

async function whileTraining<T>(work: TrainerWork, measure: () => T): Promise<T> {
  const worker = new Worker(new URL('trainer-worker.ts', import.meta.url), { workerData: work });
  await once(worker, 'message');
  const result = measure();
  await worker.terminate();
  return result;
}

const shares = [0.5, 0.9, 0.99, 0.999] as const;

interface Quantiles {
  readonly name: string;
  readonly values: readonly number[];
}

const quantilesOf = (name: string, times: Float64Array): Quantiles => ({
  name,
  values: shares.map((share) => quantile(Array.from(times), share)),
});

/** One line a quantile: while weights are published, and the others beside it. */
function findings(published: Quantiles, others: readonly Quantiles[]): Finding[] {
  return shares.map((share, i) => {
    const product = published.values[i] ?? Number.NaN;
    const values = others.map(({ name, values: all }) => ({ name, value: all[i] ?? Number.NaN }));
    // The better of the two runs alone, before and after.
    const alone = Math.min(
      ...values.filter(({ name }) => name.startsWith('alone')).map(({ value }) => value),
    );
    const goals = share === 0.5 ? [atMost('/ alone', quotient(product, alone), unchanged)] : [];
    return { name: `p${share * 100}`, unit: 'µs', product, others: values, goals };
  });
}

/** Quantiles of single calls of the MLP, with and without a trainer on another core. */
export async function latencySection({ isQuick }: Setting): Promise<Section> {
  const calls = isQuick ? 4000 : 50_000;
  const draws = new Draws(62);
  const kernel = new MlpKernel({ sizes });
  kernel.load(sizes.slice(1).map((size, i) => randomLayer(draws, sizes[i] ?? 0, size)));
  const x = draws.normal(sizes[0]);
  const measure = (): Float64Array => paced(kernel, x, calls);
  // The first round is still on its way to the fastest code.
  measure();
  const alone = quantilesOf('alone', measure());
  const trained = quantilesOf('trainer', await whileTraining({ sizes, port: null }, measure));
  const again = quantilesOf('alone again', measure());
  const published = await whileTraining({ sizes, port: kernel.port }, measure);
  return {
    id: 'latency',
    title: 'Inference beside a trainer',
    about: [
      `MLP ${sizes.join('-')}: one call every ${paceUs} µs, ${calls} calls, each timed by itself (the clock takes about`,
      '0.05 µs of that). First column: while a worker trains at 100 % on another core and publishes its weights into',
      'the serving kernel after every epoch. "trainer": trains without publishing.',
    ].join(' '),
    findings: findings(quantilesOf('publishing', published), [alone, trained, again]),
    absent: [],
  };
}
