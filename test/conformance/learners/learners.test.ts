// Every learner of the library keeps the promises of the suite, and none is forgotten.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as learn from '../../../src/learn/index.ts';
import { bandits } from './bandits.ts';
import { snapshotClasses } from './classes.ts';
import { ensemble } from './ensemble.ts';
import { linear } from './linear.ts';
import { nets } from './nets.ts';
import { optim } from './optim.ts';
import { sequences } from './sequences.ts';
import { sketches } from './sketches.ts';
import { conform } from './suite.ts';
import { trees } from './trees.ts';
import { values } from './values.ts';

const rooms = [linear, nets, trees, ensemble, bandits, values, sequences, sketches, optim];

const DETECTOR = 'tells when a stream changes; its laws are in src/learn/stats/detectors';
const WINDOW = 'counts a window and what it is held against; its laws are in src/learn/stats/distances';
const EVIDENCE = 'adds up evidence; its laws are in src/learn/stats/inference';

/** Classes with a `snapshot()` that learn nothing, and why. */
const NO_LEARNERS: { readonly [name: string]: string } = {
  Trainer:
    'a training in progress: `resume` in the options of `fit` takes its snapshot, and the net is the learner',
  PrivacyLedger: 'keeps a budget; it must not learn anything',
  ...Object.fromEntries(
    ['Adwin', 'Ddm', 'Eddm', 'HddmA', 'HddmW', 'Kswin', 'PageHinkley'].map((name) => [name, DETECTOR]),
  ),
  ...{ BinnedWindow: WINDOW, BinnedBaseline: WINDOW },
  ...{ RunningMoments: EVIDENCE, RunningPairs: EVIDENCE, SequentialSrm: EVIDENCE, BettingEProcess: EVIDENCE },
};

test('every class with a snapshot is in the table, or said to be no learner', () => {
  const known = new Set(rooms.flat().map((subject) => subject.make(1).constructor.name));
  const found = snapshotClasses();
  assert.ok(found.length > 10, 'the search for classes finds none');
  assert.deepEqual(
    found.filter((name) => known.has(name) === name in NO_LEARNERS),
    [],
    'these have no case in this suite',
  );
  assert.deepEqual(
    found.filter((name) => !(name in learn)),
    [],
    'these are not exported',
  );
  assert.deepEqual(
    Object.keys(NO_LEARNERS).filter((name) => !found.includes(name)),
    [],
  );
});

test('restoreLearner finds the class of every snapshot', () => {
  // A study is restored from its journal; the case stands in for a class.
  const subjects = rooms.flat().filter((subject) => !optim.includes(subject));
  assert.ok(subjects.length > 20);
  for (const subject of subjects) {
    const learner = subject.make(1);
    const restored = learn.restoreLearner(learner.snapshot());
    assert.equal(restored.constructor, learner.constructor, subject.name);
    assert.deepEqual(restored.snapshot(), learner.snapshot());
  }
  for (const kind of ['study', 'constructor', '']) {
    const snapshot = { kind, version: 1, config: {}, tensors: {} };
    assert.throws(() => learn.restoreLearner(snapshot), { code: 'UNSUPPORTED' });
  }
});

for (const subject of rooms.flat()) conform(subject);
