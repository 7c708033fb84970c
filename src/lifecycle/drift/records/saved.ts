import { deserialize, serialize } from 'node:v8';
import { PilotfishError } from '../../../base/index.ts';
import type { SavedStream } from '../windows/finding.ts';

const FORMAT = 1;
const NUMBER_BYTES = 8;

/** Values in rising order as bytes, little-endian. */
export function bytesOfValues(values: Float64Array): Uint8Array {
  const bytes = Buffer.alloc(values.length * NUMBER_BYTES);
  values.forEach((value, at) => {
    bytes.writeDoubleLE(value, at * NUMBER_BYTES);
  });
  return bytes;
}

/** @throws PilotfishError `DAMAGED` for what is no baseline. */
export function valuesOfBytes(bytes: Uint8Array): Float64Array {
  const count = bytes.length / NUMBER_BYTES;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = Number.isInteger(count) && count > 0;
  const values = Float64Array.from({ length: whole ? count : 0 }, (_, at) =>
    view.readDoubleLE(at * NUMBER_BYTES),
  );
  const isSound = values.every(
    (value, at) => Number.isFinite(value) && (at === 0 || value >= (values[at - 1] as number)),
  );
  if (whole && isSound) return values;
  throw new PilotfishError('DAMAGED', 'a stored baseline is no list of rising numbers: set it anew');
}

/** What is written of a stream between two processes. */
export const bytesOfWindows = (saved: SavedStream): Uint8Array => serialize({ format: FORMAT, saved });

/** @returns undefined for what another version wrote: the windows then begin anew */
export function windowsOfBytes(bytes: Uint8Array): SavedStream | undefined {
  try {
    const { format, saved } = deserialize(bytes) as { format: unknown; saved: SavedStream };
    return format === FORMAT ? saved : undefined;
  } catch {
    return undefined;
  }
}
