import { PilotfishError, sha256Hex } from '../../base/index.ts';
import { encodeSnapshot, type Lstm, wholeNumber } from '../../learn/index.ts';
import type { ModelArtefact } from '../artefact/index.ts';
import {
  fitLstm,
  LSTM_FILE,
  LSTM_TOPOLOGY,
  PREFETCH_SCHEMA,
  type PrefetchModel,
  prefetchModelOf,
  restoreLstm,
  SequenceMemory,
} from '../prefetch/index.ts';
import { type ModelConfig, type ModelState, PakitMLModel } from './model.ts';

/** Names of blocks in the order in which they were accessed. */
export type AccessSequence = readonly string[];

/** A block that is likely to be accessed next, and how likely, 0 to 1. */
export type NextBlock = { readonly id: string; readonly score: number };

export type PrefetchEngineOptions = {
  /** Ids that are remembered: those that occur most often. 10,000, as in document 001. */
  readonly maxVocabSize?: number;
  /** 42. */
  readonly seed?: number;
};

/** What it remembers besides its net: ids by number, and what it learnt from, as numbers. */
type Memory = { readonly ids: readonly string[]; readonly sequences: readonly Int32Array[] };

const MEMORY_FILE = 'accesses.json';
const TOP = 5;
const MAX_ACCESSES = 1_000_000;
/** Moments the net learns from at most, evenly spread: enough, and minutes instead of hours. */
const MAX_WINDOWS = 20_000;
const [LEAST_VOCABULARY, MOST_VOCABULARY] = [1, 1_000_000];

/**
 * Document 000's prefetch engine: a two-layer LSTM over the last accesses names the five blocks most likely to be next.
 * Ids go in and ids come out; the net sees only how accesses relate (what followed what before, how long ago), so that
 * no id is ever outside of what it learnt. Ids beyond `maxVocabSize` count as unknown and are never named.
 *
 * What `save` writes names blocks and the order they were accessed in: it is as private as they are.
 *
 * @example
 * const model = new PrefetchEngine({ name: 'prefetch_engine' }, { maxVocabSize: 10000 });
 * model.train(accessSequences); // [['block1', 'block2', …], …]
 * model.predict({ recentAccesses: ['block1', 'block2'] }); // [{ id: 'block3', score: 0.93 }, …]
 */
export class PrefetchEngine extends PakitMLModel<
  { readonly recentAccesses: AccessSequence },
  NextBlock[],
  readonly AccessSequence[]
