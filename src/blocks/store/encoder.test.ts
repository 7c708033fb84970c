import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edited, text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { KIB, ManualClock, MIB, Rng } from '../../base/index.ts';
import { CODEC_IDS, codecName, decode, zstdDecode } from '../codec/index.ts';
import { Arena } from './arena.ts';
import { type EncodedBatch, type EncodeJob, JOB, OUTCOME, outcomeAt, packJobs } from './encode.ts';
import { type Encoder, InlineEncoder, PoolEncoder } from './encoder.ts';

const ARENA_BYTES = 8 * MIB;
const clock = new ManualClock();

/** A job of every kind on every kind of data, with what its outcome must decode to. */
function jobsIn(arena: Arena, seed: number): { jobs: EncodeJob[]; raws: Buffer[]; bases: Buffer[] } {
  const rng = new Rng(seed);
  const jobs: EncodeJob[] = [];
  const raws: Buffer[] = [];
  const bases: Buffer[] = [];
  for (const length of [1, 900, 12 * KIB, 60 * KIB]) {
    for (const make of [text, noise]) {
      const base = make(rng, length);
      for (const kind of Object.values(JOB)) {
        const raw = kind === JOB.plain ? base : edited(rng, base);
        const [baseAt, rawAt] = [base, raw].map((bytes) => arena.offsetOf(arena.put(bytes))) as [
          number,
          number,
        ];
        const place = { rawAt, rawLength: raw.length, baseAt, baseLength: base.length };
        jobs.push({ kind, ...place, codecId: CODEC_IDS.zstd, level: 3, deltaLevel: 3 });
        raws.push(raw);
        bases.push(base);
      }
    }
  }
  return { jobs, raws, bases };
}

test('every outcome decodes to the raw bytes, or says that there is none', async () => {
  const arena = new Arena(ARENA_BYTES);
  const { jobs, raws, bases } = jobsIn(arena, 1);
  const batch = await new InlineEncoder(arena, clock).encode(packJobs(jobs));
  const seen = new Set<number>();
  for (const [i, job] of jobs.entries()) {
    const raw = raws[i] as Buffer;
    const { outcome, codecId, payload } = outcomeAt(batch, i);
    seen.add(outcome);
    if (outcome === OUTCOME.nothing) assert.equal(job.kind, JOB.deltaOrNothing);
    else if (outcome === OUTCOME.plain) {
      assert.notEqual(job.kind, JOB.deltaOrNothing);
      const stored = payload ?? raw;
      assert.ok(decode(codecName(codecId), stored, raw.length).equals(raw));
      assert.equal(payload === undefined, codecId === CODEC_IDS.none, 'raw bytes are not copied');
    } else {
      assert.notEqual(job.kind, JOB.plain);
      assert.ok(payload !== undefined && payload.length < raw.length);
      assert.ok(zstdDecode(payload, raw.length, bases[i]).equals(raw));
    }
  }
  assert.deepEqual(seen, new Set(Object.values(OUTCOME)));
});

test('an outcome says what encoding the block alone took, and that alone', async () => {
  const arena = new Arena(ARENA_BYTES);
  const { jobs } = jobsIn(arena, 1);
  // Each look at the clock takes a second: between two looks there is one.
  class Ticking extends ManualClock {
    override monotonicMs(): number {
      this.advance(1000);
      return super.monotonicMs();
    }
  }
  const batch = await new InlineEncoder(arena, new Ticking()).encode(packJobs(jobs));
  for (const [i, { kind }] of jobs.entries()) {
    const { outcome, aloneBytes, aloneSeconds } = outcomeAt(batch, i);
    assert.equal(aloneSeconds, aloneBytes > 0 ? 1 : 0);
    if (outcome === OUTCOME.plain) assert.equal(aloneSeconds, 1);
    if (kind === JOB.deltaOrNothing) assert.equal(aloneSeconds, 0);
  }
});

test('threads give the same bytes, in the order asked', async () => {
  const arena = new Arena(ARENA_BYTES);
  const batches = [1, 2, 3].map((seed) => jobsIn(arena, seed).jobs);
  const encodeAll = async (encoder: Encoder): Promise<Pick<EncodedBatch, 'table' | 'bytes'>[]> => {
    try {
      const encoded = [...batches, ...batches].map((jobs) => encoder.encode(packJobs(jobs)));
      // What it took is each thread's own.
      return (await Promise.all(encoded)).map(({ table, bytes }) => ({ table, bytes }));
    } finally {
      await encoder.close();
    }
  };
  const alone = await encodeAll(new InlineEncoder(arena, clock));
  for (const [threads, inlineBatches] of [
    [1, 0],
    [3, 0],
    [2, 2],
    [0, Number.POSITIVE_INFINITY],
  ] as const) {
    assert.deepEqual(await encodeAll(new PoolEncoder(arena, { threads, inlineBatches, clock })), alone);
  }
});

test('work that a stopped thread leaves behind fails with a code', async () => {
  const arena = new Arena(ARENA_BYTES);
  const encoder = new PoolEncoder(arena, { threads: 1, inlineBatches: 0, clock });
  const { jobs } = jobsIn(arena, 1);
  const pending = assert.rejects(encoder.encode(packJobs(jobs)), { code: 'INTERNAL' });
  await encoder.close();
  await pending;
  await assert.rejects(encoder.encode(packJobs(jobs)), { code: 'INTERNAL' });
});
