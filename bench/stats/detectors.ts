// Detectors of change: what they cost, how often they are wrong, and that they find what River's find.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/process.ts';
import { FastRng } from '../../src/base/index.ts';
import {
  Adwin,
  BinnedBaseline,
  BinnedWindow,
  type ChangeDetector,
  Ddm,
  Eddm,
  HddmA,
  HddmW,
  Kswin,
  PageHinkley,
  psiThreshold,
  SlidingKs,
} from '../../src/learn/index.ts';
import { type Row, type Scale, type Section, shareText } from './section.ts';

const WINDOW = 1000;
const BASELINE = 5000;
const WINDOWS_PER_BASELINE = 10;
const PSI_ALPHA = 0.05;

/** Values in each stationary stream, and windows of each size, by scale. */
const runsOf = {
  small: { stationary: 20_000, windows: 1000 },
  full: { stationary: 1_000_000, windows: 6000 },
} as const satisfies Readonly<Record<Scale, object>>;

/** Values that are timed, and how often; the fastest round counts, as the machine does other things too. */
const TIMED = 1 << 19;
const ROUNDS = 9;

type Signal = 'normal' | 'errors';

/** One in ten is an error, or standard normal. */
function stream(signal: Signal, count: number, seed: number): Float64Array {
  const rng = new FastRng(seed);
  const draw = signal === 'normal' ? () => rng.normal() : () => (rng.next() < 0.1 ? 1 : 0);
  return Float64Array.from({ length: count }, draw);
}

interface Watched {
  readonly name: string;
  readonly signal: Signal;
  readonly make: () => ChangeDetector;
  /** Updates a second that are promised. */
  readonly bound?: number;
  /** What River 0.19 was measured to raise for 10 000 stationary values. */
  readonly river?: number;
}

const watched: readonly Watched[] = [
  { name: 'ADWIN', signal: 'normal', make: () => new Adwin(), bound: 4e6, river: 0 },
  { name: 'Page–Hinkley', signal: 'normal', make: () => new PageHinkley(), river: 5.8 },
  { name: 'KSWIN', signal: 'normal', make: () => new Kswin(), river: 17.8 },
  { name: 'DDM', signal: 'errors', make: () => new Ddm() },
  { name: 'EDDM', signal: 'errors', make: () => new Eddm() },
  { name: 'HDDM_A', signal: 'errors', make: () => new HddmA({ isTwoSided: true }) },
  { name: 'HDDM_W', signal: 'errors', make: () => new HddmW({ isTwoSided: true }) },
];

const beside = (measure: string, measured: string): Row => ({
  measure,
  bound: '',
  measured,
  isMet: undefined,
});

function falseAlarmRow({ name, signal, make, river }: Watched, count: number): Row {
  const detector = make();
  let alarms = 0;
  for (const value of stream(signal, count, 1)) if (detector.update(value)) alarms += 1;
  const what = signal === 'normal' ? 'standard normal values' : 'errors, one in ten';
  const other = river === undefined ? '' : `; River ${river}`;
  return beside(
    `false alarms for 10 000 stationary values (${what}): ${name}`,
    `${((alarms * 10_000) / count).toFixed(2)} (${alarms} in ${count})${other}`,
  );
}

type Recorded = {
  readonly version: string;
  readonly streams: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly {
    readonly detector: string;
    readonly options: object;
    readonly stream: string;
    readonly changes: readonly number[];
  }[];
};

const classes = [Adwin, PageHinkley, Kswin, Ddm, Eddm, HddmA, HddmW] as const;

/** For each detector: on how many of the recorded streams and settings it changes at River's values. */
function detectionRows(): readonly Row[] {
  const path = join(root, 'test/vectors/detectors.json');
  const { version, streams, cases } = JSON.parse(readFileSync(path, 'utf8')) as Recorded;
  return classes.map((Detector) => {
    const { kind } = new Detector();
    const own = cases.filter(({ detector }) => detector === kind);
    const same = own.filter(({ options, stream: name, changes }) => {
      const detector = new Detector(options);
      const found = (streams[name] ?? []).flatMap((value, i) => (detector.update(value) ? [i] : []));
      return found.join() === changes.join();
    });
    const first = own[0];
    return {
      measure: `changes found at River ${version}'s values: ${kind}`,
      bound: 'all',
      measured: `${same.length} of ${own.length} streams and settings (${first?.stream}: ${first?.changes.join(', ')})`,
      isMet: same.length === own.length,
    };
  });
}

