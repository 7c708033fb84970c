import { plainSealer } from '../seal/index.ts';
import { Chunker } from './chunker.ts';
import { checkAverageBytes, DEFAULT_AVERAGE_BYTES } from './parameters.ts';

/**
 * The blocks a repository without encryption would cut `data` into, as copies in order: for measuring what the store
 * would do without a repository. @throws PilotfishError `USAGE` for an average that is not offered.
 */
export function cutIntoBlocks(data: Uint8Array, averageBytes = DEFAULT_AVERAGE_BYTES): Uint8Array[] {
  const chunker = new Chunker(checkAverageBytes(averageBytes), plainSealer.gearSeed);
  let read = 0;
  const blocks = chunker.blocks((into, offset, length) => {
    const piece = data.subarray(read, read + length);
    into.set(piece, offset);
    read += piece.length;
    return piece.length;
  });
  return Array.from(blocks, ({ raw }) => Uint8Array.from(raw));
}
