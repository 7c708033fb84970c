// How many steps blocks really are from bytes that need no other record, found out from the records themselves.
import { must } from '../../src/base/index.ts';
import type { Repository } from '../../src/blocks/index.ts';
import { blockIdAt, type DeltaRecord, RECORD_TYPES } from '../../src/blocks/pack/index.ts';
import type { BlockPlace } from '../../src/blocks/store/index.ts';

export interface Chain {
  readonly id: string;
  /** Steps by following the records. */
  readonly steps: number;
  /** Steps the footer of its pack declares. */
  readonly declared: number;
}

/** Every block of every pack, tree nodes included. */
export function chainsOf(repository: Repository): Chain[] {
  const { packs } = repository;
  return packs.packNames().flatMap((pack) => {
    const table = packs.table(pack);
    return Array.from({ length: table.blockCount }, (_, block): Chain => {
      const record = must(table.recordOf[block], 'a block has a record');
      const steps = stepsOf(repository, { pack, block, table });
      return {
        id: blockIdAt(table, block),
        steps,
        declared: must(table.depths[record], 'a record has a depth'),
      };
    });
  });
}

function stepsOf(repository: Repository, place: BlockPlace): number {
  const number = must(place.table.recordOf[place.block], 'a block has a record');
  const type = place.table.types[number];
  if (type !== RECORD_TYPES.delta) return type === RECORD_TYPES.group ? 1 : 0;
  const { base } = repository.packs.record(place.pack, number) as DeltaRecord;
  if (base.kind === 'id')
    return 1 + stepsOf(repository, must(repository.packs.locate(base.id), 'a base is stored'));
  const first = must(place.table.firstBlock[number - base.distance], 'a base lies in the pack');
  return 1 + stepsOf(repository, { ...place, block: first + base.slot });
}
