import { dirname } from 'node:path';
import { asRepositoryError, exists, type FileSystem } from '../../base/index.ts';

/**
 * Puts a file in place of another, or of none: `write` makes it under another name, and it is renamed when it lies safe
 * on the disk. When anything fails, the old file stays. @throws PilotfishError `NO_SPACE`, `MISSING`, `IO`, or what
 * `write` throws.
 */
export async function replaceFile(
  fs: FileSystem,
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.new`;
  try {
    if (exists(fs, temporary)) fs.unlink(temporary);
    await write(temporary);
    // Whoever wrote it: what may be derived from telemetry is its owner's alone.
    fs.chmod(temporary, 0o600);
    const fd = fs.open(temporary, 'update');
    try {
      fs.fsync(fd);
    } finally {
      fs.close(fd);
    }
    fs.rename(temporary, path);
    fs.fsyncDirectory(dirname(path));
  } catch (error) {
    if (exists(fs, temporary)) fs.unlink(temporary);
    throw asRepositoryError(error, path);
  }
}
