// What came of each step of a rollout.
import { NodeFileSystem } from '../../src/base/index.ts';
import { type TrackReport, validateShadow } from '../../src/lifecycle/index.ts';

/** What a side decided, and the mean of what that cost beside sending raw. */
export type Side = { readonly count: number; readonly mean: number };

/** A step, as far as it went. */
export type Stage = {
  readonly share: number;
  readonly fromDay: number;
  readonly days: number;
  /** Asked in shadow, and the part where it said what was done. */
  readonly shadow?: { readonly count: number; readonly agreement: number };
  readonly model: Side;
  readonly rule: Side;
  /** Evidence that it is worse, from the beginning. */
  readonly pValue: number;
};

const NONE: Side = { count: 0, mean: 0 };

/** What is new since, with its own mean. */
function since(now: Side, before: Side): Side {
  const count = now.count - before.count;
  return { count, mean: count === 0 ? 0 : (now.count * now.mean - before.count * before.mean) / count };
}

/** Keeps what came of each step, where the rollout counts from its beginning. */
export class Journal {
  readonly stages: Stage[] = [];
  readonly #log: string;
  #model = NONE;
  #rule = NONE;
  #fromDay = 0;

  /** @param log of the shadow: it knows how often the model said what the rule did */
  constructor(log: string) {
    this.#log = log;
  }

  end({ share, shadowed, guardrails }: TrackReport, day: number): Stage {
    const { model = NONE, rule = NONE, pValue = 1 } = guardrails[0] ?? {};
    const shadow = () => ({
      shadow: { count: shadowed, agreement: validateShadow(new NodeFileSystem(), this.#log).accuracy },
    });
    const stage = {
      ...{ share, fromDay: this.#fromDay, days: day - this.#fromDay, pValue },
      ...(share === 0 ? shadow() : {}),
      ...{ model: since(model, this.#model), rule: since(rule, this.#rule) },
    };
    this.stages.push(stage);
    [this.#model, this.#rule, this.#fromDay] = [model, rule, day];
    return stage;
  }

  /** Decisions of a side, over all steps. */
  total(side: 'model' | 'rule'): number {
    return this.stages.reduce((sum, stage) => sum + stage[side].count, 0);
  }
}
