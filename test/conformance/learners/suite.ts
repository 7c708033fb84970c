// What every learner promises, whatever it learns: the one suite that runs over all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, hasCode } from '../../../src/base/index.ts';
import { decodeSnapshot, encodeSnapshot, type Learner, type Snapshot } from '../../../src/learn/index.ts';
import { lies, pretences } from './hostile.ts';

/** One learner and a small world for it. */
export type LearnerCase<L extends Learner, Lesson, Question> = {
  /** The class, and what is special about the options if it has several entries. */
  readonly name: string;
  make(seed: number): L;
  restore(snapshot: Snapshot): L;
  /** What it answers before its first lesson: what it believes beforehand, or the error `UNTRAINED`. */
  readonly untaught: 'belief' | 'UNTRAINED';
  /** Whether chance has a part in what it learns or answers; then another seed must show. */
  readonly chance: 'none' | 'seeded';
  /** Lesson `number` (0, 1, …) of a world: plain data, a fresh copy at each call. */
  lesson(world: number, number: number): Lesson;
  /** Learns on. */
  teach(learner: NoInfer<L>, lesson: NoInfer<Lesson>): void;
  /** Learns from scratch, if it can. */
  fit?(learner: NoInfer<L>, lesson: NoInfer<Lesson>): unknown;
  /** Always the same, a fresh copy at each call; the answers must depend on what was learnt. */
  questions(): readonly Question[];
  /** The answer as the learner gives it, where that is an array of numbers; else its numbers. */
  ask(learner: NoInfer<L>, question: NoInfer<Question>): ArrayLike<number>;
  /** Calls that must fail with a code and change nothing. */
  readonly refuses: readonly Refusal<NoInfer<L>>[];
  readonly contest: Contest;
};

export type Refusal<L> = {
  readonly what: string;
  readonly code: ErrorCode;
  act(learner: L): unknown;
};

/** A seeded world in which the learner must do better than something simpler. */
export type Contest = {
  /** The baseline, in words. */
  readonly against: string;
  /** The share of the baseline's loss that it must save at least. */
  readonly margin: number;
  /** Losses, lower is better. */
  play(seed: number): { readonly loss: number; readonly baseline: number };
};

export type AnyCase = LearnerCase<Learner, unknown, unknown>;

/** Infers the types of a case; the suite needs them no longer. */
export function learnerCase<L extends Learner, Lesson, Question>(
  subject: LearnerCase<L, Lesson, Question>,
): AnyCase {
  return subject;
}

const LESSONS = 2;

/** A learner that has had the first lessons of a world. */
function taught(subject: AnyCase, world = 1, seed = 1): Learner {
  const learner = subject.make(seed);
  for (let i = 0; i < LESSONS; i += 1) subject.teach(learner, subject.lesson(world, i));
  return learner;
}

const answers = (subject: AnyCase, learner: Learner): number[] =>
  subject.questions().flatMap((question) => Array.from(subject.ask(learner, question)));

const coded =
  (...codes: ErrorCode[]) =>
  (error: unknown): boolean => {
    assert.ok(hasCode(error, ...codes), `expected ${codes.join(' or ') || 'a code'}: ${error}`);
    return true;
  };

/** A snapshot as another process gets it. */
const throughBytes = (snapshot: Snapshot): Snapshot => decodeSnapshot(encodeSnapshot(snapshot));

/** The whole state, or all but the random state, as bytes give it back. */
function stateOf(learner: Learner, { chance }: { readonly chance: boolean } = { chance: true }): Snapshot {
  const snapshot = learner.snapshot();
  const { rng, ...tensors } = snapshot.tensors;
  return throughBytes(chance || rng === undefined ? snapshot : { ...snapshot, tensors });
}

/** Overwrites every number in arrays, however deep. */
function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const isNumbers = ArrayBuffer.isView(value) || Array.isArray(value);
    if (isNumbers && typeof inner === 'number') (value as unknown as { [key: string]: number })[key] = 1;
    else scribble(inner);
  }
}

