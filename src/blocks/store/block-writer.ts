import { assert, MAX_CHAIN_DEPTH, must, SMALL_FILE_BYTES, sha256Hex } from '../../base/index.ts';
import { hasFeatures, type Resemblance, type ResemblanceIndex } from '../bases/index.ts';
import type { Chunk } from '../chunk/index.ts';
import { CODEC_IDS, codecName } from '../codec/index.ts';
import { RECORD_TYPES } from '../pack/index.ts';
import { OPEN_CODEC_QUESTIONS } from '../questions.ts';
import { type Advice, TREE_GROUP } from './advice.ts';
import type { Arena } from './arena.ts';
import { type BlockContext, depthLimit } from './block-context.ts';
import {
  type Effort,
  type EncodedBatch,
  type EncodedBlock,
  type EncodeJob,
  JOB,
  OUTCOME,
  outcomeAt,
  packJobs,
} from './encode.ts';
import type { Encoder } from './encoder.ts';
import { type Entry, note } from './entry.ts';
import { OpenGroup } from './groups.ts';
import { PackSink, type PackSinkDependencies } from './pack-sink.ts';
import { WriteCounters } from './write-counters.ts';

export interface BlockWriterDependencies {
  /** Whether a block lies in a finished pack. */
  has(id: string): boolean;
  /** Raw bytes of a block in a finished pack; throws when it cannot be read. */
  read(id: string): Uint8Array;
  readonly sink: PackSinkDependencies;
  readonly arena: Arena;
  readonly encoder: Encoder;
  /** Filled on first use. */
  readonly resemblance: () => ResemblanceIndex;
  readonly advice: Advice;
  readonly effort: Effort;
}

/** Arena bytes after which a batch goes to the encoder. */
const BATCH_ARENA_BYTES = 1024 * 1024;
/** Batches under way at once. Fixed, not by the number of threads: outcomes are applied in order and exactly this
 * far behind, so that what the store knows at each decision, and with it every byte written, does not depend on
 * timing. */
const PIPELINE_BATCHES = 4;
const BATCH_JOBS = OPEN_CODEC_QUESTIONS / (PIPELINE_BATCHES + 1);
/** Arena bytes that may be taken before a job's outcome is applied: what a job refers to must live that long. */
export const PIPELINE_ARENA_BYTES = 16 * 1024 * 1024;
const GROUPED_DEPTH = 1;

/** Which base a block has, and the number of that choice. */
type Chosen = { readonly id: string; readonly number: number };
/** Of codec questions, 0 is none. */
type BlockTask = { readonly entry: Entry; readonly base: Chosen | undefined; readonly codecQuestion: number };
type Task = BlockTask | { readonly group: OpenGroup };

interface Batch {
  readonly tasks: readonly Task[];
  /** The oldest arena position a job of it refers to. */
  readonly oldestAt: number;
  readonly result: Promise<EncodedBatch>;
}

/**
 * Stores blocks: exact dedup, delta against a similar block, groups of small blocks, plain codecs, packs. All
 * decisions are made here, on one thread and in one order; encoders only compute.
 */
export class BlockWriter {
  readonly counters = new WriteCounters();
  readonly #deps: BlockWriterDependencies;
  readonly #sink: PackSink;
  /** Blocks not yet in a finished pack. */
  readonly #entries = new Map<string, Entry>();
  readonly #groups = new Map<number, OpenGroup>();
  /** Contexts of small blocks that may yet have to join a group. */
  readonly #contexts = new Map<Entry, BlockContext>();
  readonly #pipeline: Batch[] = [];
  #jobs: EncodeJob[] = [];
  #tasks: Task[] = [];
  #batchArenaBytes = 0;
  #batchOldestAt = Number.POSITIVE_INFINITY;

  constructor(deps: BlockWriterDependencies) {
    this.#deps = deps;
    this.#sink = new PackSink(deps.sink, () => this.#forgetPlaced());
  }

  /** Bytes of packs closed so far and of the open one. */
  get storedBytes(): number {
    return this.#sink.closedBytes + this.#sink.openBytes;
  }

  /** True when `drain` must be awaited before the next `put`. */
  get wantsDrain(): boolean {
    return this.#jobs.length >= BATCH_JOBS || this.#batchArenaBytes >= BATCH_ARENA_BYTES;
  }

