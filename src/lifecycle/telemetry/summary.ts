import { exists, type FileSystem, hasCode, PilotfishError } from '../../base/index.ts';
import { TelemetryDatabase, type TelemetrySummary } from './database.ts';

/**
 * What a telemetry database holds: counts, no events. Nothing expires by it, and no key is made. One on a read-only
 * medium will do, unless events still lie in the log beside it.
 * @throws PilotfishError `MISSING` where there is none; `DAMAGED`, `NEWER_VERSION`, `UNSUPPORTED`, `LOCKED` or `IO`.
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
  const database = opened(fs, path);
  try {
    return database.summary();
  } finally {
    database.close();
  }
}

function opened(fs: FileSystem, path: string): TelemetryDatabase {
  const log = `${path}-wal`;
  const hasWaiting = exists(fs, log) && fs.lstat(log).sizeBytes > 0;
  try {
    return new TelemetryDatabase(fs, path);
  } catch (error) {
    if (!hasCode(error, 'IO') || hasWaiting) throw error;
    return new TelemetryDatabase(fs, path, 'frozen');
  }
}