function checkAnswers(subject: AnyCase): void {
  const { name, untaught } = subject;
  test(`${name}: same seed, same lessons, same finite answers; other lessons, others`, () => {
    const given = answers(subject, taught(subject));
    assert.ok(given.length > 0 && given.every(Number.isFinite), `${given.slice(0, 20)}`);
    assert.deepEqual(answers(subject, taught(subject)), given);
    assert.notDeepEqual(answers(subject, taught(subject, 2)), given, 'another world teaches the same');
  });

  test(`${name}: before its first lesson it answers ${untaught}`, () => {
    const learner = subject.make(1);
    if (untaught === 'UNTRAINED') assert.throws(() => answers(subject, learner), coded('UNTRAINED'));
    else assert.ok(answers(subject, learner).every(Number.isFinite));
  });

  test(`${name}: to ask changes nothing but chance, and an answer is the asker's to overwrite`, () => {
    const [learner, twin] = [taught(subject), taught(subject)];
    const before = stateOf(learner, { chance: false });
    for (const question of subject.questions()) scribble(subject.ask(learner, question));
    answers(subject, twin);
    assert.deepEqual(answers(subject, learner), answers(subject, twin));
    assert.deepEqual(stateOf(learner, { chance: false }), before);
  });
}

function checkInputs(subject: AnyCase): void {
  const { name } = subject;
  const [teach, fit] = [subject.teach.bind(subject), subject.fit?.bind(subject)];
  for (const [verb, learn] of Object.entries({ teach, fit })) {
    if (learn === undefined) continue;
    test(`${name}: to ${verb} writes nothing of what it is given, and keeps no hold of it`, () => {
      const [learner, twin] = [subject.make(1), subject.make(1)];
      const lesson = subject.lesson(1, 0);
      learn(learner, lesson);
      assert.deepEqual(lesson, subject.lesson(1, 0));
      scribble(lesson);
      learn(twin, subject.lesson(1, 0));
      for (const one of [learner, twin]) subject.teach(one, subject.lesson(1, 1));
      assert.deepEqual(stateOf(learner), stateOf(twin));
    });
  }

  test(`${name}: questions stay as they were`, () => {
    const learner = taught(subject);
    const questions = subject.questions();
    for (const question of questions) subject.ask(learner, question);
    assert.deepEqual(questions, subject.questions());
  });
}

function checkSeeds(subject: AnyCase): void {
  const { name, chance, untaught, fit } = subject;
  if (fit !== undefined) {
    test(`${name}: to fit is to begin anew, and the same again with the same seed`, () => {
      const [fresh, used] = [subject.make(1), taught(subject, 2)];
      const report = fit.call(subject, fresh, subject.lesson(1, 0));
      assert.deepEqual(fit.call(subject, used, subject.lesson(1, 0)), report);
      assert.deepEqual(stateOf(used), stateOf(fresh));
    });
  }
  test(`${name}: another seed ${chance === 'seeded' ? 'shows' : 'does not matter'}`, () => {
    const learn = (fit ?? subject.teach).bind(subject);
    const [one, other] = [1, 2].map((seed) => {
      const learner = subject.make(seed);
      // What learners that believe something do by lot, they do most when nothing is known.
      const before = untaught === 'belief' ? answers(subject, learner) : [];
      learn(learner, subject.lesson(1, 0));
      return [...before, ...answers(subject, learner)];
    });
    if (chance === 'seeded') assert.notDeepEqual(one, other);
    else assert.deepEqual(one, other);
  });
}

