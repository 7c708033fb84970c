import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { exists, hasCode, isoTime, PilotfishError } from '../../base/index.ts';
import type { TelemetryCollector, TelemetryCounters, TelemetrySummary } from '../../lifecycle/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { counted, countText, safeText } from '../text.ts';
import type { Listeners } from './adviser.ts';
import { withModelExamples } from './work.ts';

const DAY_MS = 86_400_000;

interface TelemetryCommandOptions extends CommonOptions {
  readonly dataset?: string;
}

/** Adds `telemetry`. */
export function registerTelemetry(program: Command, context: Context): void {
  withModelExamples(program.command('telemetry <file>'), [
    'pilotfish telemetry telemetry.db                          what `pack --telemetry` has recorded',
    'pilotfish telemetry telemetry.db --dataset dataset.json   its stored blocks as samples to learn from',
  ])
    .description('say what telemetry holds: events by type, time span, what was lost')
    .option('--dataset <file>', 'write its stored blocks as a data set, .json or .parquet, made k-anonymous')
    .action((file: string, options: TelemetryCommandOptions) => run(context, file, options));
}

async function run(context: Context, file: string, options: TelemetryCommandOptions): Promise<void> {
  const { TELEMETRY_RETENTION: retention, telemetrySummary } = await import('../../lifecycle/index.ts');
  const path = resolve(file);
  const summary = telemetrySummary(context.ports().fs, path);
  const dataset = options.dataset === undefined ? null : await exported(context, path, options.dataset);
  await context.result(options, {
    json: { path, ...summary, retention, dataset },
    text: `${summaryText(summary, retention)}${datasetText(dataset)}`,
  });
}

type Exported = { readonly path: string; readonly samples: number; readonly classes: readonly string[] };

/** Writes the stored blocks of telemetry as a data set. */
async function exported(context: Context, dbPath: string, file: string): Promise<Exported> {
  const { TelemetryCollector, telemetryDataset } = await import('../../lifecycle/index.ts');
  const { fs, clock, random, log } = context.ports();
  const collector = new TelemetryCollector({ dbPath, ports: { fs, clock, random, log } });
  try {
    const dataset = telemetryDataset(collector);
    const path = resolve(file);
    await dataset.save(path);
    return { path, samples: dataset.length, classes: dataset.classes ?? [] };
  } finally {
    collector.close();
  }
}

function summaryText(summary: TelemetrySummary, retention: { maxAgeMs: number; maxRows: number }): string {
  const { events, firstMs, lastMs, keys, dropped, refused, expired } = summary;
  const types = Object.entries(events).filter(([, count]) => count > 0);
  const span =
    firstMs === null || lastMs === null ? 'nothing yet' : `${isoTime(firstMs)} to ${isoTime(lastMs)}`;
  const days = retention.maxAgeMs / DAY_MS;
  return [
    ...types.map(([type, count]) => `${type.padEnd(18)} ${countText(count)}`),
    `span     ${span}`,
    `kept     ${counted(days, 'day')}, at most ${countText(retention.maxRows)} events; ${counted(keys, 'key')}`,
    `lost     ${countText(dropped)} dropped, ${countText(refused)} refused, ${countText(expired)} expired\n`,
  ].join('\n');
}

function datasetText(dataset: Exported | null): string {
  if (dataset === null) return '';
  const { path, samples, classes } = dataset;
  return `dataset  ${counted(samples, 'sample')} of ${classes.join(', ')} in ${safeText(path)}\n`;
}

/** Telemetry of one run. */
export interface Recording extends Listeners {
  /** Writes what waits, closes the database and tells what became of the events. Never throws. */
  end(): TelemetryCounters;
}

/** Begins to record into a database, made where there is none. One that cannot be used is a warning: the run goes on. */
export async function startRecording(context: Context, file: string): Promise<Recording | undefined> {
  const { baseRecorder, codecRecorder, TelemetryCollector } = await import('../../lifecycle/index.ts');
  const { fs, clock, random, log } = context.ports();
  const dbPath = resolve(file);
  try {
    if (!exists(fs, dirname(dbPath))) {
      throw new PilotfishError('MISSING', `there is no folder for ${dbPath}: make it, or name another file`);
    }
    const collector = new TelemetryCollector({ dbPath, ports: { fs, clock, random, log } });
    return {
      onCodecReceipt: codecRecorder(collector),
      onBaseReceipt: baseRecorder(collector),
      end: () => endRecording(context, dbPath, collector),
    };
  } catch (error) {
    warn(context, dbPath, error);
    return undefined;
  }
}

function endRecording(context: Context, path: string, collector: TelemetryCollector): TelemetryCounters {
  try {
    collector.close();
  } catch (error) {
    warn(context, path, error);
  }
  return collector.counters;
}

/** The file is named once: most messages do it themselves. */
function warn(context: Context, path: string, error: unknown): void {
  if (!hasCode(error)) throw error;
  const { code, message } = error;
  const about = message.includes(path) ? 'telemetry' : path;
  context.warn({ path: about, code, message: `${message}. Telemetry is not recorded` });
}
