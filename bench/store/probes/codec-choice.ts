// node codec-choice.ts REPOSITORY: what the blocks that stand alone take with the built-in codec, with those the codec
// room's rule and model choose, and with the best of all in hindsight. Times are the fastest of three.
import { join } from 'node:path';
import { root } from '../../../scripts/process.ts';
import { exists, systemClock } from '../../../src/base/index.ts';
import {
  type CodecQuestion,
  type CodecSteps,
  compressBlock,
  NEUTRAL_CODEC_QUESTION,
  probeRatio,
  Repository,
  sampleEntropyBits,
} from '../../../src/blocks/index.ts';
import { surroundingsOf } from '../../../src/cli/models/adviser.ts';
import { CPU_PENALTY } from '../../../src/decisions/codec/teacher.ts';
import {
  CODEC_SCHEMA,
  CODECS,
  codecRoom,
  heuristicSteps,
  loadArtefact,
  stepsFor,
} from '../../../src/decisions/index.ts';
import { type AloneBlock, sampleAlone } from './alone.ts';
import { ports, repositoryOptions } from './ports.ts';

/** One way of choosing, over the whole sample. */
export interface CodecRow {
  readonly who: 'built-in' | 'heuristic' | 'model' | 'oracle';
  /** The codec, or the model by name and version; empty otherwise. */
  readonly name: string;
  /** Whether `pack` would take its answers. */
  readonly serves: boolean;
  readonly storedBytes: number;
  readonly encodeSeconds: number;
  /** Measuring what is asked about, and answering. */
  readonly decideSeconds: number;
  /** What the room counts: seconds of the link plus seconds of the processor. */
  readonly costSeconds: number;
  /** Blocks by the codec that was chosen. */
  readonly codecs: Readonly<Record<string, number>>;
}

/** What the program prints. */
export interface CodecChoice {
  /** The rate stored bytes are counted at. */
  readonly linkBitsPerSecond: number;
  readonly sampledBlocks: number;
  /** All blocks that stand alone. */
  readonly blocks: number;
  /** Of the sample. */
  readonly rawBytes: number;
  readonly rows: readonly CodecRow[];
}

const MOST_BLOCKS = 1500;
const TRIES = 3;
const WARM_UP = 20;
/** `DEFAULT_CODEC` of `src/blocks/store/advice.ts`. */
const BUILT_IN = 'zstd-5';
const ALL: readonly string[] = [...CODECS, BUILT_IN];

/** A question, and what every answer would have come to. */
interface Measured {
  readonly question: CodecQuestion;
  readonly entropySeconds: number;
  readonly probeSeconds: number;
  readonly outcomes: ReadonlyMap<string, { readonly bytes: number; readonly seconds: number }>;
}

interface Chooser extends Pick<CodecRow, 'who' | 'name' | 'serves'> {
  readonly steps: (rawBytes: number, linkBitsPerSecond: number) => CodecSteps;
  readonly choose: (question: CodecQuestion, measured: Measured) => string;
}

const { linkBitsPerSecond } = surroundingsOf(undefined);

function fastest(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i += 1) {
    const startedMs = systemClock.monotonicMs();
    run();
    best = Math.min(best, systemClock.monotonicMs() - startedMs);
  }
  return best / 1000;
}

function measure({ raw, ...place }: AloneBlock): Measured {
  const outcomes = new Map(
    ALL.map((algorithm) => {
      let bytes = 0;
      const seconds = fastest(() => {
        bytes = compressBlock(raw, { algorithm }).bytes.length;
      });
      return [algorithm, { bytes, seconds: algorithm === 'none' ? 0 : seconds }] as const;
    }),
  );
  return {
    question: {
      ...{ ...place, number: 1, rawBytes: raw.length, isLeaf: true, linkBitsPerSecond, cpuPressure: 0 },
      ...{ sampleEntropyBits: sampleEntropyBits(raw), probeRatio: probeRatio(raw) },
    },
    entropySeconds: fastest(() => sampleEntropyBits(raw)),
    probeSeconds: fastest(() => probeRatio(raw)),
    outcomes,
  };
}

