import type { Clock } from '../../base/index.ts';
import { deltaOf, paysAtOnce, paysBesideAlone, paysBesideGroup, usualDeltaLevel } from '../bases/index.ts';
import { CODEC_IDS, codecName, compressGated } from '../codec/index.ts';

/**
 * What a worker computes. Jobs and outcomes travel as flat Int32Arrays; raw bytes stay in the shared arena. Pure:
 * the same job gives the same bytes on any thread.
 */
export const JOB = { plain: 0, deltaOrPlain: 1, deltaOrNothing: 2 } as const;
export type JobKind = (typeof JOB)[keyof typeof JOB];
export const OUTCOME = { plain: 0, delta: 1, nothing: 2 } as const;

export interface EncodeJob {
  readonly kind: JobKind;
  readonly rawAt: number;
  readonly rawLength: number;
  /** Ignored by plain jobs. */
  readonly baseAt: number;
  readonly baseLength: number;
  readonly codecId: number;
  readonly level: number;
  /** zstd level of the delta, if one is tried. */
  readonly deltaLevel: number;
}

export interface EncodedBlock {
  readonly outcome: number;
  readonly codecId: number;
  /** Undefined = the raw bytes themselves. */
  readonly payload: Uint8Array | undefined;
  /** What was tried on the way: size of the delta, and of the block alone; 0 where it was not tried. */
  readonly deltaBytes: number;
  readonly aloneBytes: number;
  /** What encoding the block alone took; 0 where it was not tried. */
  readonly aloneSeconds: number;
}

const JOB_FIELDS = 8;
const OUTCOME_FIELDS = 6;

export function packJobs(jobs: readonly EncodeJob[]): Int32Array<ArrayBuffer> {
  const flat = new Int32Array(jobs.length * JOB_FIELDS);
  jobs.forEach((job, i) => {
    flat.set(
      [
        job.kind,
        job.rawAt,
        job.rawLength,
        job.baseAt,
        job.baseLength,
        job.codecId,
        job.level,
        job.deltaLevel,
      ],
      i * JOB_FIELDS,
    );
  });
  return flat;
}

/** How hard groups and deltas are tried. */
export interface Effort {
  readonly groupLevel: number;
  readonly deltaLevel: (rawLength: number) => number;
}

export const EFFORTS: Record<'normal' | 'high', Effort> = {
  normal: { groupLevel: 9, deltaLevel: usualDeltaLevel },
  high: { groupLevel: 19, deltaLevel: () => 19 },
};

/** Runs one job. An encoder that throws (a base may look like a trained dictionary) does not pay. */
export function runJob(arena: Uint8Array, job: EncodeJob, clock: Clock): EncodedBlock {
  const raw = arena.subarray(job.rawAt, job.rawAt + job.rawLength);
  if (job.kind === JOB.plain) return plain(raw, job, clock);
  const base = arena.subarray(job.baseAt, job.baseAt + job.baseLength);
  const delta = deltaOf(raw, base, job.deltaLevel);
  const deltaBytes = delta?.length ?? 0;
  if (job.kind === JOB.deltaOrNothing) {
    if (delta !== undefined && paysBesideGroup(raw.length, deltaBytes)) return asDelta(delta, NOT_TRIED);
    return { outcome: OUTCOME.nothing, codecId: 0, payload: undefined, deltaBytes, ...NOT_TRIED };
  }
  if (delta !== undefined && paysAtOnce(raw.length, deltaBytes)) return asDelta(delta, NOT_TRIED);
  const alone = plain(raw, job, clock);
  if (delta !== undefined && paysBesideAlone(alone.aloneBytes, deltaBytes)) return asDelta(delta, alone);
  return { ...alone, deltaBytes };
}

/** What encoding a block alone came to and took. */
type Alone = Pick<EncodedBlock, 'aloneBytes' | 'aloneSeconds'>;
const NOT_TRIED: Alone = { aloneBytes: 0, aloneSeconds: 0 };

function asDelta(payload: Uint8Array, { aloneBytes, aloneSeconds }: Alone): EncodedBlock {
  const deltaBytes = payload.length;
  const codecId = CODEC_IDS.zstd;
  return { outcome: OUTCOME.delta, codecId, payload, deltaBytes, aloneBytes, aloneSeconds };
}

function plain(raw: Uint8Array, job: EncodeJob, clock: Clock): EncodedBlock {
  const startedMs = clock.monotonicMs();
  const { bytes, algorithm } = compressGated({ codec: codecName(job.codecId), level: job.level }, raw);
  const payload = algorithm === 'none' ? undefined : bytes;
  const codecId = CODEC_IDS[algorithm];
  const aloneSeconds = (clock.monotonicMs() - startedMs) / 1000;
  return { outcome: OUTCOME.plain, codecId, payload, deltaBytes: 0, aloneBytes: bytes.length, aloneSeconds };
}

function jobAt(flat: Int32Array, i: number): EncodeJob {
  const [kind, rawAt, rawLength, baseAt, baseLength, codecId, level, deltaLevel] = flat.subarray(
    i * JOB_FIELDS,
  );
  return { kind, rawAt, rawLength, baseAt, baseLength, codecId, level, deltaLevel } as EncodeJob;
}

/** All outcomes of a batch: a table, one run of payload bytes, and `aloneSeconds` of each; all transferable. */
export interface EncodedBatch {
  readonly table: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly seconds: Float64Array<ArrayBuffer>;
}

/** What a batch transfers rather than copies. */
export const buffersOf = ({ table, bytes, seconds }: EncodedBatch): ArrayBuffer[] => [
  table.buffer,
  bytes.buffer,
  seconds.buffer,
];

/** Runs a packed batch. */
export function runJobs(arena: Uint8Array, flat: Int32Array, clock: Clock): EncodedBatch {
  const count = flat.length / JOB_FIELDS;
  const outcomes: EncodedBlock[] = [];
  const seconds = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const outcome = runJob(arena, jobAt(flat, i), clock);
    outcomes.push(outcome);
    seconds[i] = outcome.aloneSeconds;
    total += outcome.payload?.length ?? 0;
  }
  const table = new Int32Array(count * OUTCOME_FIELDS);
  const bytes = new Uint8Array(total);
  let at = 0;
  outcomes.forEach(({ outcome, codecId, payload, deltaBytes, aloneBytes }, i) => {
    const place = [payload === undefined ? -1 : at, payload?.length ?? 0];
    table.set([outcome, codecId, ...place, deltaBytes, aloneBytes], i * OUTCOME_FIELDS);
    if (payload !== undefined) bytes.set(payload, at);
    at += payload?.length ?? 0;
  });
  return { table, bytes, seconds };
}

/** The outcome of job `i` of a batch. */
export function outcomeAt(batch: EncodedBatch, i: number): EncodedBlock {
  const [outcome, codecId, at, length, deltaBytes, aloneBytes] = batch.table.subarray(
    i * OUTCOME_FIELDS,
  ) as unknown as [number, number, number, number, number, number];
  const payload = at < 0 ? undefined : batch.bytes.subarray(at, at + length);
  return { outcome, codecId, payload, deltaBytes, aloneBytes, aloneSeconds: batch.seconds[i] ?? 0 };
}
