// After an abrupt change: the error of what serves against that of a learner that began at the change.
import { readStream, seaLike } from '../drift/streams.ts';
import type { Row, Scale } from '../section.ts';
import { sea } from './river.ts';
import { LEARNERS, type LearnerName, meanScore, progressive, type Stream, served } from './served.ts';

/** Samples in which a pipeline must have recovered, and over which it is then judged. */
const WITHIN = 1000;
const JUDGED = 1000;
const MOST = 1.2;
const SEEDS: Readonly<Record<Scale, number>> = { small: 2, full: 20 };
const NAMES: readonly LearnerName[] = ['logistic-regression', 'naive-bayes', 'hoeffding-tree'];
const PER_CONCEPT = 5000;

interface Changing {
  readonly name: string;
  readonly streams: readonly { readonly stream: Stream; readonly changes: readonly number[] }[];
}

/** The streams whose changes are known. */
function changing(scale: Scale, dataDirectory: string | undefined): Changing[] {
  const changes = [1, 2, 3].map((part) => part * PER_CONCEPT);
  const seeds = Array.from({ length: SEEDS[scale] }, (_, i) => i + 1);
  const file = scale === 'full' ? readStream(dataDirectory, 'SYNTH-sea') : undefined;
  return [
    { name: 'SEA, change at 5000', streams: [{ stream: sea(), changes: [5000] }] },
    {
      name: `SEA with a tenth of the labels wrong, ${seeds.length} streams of 3 changes`,
      streams: seeds.map((seed) => ({ stream: seaLike(seed, PER_CONCEPT), changes })),
    },
    ...(file === undefined
      ? []
      : [{ name: 'SYNTH-sea, 3 changes', streams: [{ stream: file, changes: [12_500, 25_000, 37_500] }] }]),
  ];
}

/** Wrong answers of both, over all changes. */
function errorsOf(
  name: LearnerName,
  { streams }: Changing,
): { readonly ours: number; readonly fresh: number } {
  let [ours, fresh] = [0, 0];
  for (const { stream, changes } of streams) {
    const shape = { features: stream.rows[0]?.length ?? 0, classes: 2 };
    const { scores } = served(LEARNERS[name](shape), stream, 'adaptive');
    for (const change of changes) {
      const [from, to] = [change + WITHIN, change + WITHIN + JUDGED];
      const began = progressive(
        LEARNERS[name](shape),
        { ...stream, rows: stream.rows.slice(0, to) },
        2,
        change,
      );
      ours += 1 - meanScore(scores, from, to);
      fresh += 1 - meanScore(began, from, to);
    }
  }
  return { ours, fresh };
}

/** One row a stream and learner. */
export function recoveryRows(scale: Scale, dataDirectory: string | undefined): Row[] {
  return changing(scale, dataDirectory).flatMap((set) =>
    NAMES.map((name): Row => {
      const { ours, fresh } = errorsOf(name, set);
      const changes = set.streams.reduce((sum, each) => sum + each.changes.length, 0);
      return {
        measure: `${set.name}, ${name}: error from 1000 to 2000 samples after a change, against a learner begun at the change that learns every sample at once`,
        bound: `≤ ${MOST} ×`,
        measured: `${(ours / fresh).toFixed(2)} × (${(ours / changes).toFixed(4)} against ${(fresh / changes).toFixed(4)})`,
        isMet: ours <= MOST * fresh,
      };
    }),
  );
}

const REAL = ['elec2', 'ne-weather'];

/** Real streams, whose changes nobody knows. */
export function realRows(scale: Scale, dataDirectory: string | undefined): Row[] {
  if (scale === 'small') return [];
  return REAL.flatMap((file) => {
    const stream = readStream(dataDirectory, file);
    if (stream === undefined) return [];
    const shape = { features: stream.rows[0]?.length ?? 0, classes: 2 };
    return NAMES.map((name): Row => {
      const { scores, outcomes } = served(LEARNERS[name](shape), stream, 'adaptive');
      const swaps = outcomes.filter(({ kind }) => kind === 'swap').length;
      const ungated = meanScore(progressive(LEARNERS[name](shape), stream));
      return {
        measure: `${file}, ${name}: accuracy of what an adaptive pipeline served`,
        bound: '',
        measured: `${meanScore(scores).toFixed(4)}, ${swaps} swaps (learning every sample at once: ${ungated.toFixed(4)})`,
        isMet: undefined,
      };
    });
  });
}
