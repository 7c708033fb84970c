import { CODEC_IDS, codecName, compressGated, RATIO_GATE, zstdEncode } from '../codec/index.ts';

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
}

const JOB_FIELDS = 8;
const OUTCOME_FIELDS = 4;

/** A small block goes into a group unless its delta is smaller than this share of it: a group does about as well. */
const SMALL_DELTA_SHARE = 0.1;
/** A delta this small is taken without trying the plain form. */
const OBVIOUS_DELTA_SHARE = 0.2;

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
  // Measured: below 32 KiB level 9 takes longer for 0.1 %; above, 3 leaves 5 %, at MiB sizes more.
  normal: { groupLevel: 9, deltaLevel: (rawLength) => (rawLength <= 32 * 1024 ? 6 : 9) },
  high: { groupLevel: 19, deltaLevel: () => 19 },
};

/** Runs one job. An encoder that throws (a base may look like a trained dictionary) does not pay. */
export function runJob(arena: Uint8Array, job: EncodeJob): EncodedBlock {
  const raw = arena.subarray(job.rawAt, job.rawAt + job.rawLength);
  if (job.kind === JOB.plain) return plain(raw, job);
  const base = arena.subarray(job.baseAt, job.baseAt + job.baseLength);
  const delta = tryDelta(raw, base, job.deltaLevel);
  if (job.kind === JOB.deltaOrNothing) {
    const pays = delta !== undefined && delta.length < raw.length * SMALL_DELTA_SHARE;
    return pays ? asDelta(delta) : { outcome: OUTCOME.nothing, codecId: 0, payload: undefined };
  }
  if (delta !== undefined && delta.length < raw.length * OBVIOUS_DELTA_SHARE) return asDelta(delta);
  const alone = plain(raw, job);
  const aloneLength = alone.payload?.length ?? raw.length;
  return delta !== undefined && delta.length < aloneLength * RATIO_GATE ? asDelta(delta) : alone;
}

function tryDelta(raw: Uint8Array, base: Uint8Array, level: number): Uint8Array | undefined {
  try {
    return zstdEncode(raw, { level, base });
  } catch {
    return undefined;
  }
}

function asDelta(payload: Uint8Array): EncodedBlock {
  return { outcome: OUTCOME.delta, codecId: CODEC_IDS.zstd, payload };
}

function plain(raw: Uint8Array, job: EncodeJob): EncodedBlock {
  const { bytes, algorithm } = compressGated({ codec: codecName(job.codecId), level: job.level }, raw);
  const payload = algorithm === 'none' ? undefined : bytes;
  return { outcome: OUTCOME.plain, codecId: CODEC_IDS[algorithm], payload };
}

function jobAt(flat: Int32Array, i: number): EncodeJob {
  const [kind, rawAt, rawLength, baseAt, baseLength, codecId, level, deltaLevel] = flat.subarray(
    i * JOB_FIELDS,
  );
  return { kind, rawAt, rawLength, baseAt, baseLength, codecId, level, deltaLevel } as EncodeJob;
}

/** All outcomes of a batch: a table and one run of payload bytes, both transferable. */
export interface EncodedBatch {
  readonly table: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Runs a packed batch. */
export function runJobs(arena: Uint8Array, flat: Int32Array): EncodedBatch {
  const count = flat.length / JOB_FIELDS;
  const outcomes: EncodedBlock[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    const outcome = runJob(arena, jobAt(flat, i));
    outcomes.push(outcome);
    total += outcome.payload?.length ?? 0;
  }
  const table = new Int32Array(count * OUTCOME_FIELDS);
  const bytes = new Uint8Array(total);
  let at = 0;
  outcomes.forEach(({ outcome, codecId, payload }, i) => {
    table.set([outcome, codecId, payload === undefined ? -1 : at, payload?.length ?? 0], i * OUTCOME_FIELDS);
    if (payload !== undefined) bytes.set(payload, at);
    at += payload?.length ?? 0;
  });
  return { table, bytes };
}

/** The outcome of job `i` of a batch. */
export function outcomeAt(batch: EncodedBatch, i: number): EncodedBlock {
  const [outcome, codecId, at, length] = batch.table.subarray(i * OUTCOME_FIELDS) as unknown as [
    number,
    number,
    number,
    number,
  ];
  return { outcome, codecId, payload: at < 0 ? undefined : batch.bytes.subarray(at, at + length) };
}
