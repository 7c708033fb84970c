import { SMALL_FILE_BYTES, sha256Hex } from '../../../base/index.ts';
import { cutWithFeatures, hasFeatures, nameClass } from '../../../blocks/index.ts';
import { classify } from '../../../signals/index.ts';
import { type DataSet, type Part, partInOrder, partOfGroup } from '../../data/index.ts';

/** One new block of a data set, in the order and with the knowledge a store would have. */
export type SetBlock = {
  readonly id: string;
  readonly raw: Uint8Array;
  /** Undefined for a block too short to be sampled. */
  readonly features: Uint32Array | undefined;
  readonly fileKind: number;
  readonly nameClass: number;
  readonly fileNumber: number;
  readonly isSmall: boolean;
  /** The unit that stays on one side of every split. */
  readonly group: string;
  readonly part: Part;
};

/** The blocks of a set that exact deduplication leaves, files in the order of their paths. */
export function blocksOf(set: DataSet): SetBlock[] {
  const files = [...set.files()].map((file) => ({ ...file, path: Buffer.from(file.name) }));
  files.sort((a, b) => Buffer.compare(a.path, b.path));
  const isLone = new Set(files.map(({ group }) => group)).size === 1;
  const seen = new Set<string>();
  const blocks: Omit<SetBlock, 'part'>[] = [];
  for (const [index, { path, group, bytes }] of files.entries()) {
    const fileKind = classify(bytes);
    for (const { raw, features } of cutWithFeatures(bytes)) {
      const id = sha256Hex(raw);
      if (seen.has(id)) continue;
      seen.add(id);
      blocks.push({
        ...{ id, raw, fileKind, group, fileNumber: index + 1 },
        features: hasFeatures(features) ? features : undefined,
        nameClass: nameClass(path.subarray(path.lastIndexOf(0x2f) + 1)),
        isSmall: raw.length <= SMALL_FILE_BYTES,
      });
    }
  }
  return blocks.map((block, i) => {
    return { ...block, part: isLone ? partInOrder(i, blocks.length) : partOfGroup(block.group) };
  });
}
