// Optuna's searches, which take minutes, again.
import { slowRecords } from './oracles/records.ts';
import { testRecord } from './oracles/rerun.ts';

for (const recorded of slowRecords) testRecord(recorded);