/** What the question holds after only these steps. */
const after = (question: CodecQuestion, steps: CodecSteps): CodecQuestion => ({
  ...question,
  sampleEntropyBits: steps === 'none' ? NEUTRAL_CODEC_QUESTION.sampleEntropyBits : question.sampleEntropyBits,
  probeRatio: steps === 'entropy+probe' ? question.probeRatio : 1,
});

const costOf = ({ outcomes }: Measured, codec: string): number => {
  const { bytes, seconds } = outcomes.get(codec) ?? { bytes: Number.NaN, seconds: Number.NaN };
  return (8 * bytes) / linkBitsPerSecond + CPU_PENALTY * seconds;
};

const bestOf = (measured: Measured): string =>
  CODECS.reduce((best, codec) => (costOf(measured, codec) < costOf(measured, best) ? codec : best));

function rowOf(chooser: Chooser, all: readonly Measured[]): CodecRow {
  const { who, name, serves, steps, choose } = chooser;
  const codecs: Record<string, number> = {};
  let [storedBytes, encodeSeconds, decideSeconds, costSeconds] = [0, 0, 0, 0];
  for (const measured of all) {
    const { rawBytes } = measured.question;
    const taken = steps(rawBytes, linkBitsPerSecond);
    const question = after(measured.question, taken);
    const codec = choose(question, measured);
    codecs[codec] = (codecs[codec] ?? 0) + 1;
    const { bytes, seconds } = measured.outcomes.get(codec) ?? { bytes: Number.NaN, seconds: Number.NaN };
    storedBytes += bytes;
    encodeSeconds += seconds;
    costSeconds += costOf(measured, codec);
    if (who !== 'heuristic' && who !== 'model') continue;
    decideSeconds +=
      (taken === 'none' ? 0 : measured.entropySeconds) +
      (taken === 'entropy+probe' ? measured.probeSeconds : 0) +
      fastest(() => choose(question, measured));
  }
  costSeconds += CPU_PENALTY * decideSeconds;
  return { who, name, serves, storedBytes, encodeSeconds, decideSeconds, costSeconds, codecs };
}

/** The shipped model, where there is one. */
function modelChooser(): Chooser | undefined {
  const directory = join(root, 'models', codecRoom.name);
  if (!exists(ports.fs, `${directory}/manifest.json`)) return undefined;
  const model = codecRoom.open(loadArtefact(ports.fs, directory, CODEC_SCHEMA));
  return {
    who: 'model',
    name: model.version,
    serves: model.serves?.({ ...NEUTRAL_CODEC_QUESTION, linkBitsPerSecond }) ?? true,
    steps: stepsFor,
    choose: (question) => model.choose(question),
  };
}

function choosers(): Chooser[] {
  const unmeasured = (): CodecSteps => 'none';
  const model = modelChooser();
  const modelServes = model?.serves ?? false;
  return [
    { who: 'built-in', name: BUILT_IN, serves: false, steps: unmeasured, choose: () => BUILT_IN },
    {
      ...{ who: 'heuristic', name: '', serves: !modelServes, steps: heuristicSteps },
      choose: codecRoom.heuristic,
    },
    ...(model === undefined ? [] : [model]),
    {
      ...{ who: 'oracle', name: '', serves: false, steps: unmeasured },
      choose: (_, measured) => bestOf(measured),
    },
  ];
}

function choice(repository: Repository): CodecChoice {
  const { all, sample } = sampleAlone(repository, MOST_BLOCKS);
  const blocks = [...sample];
  for (const block of blocks.slice(0, WARM_UP)) measure(block);
  const measured = blocks.map(measure);
  return {
    linkBitsPerSecond,
    sampledBlocks: blocks.length,
    blocks: all,
    rawBytes: blocks.reduce((sum, { raw }) => sum + raw.length, 0),
    rows: choosers().map((chooser) => rowOf(chooser, measured)),
  };
}

const repository = new Repository(repositoryOptions(), ports, 'read');
console.log(JSON.stringify(choice(repository)));
repository.close();