> {
  static readonly modelName = 'prefetch_engine';
  readonly room = 'prefetch';
  readonly options: Required<PrefetchEngineOptions>;
  #memory: Memory = { ids: [], sequences: [] };
  #numbers = new Map<string, number>();
  #recall: SequenceMemory | undefined;
  #net: Lstm | undefined;
  #model: PrefetchModel | undefined;

  /** @throws PilotfishError `USAGE` for options that cannot be. */
  constructor(config: ModelConfig, { maxVocabSize = 10_000, seed = 42 }: PrefetchEngineOptions = {}) {
    super(config);
    wholeNumber('maxVocabSize', maxVocabSize, [LEAST_VOCABULARY, MOST_VOCABULARY]);
    wholeNumber('seed', seed, [0, 2 ** 32 - 1]);
    this.options = { maxVocabSize, seed };
  }

  get isTrained(): boolean {
    return this.#model !== undefined;
  }

  /**
   * Learns from scratch; same sequences, options and seed, same model.
   * @throws PilotfishError `USAGE` for what are no sequences, `LIMIT` for more than 1,000,000 accesses, `EMPTY` when
   * nothing in them comes twice; the model is then what it was.
   */
  train(sequences: readonly AccessSequence[], { epochs }: { readonly epochs?: number } = {}): void {
    const memory = memoryOf(sequences, this.options.maxVocabSize);
    const recall = new SequenceMemory(memory.ids.length + 1);
    const windows = memory.sequences.flatMap((sequence, i) => [...recall.learn(sequence, String(i))]);
    if (!windows.some(({ part }) => part === 'train')) {
      throw new PilotfishError(
        'EMPTY',
        'no block is accessed twice, so nothing can be learnt about what follows it; give longer sequences',
      );
    }
    const step = Math.max(1, windows.length / MAX_WINDOWS);
    const drawn = windows.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
    const net = fitLstm(drawn, { seed: this.options.seed, ...(epochs === undefined ? {} : { epochs }) });
    this.#become(memory, recall, net);
    this.provenance = {
      ...{ seed: this.options.seed, synthetic: false, testEvaluations: 0, sealedGroups: 0 },
      ...{ tableSha256: sha256Hex(memoryBytes(memory)), metrics: {}, privacy: null },
    };
  }

  /**
   * The blocks most likely to be accessed after these, at most five, best first; empty where nothing ever followed them.
   * @throws PilotfishError `UNTRAINED`, `USAGE` for what is no sequence.
   */
  predict({ recentAccesses }: { readonly recentAccesses: AccessSequence }): NextBlock[] {
    const [recall, model] = [this.#recall, this.#model];
    if (recall === undefined || model === undefined) throw this.#untrained();
    checkSequence(recentAccesses);
    const { ids } = this.#memory;
    const unknown = ids.length;
    const keys = Int32Array.from(recentAccesses, (id) => this.#numbers.get(id) ?? unknown);
    // One more than asked for: the unknown is never named.
    const guesses = recall.guesses(keys, TOP + 1, (steps) => model.guesses(steps));
    return guesses
      .filter(({ key }) => key !== unknown)
      .slice(0, TOP)
      .map(({ key, score }) => ({ id: ids[key] as string, score }));
  }

  protected state(): ModelState {
    if (this.#net === undefined) throw this.#untrained();
    return {
      ...{ family: 'lstm', topology: LSTM_TOPOLOGY, featureSchema: PREFETCH_SCHEMA },
      files: new Map([
        [LSTM_FILE, encodeSnapshot(this.#net.snapshot())],
        [MEMORY_FILE, memoryBytes(this.#memory)],
      ]),
    };
  }

  protected adopt(artefact: ModelArtefact): void {
    const text = artefact.files.get(MEMORY_FILE);
    if (text === undefined) {
      throw new PilotfishError(
        'DAMAGED',
        'the model remembers no accesses; it is one of the room: train this one',
      );
    }
    const memory = readMemory(text);
    const recall = new SequenceMemory(memory.ids.length + 1);
    memory.sequences.forEach((sequence, i) => {
      for (const _ of recall.learn(sequence, String(i)));
    });
    this.#become(memory, recall, restoreLstm(artefact));
  }

  #become(memory: Memory, recall: SequenceMemory, net: Lstm): void {
    this.#model = prefetchModelOf(net);
    this.#memory = memory;
    this.#numbers = new Map(memory.ids.map((id, key) => [id, key]));
    this.#recall = recall;
    this.#net = net;
  }

  #untrained(): PilotfishError {
    return new PilotfishError('UNTRAINED', `the model ${this.config.name} has learnt nothing yet; train it`);
  }
}

function checkSequence(sequence: AccessSequence): void {
  if (Array.isArray(sequence) && sequence.every((id) => typeof id === 'string')) return;
  throw new PilotfishError('USAGE', 'accesses are a list of block ids; give texts');
}

/** The most frequent ids, and the sequences in their numbers; the rest have the number after the last. */
function memoryOf(sequences: readonly AccessSequence[], maxVocabSize: number): Memory {
  if (!Array.isArray(sequences)) throw new PilotfishError('USAGE', 'give a list of sequences of block ids');
  const counts = new Map<string, number>();
  let accesses = 0;
  for (const sequence of sequences as readonly AccessSequence[]) {
    checkSequence(sequence);
    accesses += sequence.length;
    if (accesses > MAX_ACCESSES)
      throw new PilotfishError('LIMIT', 'at most 1,000,000 accesses; give the latest');
    for (const id of sequence) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  // Of ids that occur equally often those that came first stay: the sort is stable.
  const ids = [...counts].sort((a, b) => b[1] - a[1]).slice(0, maxVocabSize);
  const numbers = new Map(ids.map(([id], key) => [id, key]));
  return {
    ids: ids.map(([id]) => id),
    sequences: (sequences as readonly AccessSequence[]).map((each) =>
      Int32Array.from(each, (id) => numbers.get(id) ?? ids.length),
    ),
  };
}

function memoryBytes({ ids, sequences }: Memory): Uint8Array {
  return Buffer.from(`${JSON.stringify({ ids, sequences: sequences.map((each) => Array.from(each)) })}\n`);
}

/** Whether so much could have been learnt from. */
const isWithinLimit = (sequences: readonly ArrayLike<unknown>[]): boolean =>
  sequences.reduce((sum, { length }) => sum + length, 0) <= MAX_ACCESSES;

/** @throws PilotfishError `DAMAGED`. */
function readMemory(bytes: Uint8Array): Memory {
  let value: { ids?: unknown; sequences?: unknown };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = (JSON.parse(text) ?? {}) as typeof value;
  } catch (error) {
    throw new PilotfishError('DAMAGED', 'the accesses of the model are no JSON; train it again', {
      cause: error,
    });
  }
  const { ids, sequences } = value;
  const isId = (id: unknown): boolean => typeof id === 'string';
  const isIds = Array.isArray(ids) && ids.length <= MOST_VOCABULARY && ids.every(isId);
  const unknown = isIds ? ids.length : 0;
  const isKey = (key: unknown): boolean =>
    Number.isInteger(key) && Number(key) >= 0 && Number(key) <= unknown;
  const isKeys = (each: unknown): boolean => Array.isArray(each) && each.every(isKey);
  if (isIds && Array.isArray(sequences) && sequences.every(isKeys) && isWithinLimit(sequences)) {
    return {
      ids: ids as string[],
      sequences: (sequences as number[][]).map((each) => Int32Array.from(each)),
    };
  }
  throw new PilotfishError('DAMAGED', 'the accesses of the model are none; train it again');
}
