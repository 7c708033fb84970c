import type { Room } from '../../src/decisions/index.ts';
import { FEATURES, type ReadQuestion } from './features.ts';
import { readaheadRule } from './heuristic.ts';
import { openTable } from './model.ts';
import { isReadahead, type Readahead } from './validator.ts';

/** A room: one question, one kind of answer, a rule that needs no model. */
export const readaheadRoom: Room<ReadQuestion, Readahead> = {
  name: 'readahead',
  features: FEATURES,
  fallback: 0,
  heuristic: readaheadRule,
  isLegal: isReadahead,
  open: openTable,
};
