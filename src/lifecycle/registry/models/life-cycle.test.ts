import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import {
  GUARDED,
  MODEL_STATUSES,
  type ModelStatus,
  OPEN,
  stageOf,
  statusOfStage,
  stepsBetween,
  transitionOf,
} from './life-cycle.ts';

// Document 003, with what its best practices ask for.
const TABLE: Readonly<Record<ModelStatus, Partial<Record<ModelStatus, readonly string[]>>>> = {
  draft: { testing: [], archived: [] },
  testing: { staging: ['evaluation'], draft: [], archived: [] },
  staging: { production: ['experiment'], testing: [], archived: [] },
  production: { archived: [] },
  archived: { testing: [] },
};

test('all 25 transitions of the guarded life cycle', () => {
  for (const from of MODEL_STATUSES) {
    for (const to of MODEL_STATUSES) {
      const wanted = TABLE[from][to];
      if (wanted !== undefined)
        assert.deepEqual(transitionOf(GUARDED, from, to).evidence, wanted, `${from} ${to}`);
      else
        assert.throws(
          () => transitionOf(GUARDED, from, to),
          (error) => hasCode(error, 'REFUSED'),
          `${from} ${to}`,
        );
    }
  }
});

test('a refusal names the steps and what they need', () => {
  assert.throws(
    () => transitionOf(GUARDED, 'draft', 'production'),
    /go testing, then staging \(needs passed evidence: evaluation\), then production \(needs passed evidence: experiment\)/,
  );
  assert.throws(
    () => transitionOf({ ...GUARDED, transitions: [] }, 'draft', 'testing'),
    /there is no way there/,
  );
  assert.deepEqual(
    stepsBetween(GUARDED, 'production', 'staging')?.map(({ to }) => to),
    ['archived', 'testing', 'staging'],
  );
});

test('MLflow allows everything, and its stages are ours', () => {
  for (const from of MODEL_STATUSES) for (const to of MODEL_STATUSES) transitionOf(OPEN, from, to);
  for (const stage of ['None', 'Staging', 'Production', 'Archived'] as const) {
    assert.equal(stageOf(statusOfStage(stage.toUpperCase())), stage);
  }
  assert.equal(stageOf('testing'), 'None');
  assert.throws(
    () => statusOfStage('constructor'),
    (error) => hasCode(error, 'USAGE'),
  );
});
