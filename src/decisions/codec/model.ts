import { PilotfishError } from '../../base/index.ts';
import { type CodecQuestion, NEUTRAL_CODEC_QUESTION, RATIO_GATE } from '../../blocks/index.ts';
import { BoostedTrees, decodeSnapshot, Mlp } from '../../learn/index.ts';
import { checkRoom, type ModelArtefact, modelFile } from '../artefact/index.ts';
import type { RoomModel } from '../contract/index.ts';
import { CODEC_FEATURES, CODEC_SCHEMA, codecFeatures } from './features.ts';
import { LINKS, type LinkName } from './links.ts';
import { isUnsampled } from './steps.ts';
import { CPU_PENALTY } from './teacher.ts';
import { CODECS, type CodecValue } from './validator.ts';

/** Document 000's topology. */
export const NET_TOPOLOGY: readonly number[] = [12, 128, 64, 32, 4];

/** Outputs of the net, in document 000's order. */
export const NET_CLASSES = ['zstd', 'lz4', 'snappy', 'none'] as const;
/** Below these rates, bits per second, zstd works harder: where the levels cost the same on the training sets. */
const LEVEL_9_BELOW = 2e7;
const LEVEL_3_BELOW = 3e8;
/** The same for level 3 and the link as fast as it is for what the probe says will be left. */
const LEVEL_3_OF_REST_BELOW = 8e8;
const LEAST_RATIO = 0.05;

/**
 * Level of zstd from context: the link, and at 100 Mbit/s whether the probe leaves less than an eighth, of which a
 * better level can save little. Within 0.4 % of the best level on the training sets. A level that was learnt was better
 * on files like those it knew and up to 16 % worse on others.
 */
export function zstdFor(linkBitsPerSecond: number, probeRatio: number): CodecValue {
  if (linkBitsPerSecond < LEVEL_9_BELOW) return 'zstd-9';
  const isSlow = linkBitsPerSecond < LEVEL_3_BELOW;
  const rateOfRest = linkBitsPerSecond / Math.max(LEAST_RATIO, probeRatio);
  return isSlow && rateOfRest < LEVEL_3_OF_REST_BELOW ? 'zstd-3' : 'zstd-1';
}

/** Chooses by what a model predicts. */
export type CodecPredictor = {
  choose(question: Readonly<CodecQuestion>): CodecValue;
};

/**
 * Nets of the documented topology 12-128-64-32-4, each output the predicted relative cost, log2(cost / best), of one
 * class: the smallest mean wins. Cost, not accuracy, is what they learnt. Several, because one net is sure of things
 * beyond its training data that another is not: the mean of four had a third of the regret of one on files of kinds
 * none had seen.
 */
export function netPredictor(nets: readonly Mlp[]): CodecPredictor {
  const x = new Float64Array(CODEC_FEATURES.length);
  const costs = new Float64Array(NET_CLASSES.length);
  return {
    choose(question) {
      codecFeatures(question, x);
      costs.fill(0);
      for (const net of nets) {
        const predicted = net.predict(x);
        for (let i = 0; i < costs.length; i += 1) costs[i] = (costs[i] as number) + (predicted[i] as number);
      }
      let best = 0;
      for (let i = 1; i < costs.length; i += 1) if ((costs[i] as number) < (costs[best] as number)) best = i;
      if (!Number.isFinite(costs[best]))
        throw new PilotfishError('NOT_FINITE', 'the net predicts no finite cost');
      const chosen = NET_CLASSES[best] ?? 'none';
      return chosen === 'zstd' ? zstdFor(question.linkBitsPerSecond, question.probeRatio) : chosen;
    },
  };
}

/** The codec whose size the sizes of the others are told by: codecs differ less from each other than contents do. */
export const ANCHOR: CodecValue = 'zstd-1';

/**
 * For every codec but `none`: log2 of compressed / raw for the anchor and of compressed / compressed by the anchor for
 * the others, and log2 of nanoseconds.
 */
export type CodecTrees = { readonly sizes: readonly BoostedTrees[]; readonly times: readonly BoostedTrees[] };

/** Predicts size and time of every codec and takes the cheapest: one model for every link and every penalty. */
export function treesPredictor({ sizes, times }: CodecTrees): CodecPredictor {
  const x = new Float64Array(CODEC_FEATURES.length);
  const anchor = CODECS.indexOf(ANCHOR) - 1;
  return {
    choose(question) {
      codecFeatures(question, x);
      // Rate and load enter through the cost, not through the trees.
      x[10] = 0;
      x[11] = 0;
      const { rawBytes, linkBitsPerSecond } = question;
      const penalty = CPU_PENALTY / Math.max(0.05, 1 - question.cpuPressure);
      const secondsPerByte = 8 / linkBitsPerSecond;
      const anchorBits = sizes[anchor]?.predict(x)[0] ?? Number.NaN;
      let best = 0;
      let bestCost = rawBytes * secondsPerByte;
      for (let i = 0; i < sizes.length; i += 1) {
        const ratio = 2 ** (anchorBits + (i === anchor ? 0 : (sizes[i]?.predict(x)[0] ?? Number.NaN)));
        const seconds = 2 ** (times[i]?.predict(x)[0] ?? Number.NaN) * 1e-9;
        const cost = rawBytes * (ratio < RATIO_GATE ? ratio : 1) * secondsPerByte + penalty * seconds;
        if (cost < bestCost) {
          best = i + 1;
          bestCost = cost;
        }
      }
      return CODECS[best] ?? 'none';
    },
  };
}

