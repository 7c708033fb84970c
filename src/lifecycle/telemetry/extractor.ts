import { PilotfishError } from '../../base/index.ts';
import type { BaseCandidate, CodecQuestion } from '../../blocks/index.ts';
import { CODEC_FEATURES, codecFeatures, SIMILAR_FEATURES, similarFeatures } from '../../decisions/index.ts';
import { finite, numberWithin } from '../../learn/index.ts';
import type { EventType, StoredEvent } from './events.ts';
import {
  ACCESS_FEATURES,
  BLOCK_FEATURES,
  type Features,
  logScale,
  named,
  PEER_FEATURES,
  PREFETCH_FEATURES,
} from './features.ts';
import { EarlierRatios, Remembered, RunningMean } from './history.ts';

/** A block as document 001 describes it to the extractor. */
export type BlockDescription = {
  /** Names the block; a name is no feature. */
  readonly blockHash: string;
  /** Bytes. */
  readonly blockSize: number;
  readonly blockDepth?: number;
  /** What compression made of this block: it counts for the blocks that come after, never for this one. */
  readonly compressionRatio?: number;
  /** Accesses before the decision; none unless given. */
  readonly accessCount?: number;
};

/** One access; of a `StoredEvent` these two are looked at. */
export type Access = { readonly timeMs: number; readonly blockHash?: string | undefined };

type EventOfType<Type extends EventType> = StoredEvent<Type>;
type BlockEvent = EventOfType<'BLOCK_STORED' | 'BLOCK_RETRIEVED' | 'BLOCK_COMPRESSED' | 'BLOCK_DEDUP_CHECK'>;
type PrefetchEvent = EventOfType<'PREFETCH_HIT' | 'PREFETCH_MISS'>;

const HOUR_MS = 3_600_000;
const LARGEST = Number.MAX_SAFE_INTEGER;

/**
 * Turns events into features as they were known before each event: what an event says of its own outcome (ratio, time,
 * success) enters the history after its features were taken, and no feature is an outcome of its own sample. One
 * extractor serves one stream of events, oldest first; it remembers the 65 536 blocks and peers heard of last. Features
 * lie in 0 to 1, but for those of receipts, whose scale is the room's.
 */
export class FeatureExtractor {
  readonly #ratios = new EarlierRatios();
  readonly #hitRate = new RunningMean(0.5);
  readonly #accesses = new Remembered(() => ({ count: 0 }));
  readonly #peers = new Remembered(() => ({
    requests: 0,
    failureRate: new RunningMean(0.5),
    latencyLog: new RunningMean(0.25),
  }));
  #lastMs = 0;

  /**
   * Features of a block by `BLOCK_FEATURES`. Its ratio becomes history for the next call.
   * @throws PilotfishError `USAGE` for a size, depth, count or ratio that is negative or not finite.
   */
  extractBlockFeatures(block: BlockDescription): Features {
    const { blockSize, blockDepth = 0, compressionRatio, accessCount = 0 } = block;
    for (const [name, value] of Object.entries({ blockSize, blockDepth, accessCount })) {
      numberWithin(name, value, [0, LARGEST]);
    }
    if (compressionRatio !== undefined) numberWithin('compressionRatio', compressionRatio, [0, LARGEST]);
    const values = [
      logScale(blockSize, 40),
      logScale(blockDepth, 10),
      this.#ratios.before(block.blockHash),
      logScale(accessCount, 40),
    ];
    if (compressionRatio !== undefined) this.#ratios.note(block.blockHash, compressionRatio);
    return named(BLOCK_FEATURES, values);
  }

  /**
   * How a block was accessed before `atMs`, by `ACCESS_FEATURES`; without `atMs` the whole history counts and the moment
   * is that of its last access. Accesses that name another block are left out; hashes of one block differ from key to
   * key, so ask the collector for the history by name.
   * @throws PilotfishError `NOT_FINITE` for a time that is no number.
   */
  extractAccessPatternFeatures(query: {
    readonly blockHash: string;
    readonly accessHistory: readonly Access[];
    readonly atMs?: number;
  }): Features {
    const { blockHash, accessHistory, atMs } = query;
    const times = accessHistory
      .filter((access) => access.blockHash === undefined || access.blockHash === blockHash)
      .map(({ timeMs }) => finite('timeMs', timeMs))
      .filter((timeMs) => atMs === undefined || timeMs < finite('atMs', atMs))
      .sort((a, b) => a - b);
    return named(ACCESS_FEATURES, accessPattern(times, atMs ?? times.at(-1) ?? 0));
  }

  /**
   * Features of an event by the slots of its kind: `BLOCK_FEATURES`, `PEER_FEATURES`, `PREFETCH_FEATURES`, or those of
   * the room for a receipt.
   * @throws PilotfishError `USAGE` for an event older than the one before.
   */
  extractFeatures(event: StoredEvent): Features {
    if (!(event.timeMs >= this.#lastMs)) {
      throw new PilotfishError('USAGE', 'events must come oldest first: later ones would be known too early');
    }
    this.#lastMs = event.timeMs;
    switch (event.eventType) {
      case 'CODEC_RECEIPT':
        return codecReceiptFeatures(event);
      case 'BASE_RECEIPT':
        return baseReceiptFeatures(event);
      case 'PEER_REQUEST':
        return this.#peerFeatures(event);
      case 'PREFETCH_HIT':
      case 'PREFETCH_MISS':
        return this.#prefetchFeatures(event);
      default:
        return this.#blockFeatures(event);
    }
  }

  #blockFeatures(event: BlockEvent): Features {
    const known = this.#accesses.of(event.blockHash);
    const features = this.extractBlockFeatures({ accessCount: known.count, ...event });
    if (event.eventType === 'BLOCK_RETRIEVED') known.count += 1;
    return features;
  }

  #peerFeatures(event: EventOfType<'PEER_REQUEST'>): Features {
    const peer = this.#peers.of(event.peerId);
    const values = [
      logScale(event.blockSize ?? 0, 40),
      logScale(peer.requests, 40),
      peer.failureRate.value,
      peer.latencyLog.value,
    ];
    peer.requests += 1;
    peer.failureRate.add(event.outcome === 'ok' ? 0 : 1);
    if (event.latencyMs !== undefined) peer.latencyLog.add(logScale(event.latencyMs, 27));
    return named(PEER_FEATURES, values);
  }

  #prefetchFeatures(event: PrefetchEvent): Features {
    const known = this.#accesses.of(event.blockHash);
    const values = [
      logScale(event.blockSize ?? 0, 40),
      logScale(event.accessCount ?? known.count, 40),
      logScale((event.rank ?? 1) - 1, 10),
      this.#hitRate.value,
    ];
    this.#hitRate.add(event.eventType === 'PREFETCH_HIT' ? 1 : 0);
    return named(PREFETCH_FEATURES, values);
  }
}

