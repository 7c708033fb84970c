import type { Clock } from '../../../base/index.ts';
import type { BaseQuestion } from '../../../blocks/index.ts';
import type { DataSet } from '../../data/index.ts';
import { finish } from '../../workshop/index.ts';
import { oracleOf } from '../teacher.ts';
import { blocksOf, type SetBlock } from './blocks.ts';
import { Replay, type Replayed } from './replay.ts';
import { type Choose, StoreSelector } from './selectors.ts';
import type { BaseRow } from './table.ts';
import { Trials } from './trials.ts';

type Asked = {
  readonly block: SetBlock;
  readonly question: BaseQuestion;
  readonly baseIds: readonly string[];
};

/** What small blocks take in groups where a set has no group to look at. */
const USUAL_GROUP_RATIO = 0.25;

/**
 * Replays a set twice, once as the built-in rule chooses and once as the oracle does, so that a model sees the histories
 * of both, and tries every candidate of every question. Yields a row at a time.
 */
export function* measureSet(set: DataSet, clock: Clock): Generator<BaseRow> {
  const blocks = blocksOf(set);
  const trials = new Trials(blocks, clock);
  for (const choose of [firstOne, oracleChoice(trials)]) {
    const asked: Asked[] = [];
    const noting: Choose = (question, base, block) => {
      const baseIds = question.candidates.map((_, i) => base(i));
      asked.push({ block, question: structuredClone(question) as BaseQuestion, baseIds });
      return choose(question, base, block);
    };
    const replayed = finish(new Replay(blocks, trials, new StoreSelector(clock, noting)).run());
    const groupRatio = groupRatioOf(blocks, replayed);
    for (const one of asked) yield rowOf(set.name, one, { trials, groupRatio });
  }
}

const firstOne: Choose = () => 0;

/** Whatever it takes: every candidate is encoded, and the best is chosen if it is kept. */
export function oracleChoice(trials: Trials): Choose {
  return (question, base, block) => {
    const aloneBytes = trials.alone(block).bytes;
    const { isSmall, raw } = block;
    // Whether a small delta is kept is for the store to say; any that is kept is better than a place in a group.
    const elseBytes = isSmall ? raw.length : aloneBytes;
    const deltaBytes = question.candidates.map((_, i) => trials.delta(block, base(i)).bytes);
    const chainDepths = question.candidates.map(({ chainDepth }) => chainDepth);
    return oracleOf({ rawBytes: raw.length, isSmall, aloneBytes, elseBytes, deltaBytes, chainDepths });
  };
}

/** Stored / raw of the small blocks that ended in groups. */
function groupRatioOf(blocks: readonly SetBlock[], { storedBytes, tried, notKept }: Replayed): number {
  let stored = 0;
  let raw = 0;
  blocks.forEach((block, i) => {
    if (!block.isSmall || (tried[i] === 1 && notKept[i] === 0)) return;
    stored += storedBytes[i] as number;
    raw += block.raw.length;
  });
  return raw === 0 ? USUAL_GROUP_RATIO : stored / raw;
}

function rowOf(
  set: string,
  { block, question, baseIds }: Asked,
  { trials, groupRatio }: { trials: Trials; groupRatio: number },
): BaseRow {
  const { isSmall, raw, group, part } = block;
  const alone = trials.alone(block);
  const deltas = baseIds.map((id) => trials.delta(block, id));
  return {
    ...{ set, group, part, question, aloneSeconds: alone.seconds },
    measured: {
      ...{ rawBytes: raw.length, isSmall, aloneBytes: alone.bytes },
      elseBytes: isSmall ? Math.round(groupRatio * raw.length) : alone.bytes,
      deltaBytes: deltas.map(({ bytes }) => bytes),
      chainDepths: question.candidates.map(({ chainDepth }) => chainDepth),
    },
    deltaSeconds: deltas.map(({ seconds }) => seconds),
  };
}