/** Names of the files of an artefact. */
export const NET_FILE = 'model.safetensors';
export const NET_COUNT = 4;
export const netFile = (index: number): string => (index === 0 ? NET_FILE : `model-${index + 1}.safetensors`);
export const treeFile = (codec: CodecValue, target: 'size' | 'time'): string =>
  `${codec}-${target}.safetensors`;

/** Any question: what is asked first, before a model is published. */
const WARM_UP: CodecQuestion = { ...NEUTRAL_CODEC_QUESTION, rawBytes: 65_536, linkBitsPerSecond: 1e8 };

/** Name of the metric that says how fast the machine was that trained the model. */
export const REFERENCE_METRIC = 'referenceSeconds';

/**
 * The model of a verified artefact, on a machine whose reference encoding takes `referenceSeconds` (as where it was
 * trained, unless given). @throws PilotfishError `DAMAGED` when it is none of this room, `SHAPE` when it sees other
 * features.
 */
export function openCodecModel(
  artefact: ModelArtefact,
  referenceSeconds?: number,
): RoomModel<CodecQuestion, CodecValue> {
  checkRoom(artefact, 'codec', CODEC_SCHEMA);
  const { manifest } = artefact;
  const predictor =
    manifest.family === 'mlp' ? netPredictor(netsOf(artefact)) : treesPredictor(treesOf(artefact));
  // Weights are loaded and kernels warmed up by the first choice, which takes 30 ms: it is made here, so that the first
  // real one keeps its time budget.
  predictor.choose(WARM_UP);
  const serves = earned(manifest.metrics);
  const scaled = { ...WARM_UP };
  const trained = manifest.metrics[REFERENCE_METRIC] ?? 0;
  const slowness = referenceSeconds === undefined || !(trained > 0) ? 1 : referenceSeconds / trained;
  return {
    version: `${manifest.name}@${manifest.version}`,
    serves,
    choose(question) {
      if (slowness === 1) return predictor.choose(question);
      // Filled anew for each question: a copy would be an allocation.
      Object.assign(scaled, question);
      scaled.linkBitsPerSecond *= slowness;
      return predictor.choose(scaled);
    },
  };
}

/** As many nets as there are; at least one. */
function netsOf(artefact: ModelArtefact): Mlp[] {
  const nets: Mlp[] = [];
  do {
    nets.push(Mlp.restore(decodeSnapshot(modelFile(artefact, netFile(nets.length)))));
  } while (artefact.files.has(netFile(nets.length)));
  return nets;
}

function treesOf(artefact: ModelArtefact): CodecTrees {
  const open = (target: 'size' | 'time'): BoostedTrees[] =>
    CODECS.slice(1).map((codec) =>
      BoostedTrees.restore(decodeSnapshot(modelFile(artefact, treeFile(codec, target)))),
    );
  return { sizes: open('size'), times: open('time') };
}

/**
 * Name of the metric that says by how much less than the rule the model regrets on a link; it serves where positive.
 * Blocks too small to be looked at are a question of their own: there the model costs nothing to ask. A
 * model that was judged on all blocks together has the one figure without a size.
 */
export const advantageOf = (link: LinkName, isSmall = false): string =>
  `${isSmall ? 'smallAdvantage' : 'advantage'}${link}`;

/** Whether the model earned its place for such blocks at the link nearest to this rate, on data it had not learnt from. */
function earned(metrics: {
  readonly [name: string]: number;
}): (question: Readonly<CodecQuestion>) => boolean {
  const names = Object.keys(LINKS) as LinkName[];
  const earnedBy = (isSmall: boolean): boolean[] =>
    names.map((name) => (metrics[advantageOf(name, isSmall)] ?? metrics[advantageOf(name)] ?? 0) > 0);
  const [small, large] = [earnedBy(true), earnedBy(false)];
  // Half-way between neighbours on the logarithmic scale.
  const bounds = names.map((name) => LINKS[name] * Math.sqrt(10));
  return ({ rawBytes, linkBitsPerSecond: rate }) => {
    const nearest = bounds.findIndex((bound) => rate < bound);
    const at = nearest === -1 ? names.length - 1 : nearest;
    return rate > 0 && ((isUnsampled(rawBytes) ? small : large)[at] ?? false);
  };
}