/** How often the stability index of a window without drift exceeds its threshold, and the customary 0.1. */
function stabilityRow(windowCount: number, windows: number): Row {
  const rng = new FastRng(windowCount);
  const sizes = { baselineCount: BASELINE, windowCount, bins: 10 };
  const threshold = psiThreshold({ ...sizes, alpha: PSI_ALPHA });
  let [above, customary] = [0, 0];
  let baseline: BinnedBaseline | undefined;
  for (let run = 0; run < windows; run += 1) {
    if (baseline === undefined || run % WINDOWS_PER_BASELINE === 0)
      baseline = BinnedBaseline.of(Float64Array.from({ length: BASELINE }, () => rng.next()));
    const window = new BinnedWindow(baseline, windowCount);
    for (let i = 0; i < windowCount; i += 1) window.add(rng.next());
    if (window.psi() > threshold) above += 1;
    if (window.psi() > 0.1) customary += 1;
  }
  const share = above / windows;
  return {
    measure: `stability index of ${windowCount} values without drift above its 5 % threshold (${threshold.toFixed(3)})`,
    bound: '3 % to 7 %',
    measured: `${shareText(above, windows)}; above 0.1: ${shareText(customary, windows)}`,
    isMet: share >= 0.03 && share <= 0.07,
  };
}

/** Seconds of this thread's processor time a value, in the fastest round. */
function secondsPerValue(start: () => (value: number) => void, values: Float64Array): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const update = start();
    const from = process.threadCpuUsage();
    for (let i = 0; i < values.length; i += 1) update(values[i] as number);
    const { user, system } = process.threadCpuUsage(from);
    best = Math.min(best, user + system);
  }
  return best / 1e6 / values.length;
}

function speedRow({ name, signal, make, bound }: Watched): Row {
  const seconds = secondsPerValue(
    () => {
      const detector = make();
      return (value) => detector.update(value);
    },
    stream(signal, TIMED, 2),
  );
  const rate = 1 / seconds;
  return {
    measure: `speed: ${name}`,
    bound: bound === undefined ? '' : `≥ ${bound / 1e6} M values/s`,
    measured: `${(rate / 1e6).toFixed(rate < 1e7 ? 2 : 0)} M values/s`,
    isMet: bound === undefined ? undefined : rate >= bound,
  };
}

interface TimedDistance {
  readonly measure: string;
  readonly boundUs: number;
  readonly start: () => (value: number) => void;
}

function distanceRow({ measure, boundUs, start }: TimedDistance): Row {
  const us = secondsPerValue(start, stream('normal', TIMED, 3)) * 1e6;
  return {
    measure: `time: ${measure}`,
    bound: `≤ ${boundUs} µs`,
    measured: `${us.toFixed(2)} µs`,
    isMet: us <= boundUs,
  };
}

const slidingOf = (size: number): TimedDistance => ({
  measure: `exact sliding KS of ${WINDOW} values against ${size}, a value and its distance`,
  boundUs: 5,
  start: () => {
    const sliding = new SlidingKs(stream('normal', size, 4), WINDOW);
    // Filling the window needs a tree a value, when the distance is asked for.
    for (const value of stream('normal', WINDOW, 5)) sliding.add(value);
    let most = 0;
    return (value) => {
      sliding.add(value);
      most = Math.max(most, sliding.distance);
    };
  },
});

const binned: TimedDistance = {
  measure: `binned window of ${WINDOW} values, 10 bins, a value and its KS distance and stability index`,
  boundUs: 0.2,
  start: () => {
    const window = new BinnedWindow(BinnedBaseline.of(stream('normal', BASELINE, 4)), WINDOW);
    let most = 0;
    return (value) => {
      window.add(value);
      most = Math.max(most, window.ks(), window.psi());
    };
  },
};

/** All rows; speed only at full scale. */
export async function detectorsSection(scale: Scale): Promise<Section> {
  const { stationary, windows } = runsOf[scale];
  const rows = [
    ...detectionRows(),
    ...watched.map((one) => falseAlarmRow(one, stationary)),
    ...[50, 100, 200, 1000].map((size) => stabilityRow(size, windows)),
  ];
  if (scale === 'full')
    rows.push(
      ...watched.map(speedRow),
      ...[1000, 10_000].map(slidingOf).map(distanceRow),
      distanceRow(binned),
    );
  return {
    title: 'Detectors of change',
    note:
      `Detectors at their defaults (HDDM two-sided) on seeded streams of ${stationary} values; KSWIN tests at every ` +
      `value, which its alpha does not pay for. The stability index: ${windows} windows of each size, ` +
      `${WINDOWS_PER_BASELINE} against each baseline of ${BASELINE} values in 10 bins. Streams and detections of ` +
      'River: test/vectors/detectors.json.',
    rows,
  };
}
