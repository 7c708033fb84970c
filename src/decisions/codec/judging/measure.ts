import { type Clock, sha256Hex } from '../../../base/index.ts';
import {
  compressBlock,
  cutIntoBlocks,
  NEUTRAL_CODEC_QUESTION,
  probeRatio,
  sampleEntropyBits,
  siblingRatioAfter,
} from '../../../blocks/index.ts';
import { classify } from '../../../signals/index.ts';
import { type DataSet, type Part, partInOrder, partOfGroup } from '../../data/index.ts';
import { measureReference } from '../speed.ts';
import { CODECS } from '../validator.ts';
import type { CostRow } from './costs.ts';

export type MeasureOptions = {
  readonly clock: Clock;
  /** At most so many blocks of a set, evenly spread over it. */
  readonly maxBlocks: number;
  /** Only the sealed test part: for a model that learnt from the rest. */
  readonly sealed?: boolean;
};

/** The fastest of so many tries counts: what disturbs a measurement only makes it longer. */
const TRIES = 8;
/** What takes longer than this is disturbed less, and tried in every other round. */
const LONG_SECONDS = 4e-4;
const LONG_EVERY = 2;
/** Blocks between two looks at how fast the machine is. */
const REFERENCE_EVERY = 16;
/** Before the first measurement codecs see so many blocks, and each step so many times as many, to be compiled. */
const WARM_UP_BLOCKS = 20;
const WARM_UP_STEPS = 50;

/** A block that will be measured, with what is known of its place. */
type Candidate = {
  readonly raw: Uint8Array;
  readonly group: string;
  readonly file: number;
  readonly fileKind: number;
  readonly fileOffsetBytes: number;
};

/**
 * Cuts the files of a set into the blocks the store would make, leaves out what occurred before (the store would), and
 * runs every codec on each, twice. Yields after each block, so that the caller can show progress or stop.
 */
export function* measureSet(set: DataSet, options: MeasureOptions): Generator<CostRow> {
  const blocks = spread(placed(candidates(set)), options);
  const { clock } = options;
  for (const { raw } of blocks.slice(0, WARM_UP_BLOCKS)) warmUp(raw, clock);
  const ratios = new Map<number, number>();
  let referenceSeconds = 0;
  for (const [index, { part, ...block }] of blocks.entries()) {
    if (index % REFERENCE_EVERY === 0) referenceSeconds = measureReference(clock);
    const siblingRatio = ratios.get(block.file) ?? NEUTRAL_CODEC_QUESTION.siblingRatio;
    const row = measureBlock(block, clock);
    yield { set: set.name, part, siblingRatio, referenceSeconds, ...row };
    const ratio = Math.min(1, (row.bytes[CODECS.indexOf('zstd-1')] ?? 0) / Math.max(1, row.rawBytes));
    ratios.set(block.file, siblingRatioAfter(ratios.get(block.file), ratio));
  }
}

function candidates(set: DataSet): Candidate[] {
  const seen = new Set<string>();
  const all: Candidate[] = [];
  let file = 0;
  for (const { group, bytes } of set.files()) {
    file += 1;
    const fileKind = classify(bytes);
    let fileOffsetBytes = 0;
    for (const raw of cutIntoBlocks(bytes)) {
      const id = sha256Hex(raw);
      if (!seen.has(id)) all.push({ raw, group, file, fileKind, fileOffsetBytes });
      seen.add(id);
      fileOffsetBytes += raw.length;
    }
  }
  return all;
}

type Placed = Candidate & { readonly part: Part };

/** The part of each block: by its group, or by its place where there is only one group. */
function placed(blocks: readonly Candidate[]): Placed[] {
  const lone = new Set(blocks.map(({ group }) => group)).size === 1;
  return blocks.map((block, index) => {
    const part = lone ? partInOrder(index, blocks.length) : partOfGroup(block.group);
    return { ...block, part };
  });
}

/** At most `maxBlocks`, evenly spread. */
function spread(blocks: readonly Placed[], { maxBlocks, sealed }: MeasureOptions): Placed[] {
  const all = sealed === true ? blocks.filter(({ part }) => part === 'test') : blocks;
  const step = Math.max(1, all.length / maxBlocks);
  return all.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

function measureBlock(
  block: Candidate,
  clock: Clock,
): Omit<CostRow, 'set' | 'part' | 'siblingRatio' | 'referenceSeconds'> {
  const { raw, ...place } = block;
  const first = timeCodecs(raw, clock);
  const again = timeCodecs(raw, clock);
  return {
    ...place,
    rawBytes: raw.length,
    entropyBits: sampleEntropyBits(raw),
    probeRatio: probeRatio(raw),
    entropySeconds: fastest(clock, () => sampleEntropyBits(raw)),
    probeSeconds: fastest(clock, () => probeRatio(raw)),
    bytes: first.bytes,
    seconds: first.seconds,
    secondsAgain: again.seconds,
  };
}

function warmUp(raw: Uint8Array, clock: Clock): void {
  timeCodecs(raw, clock);
  for (let i = 0; i < WARM_UP_STEPS; i += 1) {
    sampleEntropyBits(raw);
    probeRatio(raw);
  }
}

function timeCodecs(raw: Uint8Array, clock: Clock): { bytes: number[]; seconds: number[] } {
  const bytes = CODECS.map(() => raw.length);
  const seconds = CODECS.map((codec) => (codec === 'none' ? 0 : Number.POSITIVE_INFINITY));
  // Codec by codec in each round, so that a slow moment of the machine does not hit one of them alone.
  for (let round = 0; round < TRIES; round += 1) {
    for (const [i, algorithm] of CODECS.entries()) {
      const isLong = round > 0 && (seconds[i] as number) > LONG_SECONDS;
      if (algorithm === 'none' || (isLong && round % LONG_EVERY > 0)) continue;
      const startedMs = clock.monotonicMs();
      bytes[i] = compressBlock(raw, { algorithm }).bytes.length;
      seconds[i] = Math.min(seconds[i] as number, (clock.monotonicMs() - startedMs) / 1000);
    }
  }
  return { bytes, seconds };
}

function fastest(clock: Clock, run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i += 1) {
    const startedMs = clock.monotonicMs();
    run();
    best = Math.min(best, clock.monotonicMs() - startedMs);
  }
  return best / 1000;
}
