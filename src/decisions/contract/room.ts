import type { ModelArtefact } from '../artefact/index.ts';

/** One slot of a feature vector: the same words in the schema hash, the model card and the code. */
export interface FeatureSlot {
  readonly name: string;
  /** Unit before scaling, e.g. `bytes`, `bits per byte`; `-` for ratios and flags. */
  readonly unit: string;
  /** How the number in the vector is made, e.g. `log2(x) / 24`. */
  readonly scale: string;
  /** What the slot holds when it was not measured. */
  readonly neutral: number;
}

/** A learned model of a room, ready to answer. Synchronous; may throw; whatever it does, the guard copes. */
export interface RoomModel<Question, Value> {
  /** `name@version`, as in the manifest. */
  readonly version: `${string}@${string}`;
  /** Whether it earned its place for this question; the rule answers the others. Says yes to all unless given. */
  serves?(question: Readonly<Question>): boolean;
  choose(question: Readonly<Question>): Value;
}

/**
 * A decision room: one question, one kind of answer, a rule that needs no model. The rule, the default and the check
 * know nothing of learned code.
 */
export interface Room<Question, Value> {
  readonly name: string;
  /** What the model sees of a question, in order. */
  readonly features: readonly FeatureSlot[];
  /** The answer when even the rule fails; always legal. */
  readonly fallback: Value;
  /** The rule that serves when no model does. */
  heuristic(question: Readonly<Question>): Value;
  /** Whether an answer, from wherever, is legal for this question. */
  isLegal(value: unknown, question: Readonly<Question>): value is Value;
  /** Makes the model of a verified artefact. @throws PilotfishError `DAMAGED` when it is not of this room. */
  open(artefact: ModelArtefact): RoomModel<Question, Value>;
}
