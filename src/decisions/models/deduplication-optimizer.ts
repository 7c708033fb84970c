import { MAX_BLOCK_BYTES, PilotfishError, sha256Hex } from '../../base/index.ts';
import {
  MAX_FINGERPRINTS,
  MAX_NEAREST,
  NearestFingerprints,
  SHINGLE_BYTES,
  SimHashKernel,
  similarityOf,
} from '../../signals/index.ts';
import { featureSchemaOf, type ModelArtefact } from '../artefact/index.ts';
import { type ModelState, PakitMLModel } from './model.ts';

/** A block by its bytes, at most 1 MiB of them, or by its fingerprint of 64 bits. */
export type BlockContent = { readonly bytes: Uint8Array } | { readonly fingerprint: bigint };

/** A block the optimizer is to know. */
export type HistoricalBlock = BlockContent & { readonly id: string };

/** A known block that resembles another, with the share of equal bits of their fingerprints: 0.859 to 1. */
export type SimilarHistoricalBlock = { readonly id: string; readonly similarity: number };

const IDS_FILE = 'ids.json';
const FINGERPRINTS_FILE = 'fingerprints.u64';
const MAX_TOP_K = MAX_NEAREST - 1;
const DEFAULT_TOP_K = 5;
const FINGERPRINT_BYTES = 8;

/**
 * Document 000's deduplication optimizer: which of the blocks it knows are nearly the same as another one. Nothing in
 * it is learnt. A fingerprint is a SimHash, similar is 0.85 or more, and `train` is what document 001 says of it: it
 * builds the index from historical blocks. A look-up compares with every block, so that none is missed; at a million
 * blocks that takes half a millisecond. Blocks below 4 bytes have no fingerprint and resemble nothing.
 *
 * What `save` writes names blocks and says what resembles what: it is as private as they are. An artefact holds up to
 * 64 MiB, some 800 000 blocks with ids of 64 digits; for a repository, `FingerprintIndex` keeps its own.
 *
 * @example
 * const model = new DeduplicationOptimizer({ name: 'dedup_optimizer' });
 * model.train([{ id: 'abc123', bytes: one }, { id: 'def456', bytes: another }]);
 * model.findSimilarBlocks('abc123', { topK: 5 }); // [{ id: 'def456', similarity: 0.953125 }]
 */
export class DeduplicationOptimizer extends PakitMLModel<
  BlockContent & { readonly topK?: number },
  SimilarHistoricalBlock[],
  Iterable<HistoricalBlock>
