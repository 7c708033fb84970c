import { PilotfishError } from '../../base/index.ts';
import { finite } from '../contract/index.ts';
import { crc32c } from './crc32c.ts';
import { ProtobufMessage } from './protobuf.ts';

/**
 * TensorBoard event files: records one after the other, so that a file cut anywhere is read up to the cut. Append
 * what these functions give to `events.out.tfevents.<seconds>.<host>`, first `tensorBoardStart`.
 *
 *   u64 length | u32 masked CRC-32C of the length | protobuf Event | u32 masked CRC-32C of the event
 *   Event {1: wall_time, 2: step, 3: file_version, 5: Summary {1: [Value {1: tag, 2: simple_value}]}}
 *
 * All numbers are little-endian. The mask keeps checksums of data that hold checksums apart.
 */

/** Numbers to draw over `step`. */
export type TensorBoardScalars = {
  /** Seconds since 1970. */
  readonly wallTimeSeconds: number;
  /** Whole number, from 0. */
  readonly step: number;
  /** One number a tag, e.g. `loss/train`; kept as float32. NaN is allowed: TensorBoard shows it as such. */
  readonly scalars: { readonly [tag: string]: number };
};

/** The first record of a file: which version the rest has. @throws PilotfishError `NOT_FINITE`. */
export function tensorBoardStart(wallTimeSeconds: number): Uint8Array {
  const event = new ProtobufMessage()
    .double(1, finite('wallTimeSeconds', wallTimeSeconds))
    .text(3, 'brain.Event:2');
  return record(event.finish());
}

/**
 * A record with any number of scalars of one step.
 * @throws PilotfishError `NOT_FINITE` for the time, `USAGE` for a step that is no whole number from 0, `EMPTY`
 * without scalars.
 */
export function tensorBoardScalars({ wallTimeSeconds, step, scalars }: TensorBoardScalars): Uint8Array {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new PilotfishError('USAGE', `step is ${step}; give a whole number from 0`);
  }
  const summary = new ProtobufMessage();
  let count = 0;
  for (const [tag, value] of Object.entries(scalars)) {
    summary.message(1, new ProtobufMessage().text(1, tag).float(2, value));
    count += 1;
  }
  if (count === 0) throw new PilotfishError('EMPTY', 'no scalars to write; give at least one');
  const event = new ProtobufMessage().double(1, finite('wallTimeSeconds', wallTimeSeconds));
  // A zero is not written: readers take an absent number for it, and so does the writer that others use.
  if (step > 0) event.int(2, step);
  return record(event.message(5, summary).finish());
}

function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return bytes;
}

/** Rotated by 15 bits, plus a constant. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
