import { PilotfishError } from '../../base/index.ts';
import { AHEAD_SLOTS, type AheadQuestion, bestSlots } from '../../blocks/index.ts';
import { decodeSnapshot, Lstm } from '../../learn/index.ts';
import { checkRoom, type ModelArtefact, modelFile } from '../artefact/index.ts';
import type { RoomModel } from '../contract/index.ts';
import { PREFETCH_FEATURES, PREFETCH_SCHEMA, STEP_WIDTH } from './features.ts';

/** Document 000's topology: two layers of 64, here for scores of candidates instead of ten thousand ids. */
export const LSTM_HIDDEN = 64;
/**
 * For every slot by how much the rule's chance to be asked for in time is wrong, then the chance to be asked for next. A
 * net that knows nothing answers 0 and leaves the rule as it is.
 */
export const OUTPUTS = 2 * AHEAD_SLOTS;
export const LSTM_TOPOLOGY: readonly number[] = [STEP_WIDTH, LSTM_HIDDEN, LSTM_HIDDEN, OUTPUTS];
export const LSTM_FILE = 'model.safetensors';

/** Where the latest step begins. */
export const LAST_STEP = PREFETCH_FEATURES.length - STEP_WIDTH;

/**
 * Name of the metric that says by how much more than the rule the model reads of what could be used on one kind of run,
 * wasting no more.
 */
export const advantageOn = (set: string): string => `advantage ${set}`;
/** Less is within what one run differs from the next. */
const LEAST_ADVANTAGE = 0.005;

/**
 * Whether the model earned its place: it must beat the rule on every kind of run it was validated on, for who is worse on
 * one of them is not to be trusted with kinds nobody has seen.
 */
function isEarned(metrics: Readonly<Record<string, number>>): boolean {
  const advantages = Object.keys(metrics).filter((name) => name.startsWith(advantageOn('')));
  return advantages.length > 0 && advantages.every((name) => (metrics[name] ?? 0) > LEAST_ADVANTAGE);
}

/** A net of this room, fresh. */
export function newLstm(seed: number): Lstm {
  return new Lstm({
    inputs: STEP_WIDTH,
    hidden: LSTM_HIDDEN,
    layers: 2,
    outputs: OUTPUTS,
    loss: { kind: 'mse' },
    seed,
  });
}

/** The model of the room, with its scores besides. */
export type PrefetchModel = RoomModel<AheadQuestion, number> & {
  /** Whether it earned its place; not by question. */
  serves(): boolean;
  /** For every slot how likely it is asked for while cached; valid until the next call. */
  chances(steps: ArrayLike<number>): ArrayLike<number>;
  /** For every slot how likely it is asked for next; valid until the next call. */
  guesses(steps: ArrayLike<number>): Float64Array;
};

/** Any steps: what is asked first, before a model is published. */
const WARM_UP = new Float64Array(PREFETCH_FEATURES.length);

/**
 * The model of a verified artefact. @throws PilotfishError `DAMAGED` when it is none of this room, `SHAPE` when it sees
 * other features.
 */
export function openPrefetchModel(artefact: ModelArtefact): PrefetchModel {
  checkRoom(artefact, 'prefetch', PREFETCH_SCHEMA);
  const { name, version, metrics } = artefact.manifest;
  return prefetchModelOf(restoreLstm(artefact), {
    version: `${name}@${version}`,
    serves: isEarned(metrics),
  });
}

/** The net of an artefact. @throws PilotfishError `DAMAGED` when there is none or its shape is not the room's. */
export function restoreLstm(artefact: Pick<ModelArtefact, 'files'>): Lstm {
  const net = Lstm.restore(decodeSnapshot(modelFile(artefact, LSTM_FILE)));
  const { recurrent, head } = net.layers();
  const inputs = (recurrent[0]?.weights.length ?? 0) / (4 * LSTM_HIDDEN) - LSTM_HIDDEN;
  if (recurrent.length === 2 && inputs === STEP_WIDTH && head.bias.length === OUTPUTS) return net;
  throw new PilotfishError('DAMAGED', 'the net has another shape than this room asks for; train it again');
}

/** A trained net of this room as its model. */
export function prefetchModelOf(
  net: Lstm,
  { version = 'prefetch@0', serves = false }: { version?: `${string}@${string}`; serves?: boolean } = {},
): PrefetchModel {
  const [chances, next] = [new Float64Array(AHEAD_SLOTS), new Float64Array(AHEAD_SLOTS)];
  const chancesOf = (steps: ArrayLike<number>): Float64Array => {
    const wrongBy = net.predict(steps);
    for (let slot = 0; slot < AHEAD_SLOTS; slot += 1) {
      chances[slot] = (steps[LAST_STEP + slot] as number) + (wrongBy[slot] as number);
    }
    return chances;
  };
  // Weights are loaded and kernels warmed up by the first answer: the first real one keeps its time budget.
  net.predict(WARM_UP);
  return {
    version,
    serves: () => serves,
    choose: (question) => bestSlots(chancesOf(question.steps), question),
    chances: chancesOf,
    guesses(steps) {
      const scores = net.predict(steps);
      for (let slot = 0; slot < AHEAD_SLOTS; slot += 1) next[slot] = scores[AHEAD_SLOTS + slot] as number;
      return next;
    },
  };
}