function checkSnapshots(subject: AnyCase): void {
  const { name, untaught } = subject;
  test(`${name}: a restored learner answers and learns on as the one it was taken from`, () => {
    const learner = taught(subject);
    const snapshot = learner.snapshot();
    assert.equal(snapshot.kind, learner.kind);
    const kept = throughBytes(snapshot);
    const twin = subject.restore(throughBytes(snapshot));
    assert.deepEqual(stateOf(twin), kept);
    assert.deepEqual(answers(subject, twin), answers(subject, learner));
    for (const one of [learner, twin]) subject.teach(one, subject.lesson(1, LESSONS));
    assert.deepEqual(answers(subject, twin), answers(subject, learner));
    assert.deepEqual(stateOf(twin), stateOf(learner));
    assert.deepEqual(throughBytes(snapshot), kept, 'the snapshot shares memory with its learner');
  });

  test(`${name}: restoring takes a copy, of a learner without lessons too`, () => {
    const snapshot = throughBytes(taught(subject).snapshot());
    const learner = subject.restore(snapshot);
    const before = stateOf(learner);
    scribble(snapshot.tensors);
    assert.deepEqual(stateOf(learner), before);
    const fresh = subject.restore(throughBytes(subject.make(1).snapshot()));
    if (untaught === 'UNTRAINED') assert.throws(() => answers(subject, fresh), coded('UNTRAINED'));
    for (let i = 0; i < LESSONS; i += 1) subject.teach(fresh, subject.lesson(1, i));
    assert.deepEqual(stateOf(fresh), stateOf(taught(subject)));
  });

  test(`${name}: what is no snapshot of it is refused`, () => {
    const whole = taught(subject).snapshot();
    for (const [what, lie] of lies(whole)) {
      assert.throws(() => subject.restore(lie), coded(), `${name} restored a snapshot with ${what}`);
    }
  });

  test(`${name}: a hostile snapshot is refused with a code, or what it makes goes on answering`, () => {
    const whole = taught(subject).snapshot();
    for (const [what, pretence] of pretences(whole)) {
      // An error without a code must say which snapshot it came from.
      try {
        survive(subject, pretence);
      } catch (error) {
        throw new Error(`${name} with ${what}`, { cause: error });
      }
    }
  });
}

/** More than the small learners here need, less than what a snapshot may claim. */
const MAX_GROWTH_BYTES = 2 ** 26;

/** Restores and uses it; only errors without a code and a surprising appetite get out. */
function survive(subject: AnyCase, snapshot: Snapshot): void {
  const before = process.memoryUsage().arrayBuffers;
  try {
    const learner = subject.restore(snapshot);
    answers(subject, learner);
    subject.teach(learner, subject.lesson(1, LESSONS));
    answers(subject, learner);
  } catch (error) {
    if (!hasCode(error)) throw error;
  }
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < MAX_GROWTH_BYTES, `it took ${grown} bytes`);
}

function checkRefusals(subject: AnyCase): void {
  const { name, refuses } = subject;
  test(`${name}: refuses bad input with a code and stays what it was`, () => {
    assert.ok(refuses.length > 1, `${name} refuses nothing`);
    const learner = taught(subject);
    const before = stateOf(learner);
    for (const { what, code, act } of refuses) {
      assert.throws(
        () => act(learner),
        (error) => hasCode(error, code),
        `${what} is not refused as ${code}`,
      );
      assert.deepEqual(stateOf(learner), before, `${what} changed something`);
    }
    const twin = taught(subject);
    assert.deepEqual(answers(subject, learner), answers(subject, twin), 'a refused call shows later');
  });
}

function checkContest({ name, contest }: AnyCase): void {
  test(`${name}: loses at least ${contest.margin * 100} % less than ${contest.against}`, () => {
    const { loss, baseline } = contest.play(7);
    assert.ok(contest.margin > 0 && loss <= baseline * (1 - contest.margin), `${loss} against ${baseline}`);
  });
}

/** Registers the tests of one learner. */
export function conform(subject: AnyCase): void {
  checkAnswers(subject);
  checkInputs(subject);
  checkSeeds(subject);
  checkSnapshots(subject);
  checkRefusals(subject);
  checkContest(subject);
}
