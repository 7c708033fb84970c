import { plainSealer } from '../seal/index.ts';
import { type Chunk, Chunker } from './chunker.ts';
import { checkAverageBytes, DEFAULT_AVERAGE_BYTES } from './parameters.ts';

/** Made once for each average: its buffer takes longer to make than a small file to cut. */
const chunkers = new Map<number, Chunker>();

function chunkerOf(averageBytes: number): Chunker {
  const known = chunkers.get(averageBytes);
  if (known !== undefined) return known;
  const chunker = new Chunker(checkAverageBytes(averageBytes), plainSealer.gearSeed);
  chunkers.set(averageBytes, chunker);
  return chunker;
}

/**
 * The blocks a repository without encryption would cut `data` into, with their resemblance features, as copies in order:
 * for measuring what the store would do without a repository. @throws PilotfishError `USAGE` for an average that is not
 * offered.
 */
export function cutWithFeatures(data: Uint8Array, averageBytes = DEFAULT_AVERAGE_BYTES): Chunk[] {
  const chunker = chunkerOf(averageBytes);
  let read = 0;
  const blocks = chunker.blocks((into, offset, length) => {
    const piece = data.subarray(read, read + length);
    into.set(piece, offset);
    read += piece.length;
    return piece.length;
  });
  return Array.from(blocks, ({ raw, features }) => ({
    raw: Uint8Array.from(raw),
    features: Uint32Array.from(features),
  }));
}

/** The same without the features. */
export function cutIntoBlocks(data: Uint8Array, averageBytes = DEFAULT_AVERAGE_BYTES): Uint8Array[] {
  return cutWithFeatures(data, averageBytes).map(({ raw }) => raw);
}
