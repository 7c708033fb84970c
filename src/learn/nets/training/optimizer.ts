import { PilotfishError } from '../../../base/index.ts';
import { numberWithin } from '../../contract/index.ts';
import type { AdamStep, SgdStep, TrainingMaths } from '../../kernels/index.ts';
import type { Parameters } from '../network.ts';
import { oneOf } from '../reading.ts';

/** How weights follow gradients; the meaning of every number is PyTorch's. */
export type OptimizerOptions =
  | {
      /** `adam` adds the decay to the gradient, `adamw` takes it from the weight (Loshchilov, Hutter 2019). */
      readonly kind: 'adam' | 'adamw';
      /** Learning rate, default 0.001. */
      readonly rate?: number;
      /** Default 0.9. */
      readonly beta1?: number;
      /** Default 0.999. */
      readonly beta2?: number;
      /** Default 1e-8. */
      readonly epsilon?: number;
      /** Default 0. */
      readonly weightDecay?: number;
    }
  | {
      readonly kind: 'sgd';
      /** Default 0.01. */
      readonly rate?: number;
      /** Default 0. */
      readonly momentum?: number;
      /** Default 0. */
      readonly weightDecay?: number;
    };

export type ResolvedOptimizer = Required<Extract<OptimizerOptions, { kind: 'sgd' }>> | ResolvedAdam;
type ResolvedAdam = Required<Exclude<OptimizerOptions, { kind: 'sgd' }>>;

/** Defaults filled in. @throws PilotfishError `USAGE` for numbers that cannot be. */
export function resolveOptimizer(options: OptimizerOptions): ResolvedOptimizer {
  oneOf('optimizer.kind', options.kind, ['adam', 'adamw', 'sgd']);
  const weightDecay = numberWithin('optimizer.weightDecay', options.weightDecay ?? 0, [0, 1]);
  const rate = numberWithin(
    'optimizer.rate',
    options.rate ?? (options.kind === 'sgd' ? 0.01 : 0.001),
    [0, 1e3],
  );
  if (options.kind === 'sgd') {
    const momentum = numberWithin('optimizer.momentum', options.momentum ?? 0, [0, 1]);
    return { kind: 'sgd', rate, momentum, weightDecay };
  }
  return {
    ...{ kind: options.kind, rate, weightDecay },
    beta1: numberWithin('optimizer.beta1', options.beta1 ?? 0.9, [0, 0.999999]),
    beta2: numberWithin('optimizer.beta2', options.beta2 ?? 0.999, [0, 0.999999]),
    epsilon: numberWithin('optimizer.epsilon', options.epsilon ?? 1e-8, [1e-30, 1]),
  };
}

/** Moves parameters along their gradients. Its moments lie with the parameters. */
export class Optimizer {
  /** Steps taken. */
  steps = 0;
  readonly #options: ResolvedOptimizer;
  readonly #clipNorm: number;
  readonly #adam: AdamStep;
  readonly #sgd: SgdStep;

  /** Gradients longer than `clipNorm`, over all parameters, are shortened to it (Pascanu, Mikolov, Bengio 2013). */
  constructor(options: ResolvedOptimizer, clipNorm: number) {
    this.#options = options;
    this.#clipNorm = clipNorm;
    const { beta1, beta2, epsilon } = options.kind === 'sgd' ? { beta1: 0, beta2: 0, epsilon: 0 } : options;
    this.#adam = { scale: 1, ridge: 0, keep: 1, beta1, beta2, step: 0, lift: 1, epsilon };
    const momentum = options.kind === 'sgd' ? options.momentum : 0;
    this.#sgd = { scale: 1, ridge: options.weightDecay, momentum, rate: 0 };
  }

  /** One step at this rate. @throws PilotfishError `NOT_FINITE` for a gradient without length, before the step. */
  step(maths: TrainingMaths, parameters: Parameters, rate: number): void {
    const scale = this.#scale(maths, parameters);
    this.steps += 1;
    if (this.#options.kind === 'sgd') {
      this.#sgd.scale = scale;
      this.#sgd.rate = rate;
      maths.sgd(parameters, this.#sgd);
      return;
    }
    const { kind, beta1, beta2, weightDecay } = this.#options;
    const step = this.#adam;
    step.scale = scale;
    step.ridge = kind === 'adam' ? weightDecay : 0;
    step.keep = kind === 'adamw' ? 1 - rate * weightDecay : 1;
    step.step = rate / (1 - beta1 ** this.steps);
    step.lift = 1 / Math.sqrt(1 - beta2 ** this.steps);
    maths.adam(parameters, step);
  }

  #scale(maths: TrainingMaths, { gradients, count }: Parameters): number {
    if (this.#clipNorm === Number.POSITIVE_INFINITY) return 1;
    const norm = Math.sqrt(maths.sumSquares(gradients, count));
    if (!Number.isFinite(norm)) {
      throw new PilotfishError(
        'NOT_FINITE',
        'the gradient is too large for float32; lower the rate, scale features',
      );
    }
    return norm > this.#clipNorm ? this.#clipNorm / norm : 1;
  }
}
