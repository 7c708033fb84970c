// What every learner promises, whatever it learns: the one suite that runs over all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, hasCode } from '../../../src/base/index.ts';
import type { Learner, Snapshot } from '../../../src/learn/index.ts';

/** Numbers given to a learner: the suite checks that they come back as they were. */
export type Numbers = Float32Array | Float64Array | number[];

/** One learner and a small world for it. `Data` is what one lesson is made of. */
export type LearnerCase<L extends Learner, Data> = {
  readonly name: string;
  make(seed: number): L;
  /** Lesson `number` (0, 1, …) of the world of `seed`; a fresh copy at each call. */
  lesson(seed: number, number: number): Data;
  /** The numbers inside a lesson, for the check that nothing is written. */
  numbersOf(data: Data): readonly Numbers[];
  teach(learner: L, data: Data): void;
  /** Answers to fixed queries, flattened. Must be finite and depend on what was learnt. */
  answers(learner: L): number[];
  restore(snapshot: Snapshot): L;
  /** Calls that must fail with a code and change nothing. */
  readonly refuses: readonly Refusal<L>[];
  /** Loss of the learner and of its baseline in a seeded world, lower is better, and the share it must save. */
  contest(seed: number): { readonly loss: number; readonly baseline: number; readonly margin: number };
};

export type Refusal<L> = {
  readonly what: string;
  readonly code: ErrorCode;
  act(learner: L): unknown;
};

const taught = <L extends Learner, Data>(subject: LearnerCase<L, Data>, seed: number, lessons = 2): L => {
  const learner = subject.make(seed);
  for (let i = 0; i < lessons; i += 1) subject.teach(learner, subject.lesson(seed, i));
  return learner;
};

const coded =
  (...codes: ErrorCode[]) =>
  (error: unknown): boolean => {
    assert.ok(hasCode(error, ...codes), `expected ${codes.join(' or ') || 'a code'}: ${String(error)}`);
    return true;
  };

function checkAnswers<L extends Learner, Data>(subject: LearnerCase<L, Data>): void {
  const { name } = subject;
  test(`${name}: same seed, same lessons, same answers, which are finite and learnt`, () => {
    const answers = subject.answers(taught(subject, 1));
    assert.ok(answers.length > 0 && answers.every(Number.isFinite), JSON.stringify(answers.slice(0, 20)));
    assert.deepEqual(subject.answers(taught(subject, 1)), answers);
    assert.notDeepEqual(subject.answers(taught(subject, 2)), answers, 'another world teaches something else');
  });

  test(`${name}: what it is given stays as it was`, () => {
    const learner = subject.make(1);
    const lesson = subject.lesson(1, 0);
    subject.teach(learner, lesson);
    subject.answers(learner);
    assert.deepEqual(subject.numbersOf(lesson), subject.numbersOf(subject.lesson(1, 0)));
  });

  test(`${name}: beats its baseline`, () => {
    const { loss, baseline, margin } = subject.contest(7);
    assert.ok(margin > 0 && loss <= baseline * (1 - margin), `${loss} is not ${margin} below ${baseline}`);
  });
}

/** A snapshot as another process would get it: through plain JSON and fresh arrays. */
function throughBytes(snapshot: Snapshot): Snapshot {
  const tensors = Object.entries(snapshot.tensors).map(([name, { shape, data }]) => {
    return [name, { shape: [...shape], data: data.slice() }] as const;
  });
  const { kind, version, config } = snapshot;
  return { kind, version, config: JSON.parse(JSON.stringify(config)), tensors: Object.fromEntries(tensors) };
}

function checkSnapshots<L extends Learner, Data>(subject: LearnerCase<L, Data>): void {
  const { name } = subject;
  test(`${name}: a restored learner answers and learns on as the one it was taken from`, () => {
    const learner = taught(subject, 1);
    const snapshot = learner.snapshot();
    assert.equal(snapshot.kind, learner.kind);
    const kept = throughBytes(snapshot);
    const twin = subject.restore(throughBytes(snapshot));
    assert.deepEqual(subject.answers(twin), subject.answers(learner));
    for (const one of [learner, twin]) subject.teach(one, subject.lesson(1, 2));
    assert.deepEqual(subject.answers(twin), subject.answers(learner));
    assert.deepEqual(throughBytes(snapshot), kept, 'the snapshot shares memory with its learner');
  });

  test(`${name}: what is no snapshot of it is refused`, () => {
    const whole = taught(subject, 1).snapshot();
    const { tensors } = whole;
    const lies: Snapshot[] = [
      { ...whole, kind: 'something else' },
      { ...whole, version: whole.version + 1 },
      { ...whole, config: {} },
    ];
    for (const tensor of Object.keys(tensors)) {
      const { [tensor]: taken, ...others } = tensors;
      assert.ok(taken !== undefined);
      lies.push({ ...whole, tensors: others });
      lies.push({ ...whole, tensors: { ...others, [tensor]: { shape: [1, 1, 1, 7], data: taken.data } } });
      lies.push({ ...whole, tensors: { ...others, [tensor]: { shape: [3], data: new Uint8Array(3) } } });
    }
    for (const lie of lies) assert.throws(() => subject.restore(lie), coded());
  });
}

function checkRefusals<L extends Learner, Data>(subject: LearnerCase<L, Data>): void {
  for (const { what, code, act } of subject.refuses) {
    test(`${subject.name}: refuses ${what} and stays what it was`, () => {
      const learner = taught(subject, 1);
      const snapshot = throughBytes(learner.snapshot());
      assert.throws(() => act(learner), coded(code));
      assert.deepEqual(throughBytes(learner.snapshot()), snapshot);
    });
  }
}

/** Registers the tests of one learner. */
export function conform<L extends Learner, Data>(subject: LearnerCase<L, Data>): void {
  assert.ok(subject.refuses.length > 0, `${subject.name} refuses nothing`);
  checkAnswers(subject);
  checkSnapshots(subject);
  checkRefusals(subject);
}