/** Training sees exactly what serving saw: the room's own function makes the vector from the question. */
function codecReceiptFeatures(event: EventOfType<'CODEC_RECEIPT'>): Features {
  const question: CodecQuestion = {
    number: event.decisionId,
    rawBytes: event.blockSize,
    fileKind: event.fileKind ?? 0,
    fileOffsetBytes: event.fileOffsetBytes ?? 0,
    isLeaf: event.isLeaf !== 0,
    siblingRatio: event.siblingRatio ?? 0.5,
    sampleEntropyBits: event.sampleEntropyBits ?? 8,
    probeRatio: event.probeRatio ?? 1,
    linkBitsPerSecond: event.linkBitsPerSecond ?? 0,
    cpuPressure: event.cpuPressure ?? 0,
  };
  const values = new Float64Array(CODEC_FEATURES.length);
  codecFeatures(question, values);
  return named(CODEC_FEATURES, values);
}

/** The same of the candidate that was chosen. */
function baseReceiptFeatures(event: EventOfType<'BASE_RECEIPT'>): Features {
  const { candidateCount, bestShared, candidate, baseSize, blockSize, isLeaf, ...known } = event;
  const chosen: BaseCandidate = { ...known, rawBytes: baseSize };
  // Of the others the room looks at their number, and at what the first one shares.
  const candidates = Array.from({ length: candidateCount }, () => ({
    ...chosen,
    sharedFeatures: bestShared,
  }));
  candidates[candidate] = chosen;
  const question = {
    ...known,
    number: event.decisionId,
    rawBytes: blockSize,
    isLeaf: isLeaf !== 0,
    candidates,
  };
  const values = new Float64Array(SIMILAR_FEATURES.length);
  similarFeatures(question, candidate, values);
  return named(SIMILAR_FEATURES, values);
}

/** `times` in rising order, milliseconds. */
function accessPattern(times: readonly number[], atMs: number): number[] {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [0, 1, 1, 1, 0, 0];
  const gaps = times.slice(1).map((timeMs, at) => (timeMs - (times[at] ?? 0)) / 1000);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  return [
    logScale(times.length, 40),
    logScale((atMs - last) / 1000, 32),
    logScale((atMs - first) / 1000, 32),
    gaps.length === 0 ? 1 : logScale(mean, 32),
    mean > 0 ? Math.min(4, Math.sqrt(variance) / mean) / 4 : 0,
    times.filter((timeMs) => timeMs > atMs - HOUR_MS).length / times.length,
  ];
}
