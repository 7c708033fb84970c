// Drift: false alarms within the declared budget, delays beside other detectors, and what a row costs.
import { alarmsOn, delaysAt, watchers } from './drift/delays.ts';
import { rowCostUs } from './drift/speed.ts';
import { falseAlarms, identicalAlarms, namedRules, type Stationary } from './drift/stationary.ts';
import { readStream, seaLike } from './drift/streams.ts';
import type { Row, Scale, Section, SectionOptions } from './section.ts';

const MONTH_SECONDS = 30 * 86_400;
/** Of the budget, either way. */
const TOLERANCE = 0.2;
const ROW_US = 5;
const REAL = ['elec2', 'ne-weather'];

const sizeOf: Readonly<Record<Scale, Stationary>> = {
  small: {
    streams: 40,
    samples: 10_000,
    features: 6,
    baseline: 1000,
    windowSize: 200,
    alarmsPerMillion: 300,
  },
  full: {
    streams: 1000,
    samples: 100_000,
    features: 18,
    baseline: 5000,
    windowSize: 1000,
    alarmsPerMillion: 10,
  },
};

async function budgetRows(scale: Scale): Promise<Row[]> {
  const size = sizeOf[scale];
  const { streams, features, alarmsPerMillion } = size;
  const monthly = ((alarmsPerMillion / 1e6) * MONTH_SECONDS).toFixed(0);
  const what = `${streams} streams of ${size.samples} rows of ${features} correlated features`;
  const found = await falseAlarms(size);
  const share = found.alarms / found.expected;
  const named = namedRules({ ...size, streams: Math.ceil(streams / 50) });
  const identical = await identicalAlarms(scale === 'full' ? 1000 : 20);
  return [
    {
      measure: `false alarms, ${what}, threshold 0, budget ${alarmsPerMillion} per million observations (${monthly} a month at one a second)`,
      bound: `${found.expected} ± ${100 * TOLERANCE} %`,
      measured: `${found.alarms} (standard error ${found.error.toFixed(0)}), ${found.critical} of them critical`,
      isMet: Math.abs(share - 1) <= TOLERANCE,
    },
    {
      measure: 'the same with threshold 0.05',
      bound: `≤ ${found.expected}`,
      measured: String(found.floored),
      isMet: found.floored <= found.expected,
    },
    plain('the same, document 003 read as KS > 0.05 of every window, per million', named.distance.toFixed(0)),
    plain('the same, document 003 read as p < 0.05 of every window, per million', named.pValue.toFixed(0)),
    {
      measure: 'alarms on identical data, threshold 0',
      bound: '0',
      measured: String(identical),
      isMet: identical === 0,
    },
  ];
}

const plain = (measure: string, measured: string): Row => ({
  measure,
  bound: '',
  measured,
  isMet: undefined,
});

/** The change points are known: the file says where, or the generator does. */
async function delayRows(scale: Scale, dataDirectory: string | undefined): Promise<Row[]> {
  const file = readStream(dataDirectory, 'SYNTH-sea');
  const perConcept = scale === 'full' ? 12_500 : 4000;
  const stream = scale === 'full' && file !== undefined ? file : seaLike(1, perConcept);
  const what = stream === file ? 'SYNTH-sea' : 'SEA, generated';
  const rows = [];
  for (const watcher of watchers) {
    const {
      changes,
      found,
      meanDelay,
      falseAlarms: early,
      before,
    } = await delaysAt(
      stream,
      [1, 2, 3].map((i) => i * perConcept),
      watcher,
    );
    const delay = found === 0 ? '' : `, ${meanDelay.toFixed(0)} values after it on average`;
    const measured = `${found} of ${changes} changes found${delay}; ${early} alarms in the ${before} values before`;
    rows.push(plain(`${what}, errors of a model that learnt the concept before: ${watcher.name}`, measured));
  }
  return rows;
}

async function realRows(dataDirectory: string | undefined): Promise<Row[]> {
  const rows = [];
  for (const name of REAL) {
    const stream = readStream(dataDirectory, name);
    if (stream === undefined) continue;
    for (const watcher of watchers) {
      const { alarms, first, before, after } = await alarmsOn(stream, watcher);
      const found = first === undefined ? 'no alarm' : `${alarms} alarms, the first after ${first} values`;
      const errors = `${(100 * before).toFixed(1)} % wrong before, ${(100 * after).toFixed(1)} % after`;
      rows.push(
        plain(
          `${name}, errors of a model that learnt the first tenth: ${watcher.name}`,
          `${found} (${errors})`,
        ),
      );
    }
  }
  return rows;
}

export async function driftSection(scale: Scale, { dataDirectory }: SectionOptions = {}): Promise<Section> {
  const rows = [...(await budgetRows(scale)), ...(await delayRows(scale, dataDirectory))];
  if (scale === 'full') {
    rows.push(...(await realRows(dataDirectory)));
    const cost = await rowCostUs();
    const measure = 'a row of 18 features, baseline of 10 000, windows of 1000 to 8000';
    rows.push({ measure, bound: `≤ ${ROW_US} µs`, measured: `${cost.toFixed(2)} µs`, isMet: cost <= ROW_US });
  }
  return {
    title: 'Drift',
    note:
      'Features of a row share half of their variance; every stream has a baseline of its own, drawn like the rest. ' +
      'An observation is a row. The budget is for independent rows. Other detectors run with the defaults of River; ' +
      'ours has 10 false alarms of a million values to spend and looks at rises only.',
    rows,
  };
}
