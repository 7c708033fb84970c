import {
  checkRoom,
  featureSchemaOf,
  type ModelArtefact,
  modelFile,
  type RoomModel,
} from '../../src/decisions/index.ts';
import { FEATURES, type ReadQuestion } from './features.ts';
import { costsOf } from './teacher.ts';
import { type Readahead, SIZES } from './validator.ts';

const BUCKETS = 8;
export const TABLE_FILE = 'table.json';

const bucketOf = (run: number): number => Math.min(BUCKETS - 1, Math.floor(Math.log2(1 + run)));

/** One lesson: where the reader was, and how far it then went on. */
export type Lesson = { readonly question: ReadQuestion; readonly usedBytes: number };

/** Mean cost of every answer for every length of run: the index of the best answer a bucket. */
export function trainTable(lessons: readonly Lesson[]): number[] {
  const sums = Array.from({ length: BUCKETS }, () => SIZES.map(() => 0));
  for (const { question, usedBytes } of lessons) {
    const bucket = sums[bucketOf(question.run)];
    costsOf(usedBytes).forEach((cost, i) => {
      if (bucket !== undefined) bucket[i] = (bucket[i] ?? 0) + cost;
    });
  }
  return sums.map((costs) => costs.indexOf(Math.min(...costs)));
}

export function openTable(artefact: ModelArtefact): RoomModel<ReadQuestion, Readahead> {
  checkRoom(artefact, 'readahead', featureSchemaOf(FEATURES));
  const { manifest } = artefact;
  const table = JSON.parse(new TextDecoder().decode(modelFile(artefact, TABLE_FILE))) as number[];
  return {
    version: `${manifest.name}@${manifest.version}`,
    choose: ({ run }) => SIZES[table[bucketOf(run)] ?? 0] ?? 0,
  };
}
