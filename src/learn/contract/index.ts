/** What all learning rooms share: data tables, checks, snapshots, the verbs of a learner. */
export { type Batch, type BatchRules, checkBatch, checkMatrix, matrixIn } from './batch.ts';
export { allFinite, finite, notEmpty, numberWithin, ofLength, shown, wholeNumber } from './checks.ts';
export type { Fits, Learner, LearnsOne, Predicts, StreamSample } from './learner.ts';
export { checkSize, MAX_MATRIX_VALUES, type Matrix, matrixOf, rowOf, takeRows } from './matrix.ts';
export { predictRows } from './rows.ts';
export { rngTensor, seededRng, takeCounts, takeFloats, takeNumbers, takeRng } from './saved.ts';
export { checkSnapshot, type Json, type Snapshot, type Tensor, takeTensor } from './snapshot.ts';
