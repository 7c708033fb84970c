// Models nobody should install, on a real clock: what each does to one question.
import { FastRng, systemClock } from '../../src/base/index.ts';
import type { CodecQuestion } from '../../src/blocks/index.ts';
import {
  CODEC_FEATURES,
  CODECS,
  type CodecValue,
  codecFeatures,
  DEFAULT_BUDGET_MS,
  type RoomModel,
  WorkerModel,
} from '../../src/decisions/index.ts';

export type CodecModel = RoomModel<CodecQuestion, CodecValue>;

/** Makes a model afresh: some keep a state. */
export type Make = () => CodecModel | Promise<CodecModel>;

const model = (choose: () => unknown): CodecModel => ({
  version: 'hostile@1',
  choose: choose as () => CodecValue,
});

const ANSWERS: readonly unknown[] = [...CODECS, 'zstd-99', Number.NaN, -1, null, undefined, {}];
/** Twice the budget of a guard; then the slowest that the breaker may let pass for ever, alone and in turns. */
const SLOW_MS = 2 * DEFAULT_BUDGET_MS;
const ALLOWED_MS = 0.9 * DEFAULT_BUDGET_MS;
const FORGIVEN_MS = 1.9 * DEFAULT_BUDGET_MS;

function busy(ms: number): void {
  const untilMs = systemClock.monotonicMs() + ms;
  while (systemClock.monotonicMs() < untilMs);
}

/** Slow and good in turns: a success takes a failure back. */
function inTurns(ms: number): CodecModel {
  let asked = 0;
  return model(() => {
    asked += 1;
    if (asked % 2 === 0) busy(ms);
    return 'zstd-9';
  });
}

/** A foreign model with this source, loaded and ready. */
async function foreign(source: string): Promise<CodecModel> {
  const worker = new WorkerModel<CodecQuestion, CodecValue>({
    version: 'foreign@1',
    module: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    clock: systemClock,
    slots: CODEC_FEATURES.length,
    features: codecFeatures,
    values: CODECS,
  });
  await worker.ready();
  return worker;
}

/** By name, in the order of the report. */
export const HOSTILE: Readonly<Record<string, Make>> = {
  'constant: none': () => model(() => 'none'),
  'constant: zstd-9': () => model(() => 'zstd-9'),
  random: () => {
    const rng = new FastRng(1);
    return model(() => ANSWERS[rng.below(ANSWERS.length)]);
  },
  NaN: () => model(() => Number.NaN),
  throwing: () =>
    model(() => {
      throw new TypeError('no such attribute');
    }),
  [`slow: ${SLOW_MS} ms`]: () =>
    model(() => {
      busy(SLOW_MS);
      return 'none';
    }),
  [`slow in turns: ${SLOW_MS} ms`]: () => inTurns(SLOW_MS),
  [`slow in turns: ${FORGIVEN_MS} ms`]: () => inTurns(FORGIVEN_MS),
  [`as slow as allowed: ${ALLOWED_MS} ms`]: () =>
    model(() => {
      busy(ALLOWED_MS);
      return 'zstd-9';
    }),
  'lying about its version': () => {
    let asked = 0;
    return {
      get version(): `${string}@${string}` {
        asked += 1;
        return `liar@${asked}`;
      },
      choose: () => 'none',
    };
  },
  'worker: fast': () => foreign(`export const choose = () => ${CODECS.indexOf('zstd-9')}`),
  'worker: throwing': () => foreign('export const choose = () => { throw 1; }'),
  'worker: hanging': () => foreign('export const choose = () => { for (;;); }'),
};