> {
  static readonly modelName = 'dedup_optimizer';
  readonly room = 'similar';
  readonly #kernel = new SimHashKernel(MAX_BLOCK_BYTES);
  /** Ascending: of two blocks equally near, the lower id comes first, as the lower row does. */
  #ids: readonly string[] = [];
  #near = new NearestFingerprints(0);

  get isTrained(): boolean {
    return this.provenance !== undefined;
  }

  /** Blocks it knows. */
  get blocks(): number {
    return this.#ids.length;
  }

  /**
   * Builds the index of these blocks, in place of the one before. Of two blocks with one id the later counts.
   * @throws PilotfishError `USAGE` for what is no block, `EMPTY` for none, `LIMIT` for more than 16 777 216; the model is then what
   * it was.
   */
  train(blocks: Iterable<HistoricalBlock>): void {
    const known = new Map<string, bigint>();
    for (const block of blocks) {
      if (typeof block?.id !== 'string')
        throw new PilotfishError('USAGE', 'a block has an id: give it as text');
      const fingerprint = this.#fingerprint(block);
      if (fingerprint === undefined) continue;
      known.set(block.id, fingerprint);
      if (known.size > MAX_FINGERPRINTS)
        throw new PilotfishError('LIMIT', 'at most 16 777 216 blocks: give fewer');
    }
    if (known.size === 0) {
      throw new PilotfishError('EMPTY', 'there is no block of 4 bytes or more: give some');
    }
    const ids = [...known.keys()].sort();
    this.#become(
      ids,
      BigUint64Array.from(ids, (id) => known.get(id) as bigint),
    );
    const tableSha256 = sha256Hex(Buffer.concat([...this.state().files.values()]));
    const trained = { seed: 0, synthetic: false, testEvaluations: 0, sealedGroups: 0 };
    this.provenance = { ...trained, tableSha256, metrics: {}, privacy: null };
  }

  /**
   * The known blocks nearest to block `id`, at most 9 of 64 bits away: by similarity, then id, without the block itself.
   * All that are so near are ranked before `topK` (5; 1 to 1000) are taken.
   * @throws PilotfishError `UNTRAINED`, `MISSING` for an unknown id, `USAGE` for a `topK` that cannot be.
   */
  findSimilarBlocks(
    id: string,
    { topK = DEFAULT_TOP_K }: { readonly topK?: number } = {},
  ): SimilarHistoricalBlock[] {
    this.#checkReady(topK);
    const own = rowOf(this.#ids, id);
    if (own === undefined) {
      throw new PilotfishError(
        'MISSING',
        `the model knows no block "${id}": train it with that block, or predict`,
      );
    }
    const near = this.#nearest(this.#near.fingerprints[own] as bigint, topK + 1);
    return near.filter((other) => other.id !== id).slice(0, topK);
  }

  /** As `findSimilarBlocks`, for a block it need not know. @throws PilotfishError `UNTRAINED`, `USAGE`. */
  predict({
    topK = DEFAULT_TOP_K,
    ...content
  }: BlockContent & { readonly topK?: number }): SimilarHistoricalBlock[] {
    this.#checkReady(topK);
    const fingerprint = this.#fingerprint(content);
    return fingerprint === undefined ? [] : this.#nearest(fingerprint, topK);
  }

  protected state(): ModelState {
    const { buffer, byteOffset, byteLength } = this.#near.fingerprints;
    return {
      family: 'simhash-scan',
      topology: [64],
      featureSchema: SCHEMA,
      files: new Map([
        [IDS_FILE, Buffer.from(JSON.stringify(this.#ids))],
        [FINGERPRINTS_FILE, new Uint8Array(buffer, byteOffset, byteLength)],
      ]),
    };
  }

  protected adopt({ files, manifest }: ModelArtefact): void {
    const [text, bytes] = [files.get(IDS_FILE), files.get(FINGERPRINTS_FILE)];
    if (manifest.featureSchema !== SCHEMA || text === undefined || bytes === undefined) {
      throw damaged('it holds something else');
    }
    const ids = parseIds(text);
    if (bytes.length !== FINGERPRINT_BYTES * ids.length) throw damaged('not every block has a fingerprint');
    this.#become(ids, new BigUint64Array(Uint8Array.from(bytes).buffer));
  }

  #become(ids: readonly string[], fingerprints: BigUint64Array): void {
    const near = new NearestFingerprints(ids.length);
    near.fingerprints.set(fingerprints);
    this.#ids = ids;
    this.#near = near;
  }

  #nearest(fingerprint: bigint, limit: number): SimilarHistoricalBlock[] {
    const near = this.#near.find(fingerprint, limit);
    return near.map(({ row, distance }) => ({
      id: this.#ids[row] as string,
      similarity: similarityOf(distance),
    }));
  }

  /** Undefined for a block below 4 bytes. */
  #fingerprint(block: BlockContent): bigint | undefined {
    if ('fingerprint' in block && typeof block.fingerprint === 'bigint') {
      if (BigInt.asUintN(64, block.fingerprint) === block.fingerprint) return block.fingerprint;
      throw new PilotfishError('USAGE', 'a fingerprint has 64 bits: give a bigint from 0 to 2^64 - 1');
    }
    if (!('bytes' in block && block.bytes instanceof Uint8Array) || block.bytes.length > MAX_BLOCK_BYTES) {
      throw new PilotfishError(
        'USAGE',
        'a block is known by its bytes, at most 1 MiB, or its fingerprint: give one',
      );
    }
    return block.bytes.length < SHINGLE_BYTES ? undefined : this.#kernel.of(block.bytes);
  }

  #checkReady(topK: number): void {
    if (!this.isTrained) {
      throw new PilotfishError('UNTRAINED', `the model ${this.config.name} knows no blocks yet; train it`);
    }
    if (!Number.isInteger(topK) || topK < 1 || topK > MAX_TOP_K) {
      throw new PilotfishError('USAGE', `topK is ${topK}: give a whole number from 1 to ${MAX_TOP_K}`);
    }
  }
}

const SCHEMA = featureSchemaOf([
  { name: 'simhash', bits: 64, shingleBytes: SHINGLE_BYTES, hash: 'fmix64, keyed' },
]);

/** Where an id stands among ascending ones. */
function rowOf(ids: readonly string[], id: string): number | undefined {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] as string) < id) low = middle + 1;
    else high = middle;
  }
  return ids[low] === id ? low : undefined;
}

function parseIds(bytes: Uint8Array): string[] {
  let ids: unknown;
  try {
    ids = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new PilotfishError('DAMAGED', 'the ids of the model are no JSON; train it again', { cause: error });
  }
  const isId = (id: unknown, row: number, all: readonly unknown[]): boolean =>
    typeof id === 'string' && (row === 0 || (all[row - 1] as string) < id);
  if (Array.isArray(ids) && ids.length > 0 && ids.every(isId)) return ids as string[];
  throw damaged('its ids are none or out of order');
}

const damaged = (what: string): PilotfishError =>
  new PilotfishError('DAMAGED', `this is no deduplication optimizer: ${what}; train it again`);
