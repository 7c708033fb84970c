// Trains a model of the codec room, judges it on other files, and makes an artefact of it.
import { NodeFileSystem, sha256Hex } from '../../src/base/index.ts';
import {
  advantageOf,
  CODEC_FEATURES,
  CODEC_SCHEMA,
  CODECS,
  type CodecValue,
  codecFeatures,
  codecRoom,
  type ModelArtefact,
  type ModelDraft,
  saveArtefact,
} from '../../src/decisions/index.ts';
import {
  BoostedTrees,
  type BoostedTreesOptions,
  encodeSnapshot,
  type Matrix,
} from '../../src/learn/index.ts';
import { bytesOf, costOf, secondsOf, type Tried } from './costs.ts';

const SEED = 1;
const TREES: BoostedTreesOptions = {
  ...{ objective: 'reg:squarederror', rounds: 40, maxDepth: 4, learningRate: 0.15 },
  ...{ minChildWeight: 5, lambda: 5, constantFeatures: 'allow', seed: SEED },
};
/** What sizes are told by: that of zstd-1 beside raw, the others beside zstd-1. */
const ANCHOR = CODECS.indexOf('zstd-1');
const RATE_SLOT = 10;

export type Trained = {
  readonly artefact: ModelArtefact;
  /** What it comes to on the files it is judged by, by the times it was given; 1 is the rule. */
  readonly relativeCost: number;
  readonly relativeBytes: number;
};

/** `hurry`: how many times too short the times are that it learns from and is judged by. */
export type Recipe = { readonly version: string; readonly hurry: number; readonly folder: string };

function inputs(tried: readonly Tried[]): Matrix {
  const columns = CODEC_FEATURES.length;
  const data = new Float32Array(tried.length * columns);
  for (const [i, { question }] of tried.entries()) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    codecFeatures(question, row);
    // Rate and load enter through the cost, not through the trees.
    row.fill(0, RATE_SLOT, RATE_SLOT + 2);
  }
  return { rows: tried.length, columns, data };
}

/** Trees that predict what each codec leaves and how long it takes, in the form that the room opens. */
function trees(tried: readonly Tried[], hurry: number): Map<string, Uint8Array> {
  const x = inputs(tried);
  const fit = (target: (block: Tried) => number): Uint8Array => {
    const learner = new BoostedTrees(TREES);
    learner.fit({ x, y: Float64Array.from(tried, target) });
    return encodeSnapshot(learner.snapshot());
  };
  const files = new Map<string, Uint8Array>();
  for (const [i, codec] of CODECS.entries()) {
    if (codec === 'none') continue;
    const whole = ({ question, bytes }: Tried): number =>
      i === ANCHOR ? question.rawBytes : (bytes[ANCHOR] ?? 0);
    files.set(
      `${codec}-size.safetensors`,
      fit((block) => Math.log2((block.bytes[i] ?? 0) / whole(block))),
    );
    const nanoseconds = ({ question }: Tried): number => (1e9 * secondsOf(codec, question.rawBytes)) / hurry;
    files.set(
      `${codec}-time.safetensors`,
      fit((block) => Math.log2(nanoseconds(block))),
    );
  }
  return files;
}

/** The model beside the rule, summed over blocks; 1 is the rule. */
function beside(tried: readonly Tried[], { files, manifest }: ModelDraft, of: typeof costOf): number {
  const model = codecRoom.open({ manifest: { ...manifest, format: 1, files: {} }, files });
  const sum = (choose: (block: Tried) => CodecValue): number =>
    tried.reduce((total, block) => total + of(block, choose(block)), 0);
  return sum(({ question }) => model.choose(question)) / sum(({ question }) => codecRoom.heuristic(question));
}

/** Learns from some blocks, is judged on others, and lies in a folder then. */
export function train(learnt: readonly Tried[], judged: readonly Tried[], recipe: Recipe): Trained {
  const { version, hurry, folder } = recipe;
  const files = trees(learnt, hurry);
  const draft: ModelDraft = {
    manifest: {
      ...{
        room: 'codec',
        name: 'codec',
        version,
        family: 'boosted-trees',
        device: 'cpu',
        date: '2026-01-01',
      },
      ...{ topology: [CODEC_FEATURES.length, files.size], featureSchema: CODEC_SCHEMA, privacy: null },
      lineage: {
        ...{ sets: [], tableSha256: sha256Hex(Buffer.from(JSON.stringify(learnt))), seed: SEED },
        ...{
          command: 'node examples/rollout/main.ts',
          synthetic: false,
          testEvaluations: 1,
          sealedGroups: 0,
        },
      },
      metrics: {},
    },
    files,
  };
  const relativeCost = beside(judged, draft, (block, codec) => costOf(block, codec, hurry));
  const relativeBytes = beside(judged, draft, bytesOf);
  // It serves on lines like the one that it was judged for, if it was better than the rule there.
  const metrics = { relativeCost, relativeBytes, [advantageOf('100M')]: 1 - relativeCost };
  const artefact = saveArtefact(new NodeFileSystem(), folder, {
    manifest: { ...draft.manifest, metrics },
    files,
  });
  return { artefact, relativeCost, relativeBytes };
}
