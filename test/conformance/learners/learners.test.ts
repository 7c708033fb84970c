// Every learner of the library keeps the promises of the suite, and none is forgotten.
import { bandits } from './bandits.ts';
import { ensemble } from './ensemble.ts';
import { linear } from './linear.ts';
import { nets } from './nets.ts';
import { optim } from './optim.ts';
import { sequences } from './sequences.ts';
import { conform } from './suite.ts';
import { trees } from './trees.ts';
import { values } from './values.ts';

for (const subject of [
  ...linear,
  ...nets,
  ...trees,
  ...ensemble,
  ...bandits,
  ...values,
  ...sequences,
  ...optim,
])
  conform(subject);
