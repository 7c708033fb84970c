import { exists, type FileSystem, PilotfishError } from '../../base/index.ts';
import { TelemetryDatabase, type TelemetrySummary } from './database.ts';

/**
 * What a telemetry database holds: counts, no events. Nothing expires by it, and no key is made.
 * @throws PilotfishError `MISSING` where there is none; `DAMAGED`, `NEWER_VERSION`, `LOCKED` or `IO`.
 */
export function telemetrySummary(fs: FileSystem, path: string): TelemetrySummary {
  if (!exists(fs, path)) {
    throw new PilotfishError(
      'MISSING',
      `there is no telemetry in ${path}: record some with \`pack --telemetry\``,
      {
        path,
      },
    );
  }
  const database = new TelemetryDatabase(fs, path);
  try {
    return database.summary();
  } finally {
    database.close();
  }
}
