// The blocks of a repository that stand alone, neither a delta nor in a group: those the codec question is asked about.
import {
  listSnapshot,
  NEUTRAL_CODEC_QUESTION,
  type Repository,
  siblingRatioAfter,
} from '../../../src/blocks/index.ts';
import { RECORD_TYPES } from '../../../src/blocks/pack/index.ts';
import { fileBlocks, type TreeEntry } from '../../../src/blocks/tree/index.ts';
import { classify } from '../../../src/signals/index.ts';

/** One of them, with what the store knew of it before the question. */
export interface AloneBlock {
  readonly raw: Uint8Array;
  readonly fileKind: number;
  readonly fileOffsetBytes: number;
  readonly siblingRatio: number;
}

interface Place extends Omit<AloneBlock, 'raw' | 'fileKind'> {
  readonly id: string;
  /** First block of its file: there the kind is seen. */
  readonly firstId: string;
}

/** Bytes of the pack that a block which stands alone takes; undefined for every other. */
function bytesAlone({ packs }: Repository, id: string): number | undefined {
  const place = packs.locate(id);
  if (place === undefined) throw new Error(`block ${id} is in no pack`);
  const { offsets, recordOf, types } = place.table;
  const record = recordOf[place.block] ?? 0;
  if (types[record] !== RECORD_TYPES.block) return undefined;
  return (offsets[record + 1] ?? 0) - (offsets[record] ?? 0);
}

function* placesOf(repository: Repository): Generator<Place> {
  const seen = new Set<string>();
  for (const { entry } of listSnapshot(repository, 'latest')) {
    if (entry.type === 'file') yield* placesInFile(repository, entry, seen);
  }
}

function* placesInFile(
  repository: Repository,
  entry: Extract<TreeEntry, { type: 'file' }>,
  seen: Set<string>,
): Generator<Place> {
  let fileOffsetBytes = 0;
  let firstId = '';
  let siblingRatio: number | undefined;
  for (const { id, length } of fileBlocks(entry, (node) => repository.reader.read(node))) {
    if (fileOffsetBytes === 0) firstId = id;
    const bytes = seen.has(id) ? undefined : bytesAlone(repository, id);
    seen.add(id);
    if (bytes !== undefined) {
      yield {
        id,
        firstId,
        fileOffsetBytes,
        siblingRatio: siblingRatio ?? NEUTRAL_CODEC_QUESTION.siblingRatio,
      };
      siblingRatio = siblingRatioAfter(siblingRatio, bytes / length);
    }
    fileOffsetBytes += length;
  }
}

/** At most `most` of them, evenly spread over the snapshot, and how many there are. */
export function sampleAlone(
  repository: Repository,
  most: number,
): { readonly all: number; readonly sample: Iterable<AloneBlock> } {
  const places = [...placesOf(repository)];
  const step = Math.max(1, places.length / most);
  const taken = places.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  return { all: places.length, sample: blocksAt(repository, taken) };
}

function* blocksAt({ reader }: Repository, places: readonly Place[]): Generator<AloneBlock> {
  for (const { id, firstId, ...place } of places) {
    const fileKind = classify(reader.read(firstId));
    yield { ...place, fileKind, raw: reader.read(id) };
  }
}