  /** Stores one block unless it is there already; returns its id. */
  put(chunk: Chunk, context: BlockContext): string {
    const id = sha256Hex(chunk.raw);
    this.counters.references += 1;
    if (this.#entries.has(id) || this.#deps.has(id)) return id;
    this.counters.newBlocks += 1;
    this.#store(id, chunk, context);
    return id;
  }

  /** True when the block need not be put again. */
  isKnown(id: string): boolean {
    return this.#entries.has(id) || this.#deps.has(id);
  }

  /** Sends the batch off and applies the outcomes that are due. */
  async drain(): Promise<void> {
    this.#dispatch();
    while (this.#pipeline.length > PIPELINE_BATCHES) await this.#applyOldest();
  }

  /** Writes everything out; afterwards all blocks lie in published packs. */
  async finish(): Promise<void> {
    // First let small blocks whose delta did not pay join their groups, then write the groups.
    await this.#drainAll();
    for (const group of [...this.#groups.values()].sort((a, b) => a.number - b.number))
      this.#flushGroup(group);
    await this.#drainAll();
    this.#sink.close();
    assert(this.#entries.size === 0, 'every block found its pack');
  }

  /** Gives up: the open pack is removed. */
  abandon(): void {
    this.#sink.abandon();
  }

  async #drainAll(): Promise<void> {
    this.#dispatch();
    while (this.#pipeline.length > 0) await this.#applyOldest();
  }

  #store(id: string, chunk: Chunk, context: BlockContext): void {
    const base = this.#chooseBase(chunk, context);
    const small = chunk.raw.length <= SMALL_FILE_BYTES && depthLimit(context) >= GROUPED_DEPTH;
    const planned = base === undefined ? (small ? GROUPED_DEPTH : 0) : base.depth + 1;
    const entry = this.#enter(id, chunk, planned, context);
    if (small && base === undefined) {
      this.#joinGroup(entry, chunk.raw, context);
      return;
    }
    entry.arenaAt = this.#toArena(chunk.raw);
    const { advice, arena } = this.#deps;
    const choice = small ? undefined : advice.codec(chunk.raw, context);
    this.#jobs.push({
      kind: base === undefined ? JOB.plain : small ? JOB.deltaOrNothing : JOB.deltaOrPlain,
      rawAt: arena.offsetOf(entry.arenaAt),
      rawLength: chunk.raw.length,
      baseAt: base === undefined ? 0 : arena.offsetOf(base.at),
      baseLength: base?.length ?? 0,
      codecId: choice === undefined ? 0 : CODEC_IDS[choice.codec],
      level: choice?.level ?? 0,
      deltaLevel: this.#deps.effort.deltaLevel(chunk.raw.length),
    });
    this.#tasks.push({ entry, base, codecQuestion: small ? 0 : advice.codecQuestions });
    this.#keepAlive(entry.arenaAt, base?.at);
    if (small) this.#contexts.set(entry, { ...context });
  }

  #enter(id: string, chunk: Chunk, depth: number, context: BlockContext): Entry {
    const rawLength = chunk.raw.length;
    const similar = hasFeatures(chunk.features);
    const sequence = similar ? this.#deps.resemblance().add(chunk.features, { id, depth, rawLength }) : -1;
    const entry: Entry = {
      id,
      rawLength,
      features: Uint32Array.from(chunk.features),
      sequence,
      depth,
      isTree: context.isTree,
      fileNumber: context.fileNumber,
      nameClass: context.nameClass,
      baseQuestion: similar ? this.#deps.advice.bases.number : 0,
      arenaAt: -1,
      home: { kind: 'queued' },
    };
    this.#entries.set(id, entry);
    return entry;
  }

  /** A base whose raw bytes are in the arena, or undefined. */
  #chooseBase(
    chunk: Chunk,
    context: BlockContext,
  ): (Chosen & { at: number; length: number; depth: number }) | undefined {
    if (!hasFeatures(chunk.features)) return undefined;
    const { advice, resemblance } = this.#deps;
    const chosen = advice.bases.choose(resemblance(), chunk.features, {
      ...context,
      rawLength: chunk.raw.length,
      depthLimit: depthLimit(context),
    });
    if (chosen === undefined) return undefined;
    assert(chosen.depth < MAX_CHAIN_DEPTH, 'a base leaves room for one more step');
    const at = this.#baseInArena(chosen);
    if (at === undefined) return undefined;
    return { id: chosen.id, number: advice.bases.number, at, length: chosen.rawLength, depth: chosen.depth };
  }

