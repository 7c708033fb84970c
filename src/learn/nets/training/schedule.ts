import { PilotfishError } from '../../../base/index.ts';
import { numberWithin, wholeNumber } from '../../contract/index.ts';

/** How the learning rate changes from epoch to epoch. */
export type ScheduleOptions =
  | { readonly kind: 'constant' }
  /** Times `factor` after every `every` epochs. */
  | { readonly kind: 'step'; readonly every: number; readonly factor: number }
  /** Half a cosine from the rate to `lowest` (default 0) over all epochs (Loshchilov, Hutter 2017). */
  | { readonly kind: 'cosine'; readonly lowest?: number }
  /**
   * Times `factor` (default 0.1) when the loss that early stopping watches has not fallen by the share `threshold`
   * (default 1e-4) for more than `patience` (default 10) epochs; never below `lowest` (default 0).
   */
  | {
      readonly kind: 'plateau';
      readonly factor?: number;
      readonly patience?: number;
      readonly threshold?: number;
      readonly lowest?: number;
    };

type Named<Kind> = Extract<ScheduleOptions, { kind: Kind }>;
export type ResolvedSchedule =
  | Named<'constant'>
  | Named<'step'>
  | Required<Named<'cosine'>>
  | Required<Named<'plateau'>>;

/** Defaults filled in. @throws PilotfishError `USAGE` for numbers that cannot be. */
export function resolveSchedule(options: ScheduleOptions): ResolvedSchedule {
  const number = (name: string, value: number, max: number) =>
    numberWithin(`schedule.${name}`, value, [0, max]);
  switch (options.kind) {
    case 'constant':
      return { kind: 'constant' };
    case 'step': {
      const every = wholeNumber('schedule.every', options.every, [1, 1e6]);
      return { kind: 'step', every, factor: number('factor', options.factor, 1) };
    }
    case 'cosine':
      return { kind: 'cosine', lowest: number('lowest', options.lowest ?? 0, 1e3) };
    case 'plateau':
      return {
        kind: 'plateau',
        factor: number('factor', options.factor ?? 0.1, 1),
        patience: wholeNumber('schedule.patience', options.patience ?? 10, [0, 1e6]),
        threshold: number('threshold', options.threshold ?? 1e-4, 1),
        lowest: number('lowest', options.lowest ?? 0, 1e3),
      };
    default:
      throw new PilotfishError('USAGE', 'schedule.kind is none of constant, step, cosine, plateau');
  }
}

/** What a schedule remembers: only a plateau does. `best` is null before the first epoch. */
export type ScheduleState = { readonly factor: number; readonly best: number | null; readonly bad: number };

/** The learning rate of each epoch. */
export class Schedule {
  state: ScheduleState = { factor: 1, best: null, bad: 0 };
  readonly #options: ResolvedSchedule;
  readonly #rate: number;
  readonly #epochs: number;

  constructor(options: ResolvedSchedule, rate: number, epochs: number) {
    this.#options = options;
    this.#rate = rate;
    this.#epochs = epochs;
  }

  /** Of an epoch, counted from 0. */
  rate(epoch: number): number {
    const options = this.#options;
    switch (options.kind) {
      case 'constant':
        return this.#rate;
      case 'step':
        return this.#rate * options.factor ** Math.floor(epoch / options.every);
      case 'cosine': {
        const share = (1 + Math.cos((Math.PI * epoch) / this.#epochs)) / 2;
        return options.lowest + (this.#rate - options.lowest) * share;
      }
      case 'plateau':
        return Math.max(this.#rate * this.state.factor, Math.min(options.lowest, this.#rate));
    }
  }

  /** Tells the loss of an epoch. */
  observe(loss: number): void {
    const options = this.#options;
    if (options.kind !== 'plateau') return;
    const { factor, best, bad } = this.state;
    const bar = best === null ? Number.POSITIVE_INFINITY : best - Math.abs(best) * options.threshold;
    if (loss < bar) this.state = { factor, best: loss, bad: 0 };
    else if (bad < options.patience) this.state = { factor, best, bad: bad + 1 };
    else this.state = { factor: factor * options.factor, best, bad: 0 };
  }
}
