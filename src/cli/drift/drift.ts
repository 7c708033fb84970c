import type { Command } from 'commander';
import type { DriftAlert, DriftExplanation, DriftStatus } from '../../lifecycle/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { inputOf, lineProgress } from '../lines.ts';
import { duration } from '../options.ts';
import { type DataOptions, group, withData } from '../registry/data.ts';
import { counted, localTime, safeText, table } from '../text.ts';
import { registerBaseline } from './baseline.ts';
import { rowsOf, TYPE_HELP, type TypeOptions, typeOf, withDetector } from './detector.ts';

interface RecordOptions extends TypeOptions {
  readonly from?: string;
}

interface ReportOptions extends DataOptions {
  readonly since?: string;
}

const EXAMPLES = [
  'pilotfish drift baseline --from training.jsonl --data DIR',
  'pilotfish drift record --from today.jsonl --data DIR',
  'pilotfish drift status --data DIR',
  'pilotfish drift explain request_size --data DIR',
];
const BATCH = 1000;

/** Adds `drift` with its commands. */
export function registerDrift(program: Command, context: Context): void {
  const drift = group(program, 'drift', EXAMPLES).description(
    'watch features, predictions and errors of models against what they learnt from',
  );
  withData(drift.command('status'), ['pilotfish drift status --data DIR'])
    .description('list what is watched and how far it is from its baseline')
    .action((options: DataOptions) => status(context, options));
  registerBaseline(drift, context);
  withData(drift.command('record'), [
    'pilotfish drift record --data DIR < today.jsonl',
    'pilotfish drift record --from errors.jsonl --type concept --data DIR',
  ])
    .description('take in rows of numbers by name, one JSON object a line, and print the alarms')
    .option('--from <file>', 'the rows; without it standard input')
    .option('--type <type>', TYPE_HELP)
    .action((options: RecordOptions) => record(context, options));
  withData(drift.command('reports'), ['pilotfish drift reports --since 7d --data DIR'])
    .description('list alarms')
    .option('--since <time>', 'such as 24h, 7d or 2026-01-31T12:00:00Z (default: 24h)')
    .action((options: ReportOptions) => reports(context, options));
  withData(drift.command('explain <feature>'), ['pilotfish drift explain request_size --data DIR'])
    .description('say why a feature alarms as often as it does, and what to change')
    .option('--type <type>', TYPE_HELP)
    .action((feature: string, options: TypeOptions) => explain(context, feature, options));
}

function status(context: Context, options: DataOptions): Promise<void> {
  return withDetector(context, options, async (detector) => {
    const streams = await detector.status();
    const none = 'nothing is watched: `pilotfish drift baseline` says what features were\n';
    const text = streams.length === 0 ? none : table(streams.map(statusRow));
    await context.result(options, { json: { streams }, text });
  });
}

function statusRow({
  type,
  featureName,
  count,
  baselineCount,
  distance,
  severity,
  since,
  alarms,
}: DriftStatus): string[] {
  const far = distance === null ? 'no window yet' : `distance ${distance.toFixed(3)}`;
  const now = severity === null ? '' : `${severity} since ${localTime(since?.getTime() ?? 0)}`;
  const of = `${counted(count, 'value')}, baseline of ${baselineCount}`;
  return [type, safeText(featureName), far, of, counted(alarms, 'alarm'), now];
}

function record(context: Context, options: RecordOptions): Promise<void> {
  const type = typeOf(options);
  return withDetector(context, options, async (detector) => {
    const input = inputOf(context, options.from);
    const progress = lineProgress(context, 'row');
    let rows = 0;
    for await (const row of rowsOf(input)) {
      detector.recordRows([Object.fromEntries(row)], type);
      rows += 1;
      if (rows % BATCH > 0) continue;
      await context.turn();
      progress.update({ count: rows });
    }
    const alerts = await detector.check();
    const text = `${alerts.map(alertLine).join('')}${counted(rows, 'row')} recorded, ${counted(alerts.length, 'alarm')}\n`;
    await context.result(options, { json: { rows, alerts }, text });
  });
}

function reports(context: Context, options: ReportOptions): Promise<void> {
  return withDetector(context, options, async (detector) => {
    const since = sinceOf(options.since ?? '24h', context.ports().clock.nowMs());
    const alerts = await detector.getDriftReports(since);
    const text = alerts.length === 0 ? 'no alarms\n' : alerts.map(alertLine).join('');
    await context.result(options, { json: { since, alerts }, text });
  });
}

function sinceOf(text: string, nowMs: number): Date {
  if (/^\d+[smhd]$/.test(text)) return new Date(nowMs - duration('--since')(text));
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw usageError(`--since ${safeText(text)} cannot be used: give 24h, 7d or a time`);
}

const alertLine = ({ severity, message, recommendation }: DriftAlert): string =>
  `${severity.padEnd(8)}  ${safeText(message)}\n          ${safeText(recommendation)}\n`;

function explain(context: Context, feature: string, options: TypeOptions): Promise<void> {
  const type = typeOf(options);
  return withDetector(context, options, async (detector) => {
    const explanation = await detector.explain(feature, type);
    await context.result(options, { json: explanation, text: explanationText(explanation) });
  });
}

function explanationText(it: DriftExplanation): string {
  const month =
    it.falseAlarmsPerMonth === null ? '' : `, ${it.falseAlarmsPerMonth.toPrecision(2)} a month at this pace`;
  const facts = [
    `${it.comparisons} windows compared, ${it.certain} beyond chance`,
    `budget: ${it.alarmsPerMillion} false alarms of a million observations of all streams${month}`,
    `alarms by threshold: ${it.thresholds.map(({ threshold, alarms }) => `${threshold}: ${alarms}`).join(', ')}`,
    `beyond chance from: ${it.sizes.map(({ windowSize, critical }) => `${critical.toFixed(3)} in ${windowSize}`).join(', ')}`,
    ...(it.autocorrelation === null
      ? []
      : [`correlation with the value before: ${it.autocorrelation.toFixed(2)}`]),
    ...it.advice.map((line) => `advice: ${line}`),
  ];
  return `${table([statusRow(it)])}${facts.map((line) => `  ${safeText(line)}\n`).join('')}`;
}