  #baseInArena(base: Resemblance): number | undefined {
    const entry = this.#entries.get(base.id);
    if (entry !== undefined) {
      const { arena } = this.#deps;
      if (entry.arenaAt >= 0 && arena.isAlive(entry.arenaAt, PIPELINE_ARENA_BYTES)) return entry.arenaAt;
      if (entry.home.kind === 'grouped') {
        entry.arenaAt = this.#toArena(entry.home.group.member(entry.home.slot));
        return entry.arenaAt;
      }
      if (entry.home.kind !== 'placed') return undefined;
      // It lies in the open pack and has left the arena, so at least an arena was stored since: close the pack.
      this.#sink.close();
    }
    try {
      return this.#toArena(this.#deps.read(base.id));
    } catch {
      // A base that cannot be read is no base; the damage is `verify`'s to report.
      return undefined;
    }
  }

  /** Notes what the batch needs until its outcomes are applied. */
  #keepAlive(...positions: (number | undefined)[]): void {
    for (const at of positions) if (at !== undefined) this.#batchOldestAt = Math.min(this.#batchOldestAt, at);
  }

  #toArena(raw: Uint8Array): number {
    this.#batchArenaBytes += raw.length;
    return this.#deps.arena.put(raw);
  }

  #joinGroup(entry: Entry, raw: Uint8Array, context: BlockContext): void {
    const number = context.isTree ? TREE_GROUP : this.#deps.advice.group(raw.length, context);
    let group = this.#groups.get(number);
    if (group !== undefined && (!group.fits(raw.length) || group.isFull)) {
      this.#flushGroup(group);
      group = undefined;
    }
    if (group === undefined) {
      group = new OpenGroup(number);
      this.#groups.set(number, group);
    }
    entry.home = { kind: 'grouped', group, slot: group.join(entry, raw) };
    this.#setDepth(entry, GROUPED_DEPTH);
  }

  #flushGroup(group: OpenGroup): void {
    this.#groups.delete(group.number);
    const raw = group.raw();
    group.arenaAt = this.#toArena(raw);
    group.members.forEach((entry, slot) => {
      entry.arenaAt = must(group.arenaAt, 'a flushed group lies in the arena') + group.offset(slot);
    });
    this.#jobs.push({
      kind: JOB.plain,
      rawAt: this.#deps.arena.offsetOf(group.arenaAt),
      rawLength: raw.length,
      baseAt: 0,
      baseLength: 0,
      codecId: CODEC_IDS.zstd,
      level: this.#deps.effort.groupLevel,
      deltaLevel: 0,
    });
    this.#tasks.push({ group });
    this.#keepAlive(group.arenaAt);
  }

  #dispatch(): void {
    if (this.#jobs.length === 0) return;
    const result = this.#deps.encoder.encode(packJobs(this.#jobs));
    // The outcome is awaited later; until then a rejection must not count as unhandled.
    result.catch(() => undefined);
    this.#pipeline.push({ tasks: this.#tasks, oldestAt: this.#batchOldestAt, result });
    this.#jobs = [];
    this.#tasks = [];
    this.#batchArenaBytes = 0;
    this.#batchOldestAt = Number.POSITIVE_INFINITY;
  }

  async #applyOldest(): Promise<void> {
    const batch = must(this.#pipeline.shift(), 'a batch is under way');
    const encoded = await batch.result;
    // Nothing may have come round in the ring over what was encoded: it would be stored under the wrong id.
    assert(
      this.#deps.arena.isAlive(batch.oldestAt, 0),
      'raw bytes live until they are encoded: drain is awaited in time',
    );
    batch.tasks.forEach((task, i) => {
      const outcome = outcomeAt(encoded, i);
      if ('group' in task) this.#placeGroup(task.group, outcome);
      else this.#place(task, outcome);
      this.#sink.closeIfFull();
    });
    // Frees the payloads now: the collector sees only a small object and would let them pile up.
    encoded.bytes.buffer.transfer(0);
  }

  #place({ entry, base, codecQuestion }: BlockTask, encoded: EncodedBlock): void {
    if (codecQuestion > 0) this.#deps.advice.settleCodec(codecQuestion, entry, encoded);
    if (base !== undefined) this.#settleBase(entry, base, encoded);
    const context = this.#contexts.get(entry);
    this.#contexts.delete(entry);
    if (encoded.outcome === OUTCOME.nothing) {
      const raw = this.#deps.arena.view(entry.arenaAt, entry.rawLength);
      this.#joinGroup(entry, raw, must(context, 'a small block keeps its context'));
      return;
    }
    const payload = encoded.payload ?? this.#deps.arena.view(entry.arenaAt, entry.rawLength);
    if (encoded.outcome === OUTCOME.delta) {
      this.#placeDelta(entry, must(base, 'a delta has a base').id, payload);
      return;
    }
    const codec = codecName(encoded.codecId);
    this.#setDepth(entry, 0);
    const record = { type: RECORD_TYPES.block, codec, rawLength: entry.rawLength, payload };
    entry.home = { kind: 'placed', record: this.#sink.append(record, note(entry.depth, [entry])), slot: 0 };
    this.counters.stored(codec, 1, payload.length);
    this.#deps.advice.stored(entry.fileNumber, entry.rawLength, payload.length);
    this.#noteStored(entry, payload.length / entry.rawLength);
  }

  #settleBase(entry: Entry, { number }: Chosen, { outcome, deltaBytes, aloneBytes }: EncodedBlock): void {
    const isKept = outcome === OUTCOME.delta;
    this.counters.deltasTried += 1;
    if (!isKept) this.counters.deltasUseless += 1;
    this.#deps.advice.bases.settle(number, entry, { deltaBytes, aloneBytes, isKept });
  }

  #placeDelta(entry: Entry, baseId: string, payload: Uint8Array): void {
    const base = this.#entries.get(baseId);
    if (base?.home.kind === 'grouped' || base?.home.kind === 'waiting') {
      // The group takes its place in the pack when it is full; what depends on it follows it then.
      const { group } = base.home;
      group.wait({ entry, baseId, payload: Uint8Array.from(payload) });
      if (group.isFull && this.#groups.get(group.number) === group) this.#flushGroup(group);
      entry.home = { kind: 'waiting', group };
      if (base.depth + 1 < entry.depth) this.#setDepth(entry, base.depth + 1);
      return;
    }
    this.#appendDelta(entry, baseId, payload);
  }

  #appendDelta(entry: Entry, baseId: string, payload: Uint8Array): void {
    const base = this.#entries.get(baseId);
    if (base !== undefined) this.#setDepth(entry, base.depth + 1);
    assert(entry.depth <= MAX_CHAIN_DEPTH, 'a delta chain stays within its limit');
    const ref =
      base?.home.kind === 'placed'
        ? this.#sink.refHere(base.home.record, base.home.slot)
        : ({ kind: 'id', id: baseId } as const);
    const record = {
      type: RECORD_TYPES.delta,
      codec: 'zstd',
      rawLength: entry.rawLength,
      base: ref,
      payload,
    } as const;
    entry.home = { kind: 'placed', record: this.#sink.append(record, note(entry.depth, [entry])), slot: 0 };
    this.#noteStored(entry, payload.length / entry.rawLength);
    this.counters.deltaBlocks += 1;
    this.counters.stored('zstd', 1, payload.length);
  }

  #placeGroup(group: OpenGroup, encoded: EncodedBlock): void {
    const payload = encoded.payload ?? group.raw();
    const codec = codecName(encoded.codecId);
    const memberLengths = group.members.map((entry) => entry.rawLength);
    const record = { type: RECORD_TYPES.group, codec, rawLength: group.sizeBytes, memberLengths, payload };
    const number = this.#sink.append(record, note(GROUPED_DEPTH, group.members));
    group.members.forEach((entry, slot) => {
      entry.home = { kind: 'placed', record: number, slot };
      this.#noteStored(entry, payload.length / group.sizeBytes);
      if (!entry.isTree) this.counters.groupedFiles += 1;
    });
    this.counters.stored(codec, group.members.length, payload.length);
    for (const { entry, baseId, payload: delta } of group.waiting) this.#appendDelta(entry, baseId, delta);
  }

  #setDepth(entry: Entry, depth: number): void {
    entry.depth = depth;
    if (entry.sequence >= 0) this.#deps.resemblance().setDepth(entry.sequence, depth);
  }

  #noteStored({ sequence, baseQuestion, rawLength }: Entry, ratio: number): void {
    if (sequence >= 0) this.#deps.resemblance().setStoredRatio(sequence, ratio);
    if (baseQuestion > 0) this.#deps.advice.bases.settleStored(baseQuestion, rawLength, ratio * rawLength);
  }

  /** After a pack is published its blocks are found through the index. */
  #forgetPlaced(): void {
    for (const [id, entry] of this.#entries) if (entry.home.kind === 'placed') this.#entries.delete(id);
  }
}
