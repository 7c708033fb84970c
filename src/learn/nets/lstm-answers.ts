import { PilotfishError } from '../../base/index.ts';
import { ofLength } from '../contract/index.ts';
import { HeadKernel, LstmKernel } from '../kernels/index.ts';
import { isClassLoss } from './loss.ts';
import type { LstmLayers } from './lstm.ts';
import type { LstmPlan } from './lstm-options.ts';
import { checkClasses, checkFloats } from './samples.ts';

/** An LSTM in use: the running state and the head. Answers lie in the same arrays each time. */
export class LstmAnswers {
  readonly #plan: LstmPlan;
  readonly #cells: LstmKernel;
  readonly #head: HeadKernel;
  readonly #saved: Float32Array;
  readonly #all: Float64Array;
  readonly #among: Float64Array;
  #embedding: Float32Array | undefined;

  constructor(plan: LstmPlan) {
    const { inputs, hidden, layers, outputs, top } = plan;
    const candidates = isClassLoss(plan.loss) ? plan.candidates : 0;
    this.#plan = plan;
    this.#cells = new LstmKernel({ inputs, hidden, layers });
    this.#head = new HeadKernel({ inputs: hidden, outputs, top, maxCandidates: candidates });
    this.#saved = new Float32Array(this.#cells.stateLength);
    this.#all = new Float64Array(outputs);
    this.#among = new Float64Array(candidates);
  }

  /** The running state stays. */
  load({ embedding, recurrent, head }: LstmLayers): void {
    this.#cells.load(recurrent);
    this.#head.load(head);
    this.#embedding = embedding;
  }

  reset(): void {
    this.#cells.reset();
  }

  /** Takes one more step of the running state. */
  step(x: ArrayLike<number>): void {
    ofLength('x', x, this.#width);
    this.#check(x);
    this.#take(x, 0);
  }

  /** What `ask` answers after a sequence of its own; the running state stays. */
  aside<Answer>(sequence: ArrayLike<number>, ask: (answers: LstmAnswers) => Answer): Answer {
    const width = this.#width;
    if (sequence.length === 0 || sequence.length % width !== 0) {
      throw new PilotfishError('SHAPE', `${sequence.length} values are no sequence of steps of ${width}`);
    }
    this.#check(sequence);
    this.#cells.saveState(this.#saved);
    this.#cells.reset();
    for (let from = 0; from < sequence.length; from += width) this.#take(sequence, from);
    try {
      return ask(this);
    } finally {
      this.#cells.loadState(this.#saved);
    }
  }

  /** Probabilities of all classes, or the values. */
  all(): Float64Array {
    const { logits } = this.#run();
    if (isClassLoss(this.#plan.loss)) return softmaxOf(logits, this.#all);
    const isSigmoid = this.#plan.output === 'sigmoid';
    for (let i = 0; i < this.#all.length; i += 1) {
      const value = logits[i] as number;
      this.#all[i] = isSigmoid ? 1 / (1 + Math.exp(-value)) : value;
    }
    return this.#all;
  }

  /** Probabilities among these classes. */
  among(candidates: ArrayLike<number>): Float64Array {
    this.#needClasses();
    if (candidates.length === 0 || candidates.length > this.#among.length) {
      const most = this.#among.length;
      throw new PilotfishError(
        'SHAPE',
        `${candidates.length} candidates; give 1 to ${most} (option \`candidates\`)`,
      );
    }
    checkClasses('candidates', candidates, this.#plan.outputs);
    const head = this.#head;
    head.input.set(this.#cells.output);
    for (let i = 0; i < candidates.length; i += 1) head.candidates[i] = candidates[i] as number;
    head.runCandidates(candidates.length);
    return softmaxOf(head.candidateLogits, this.#among.subarray(0, candidates.length));
  }

  /** Ids of the most probable classes. */
  top(): Int32Array {
    this.#needClasses();
    return this.#run().topIds;
  }

  get #width(): number {
    return this.#plan.vocabulary > 0 ? 1 : this.#plan.inputs;
  }

  #run(): HeadKernel {
    this.#head.input.set(this.#cells.output);
    this.#head.run();
    return this.#head;
  }

  #check(x: ArrayLike<number>): void {
    if (this.#plan.vocabulary > 0) checkClasses('x', x, this.#plan.vocabulary);
    else checkFloats('x', x);
  }

  #take(x: ArrayLike<number>, from: number): void {
    const { input } = this.#cells;
    const isId = this.#embedding !== undefined;
    const values = this.#embedding ?? x;
    const start = isId ? (x[from] as number) * input.length : from;
    for (let j = 0; j < input.length; j += 1) input[j] = values[start + j] as number;
    this.#cells.step();
  }

  #needClasses(): void {
    if (!isClassLoss(this.#plan.loss)) {
      throw new PilotfishError(
        'USAGE',
        `a net with the loss ${this.#plan.loss.kind} has no classes; call predict or answer`,
      );
    }
  }
}

function softmaxOf(logits: ArrayLike<number>, into: Float64Array): Float64Array {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < into.length; i += 1) highest = Math.max(highest, logits[i] as number);
  let sum = 0;
  for (let i = 0; i < into.length; i += 1) {
    into[i] = Math.exp((logits[i] as number) - highest);
    sum += into[i] as number;
  }
  for (let i = 0; i < into.length; i += 1) into[i] = (into[i] as number) / sum;
  return into;
}
