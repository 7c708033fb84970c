import { resolve } from 'node:path';
import {
  type Clock,
  exists,
  type FileSystem,
  hasCode,
  type Log,
  NodeFileSystem,
  silentLog,
  systemClock,
} from '../base/index.ts';
import { type CodecQuestion, NEUTRAL_CODEC_QUESTION } from '../blocks/index.ts';
import {
  CODEC_SCHEMA,
  type CodecValue,
  codecRoom,
  Guard,
  loadArtefact,
  workshopOf,
} from '../decisions/index.ts';
import { numberWithin } from '../learn/index.ts';

/** How the models of document 000 are found and asked. */
export type MLDAGIntegrationOptions = {
  /** False: every hint is null. True. */
  readonly enableMl?: boolean;
  /** The artefacts of the rooms, one folder a room. `./models`. */
  readonly modelDir?: string;
  /** The rate stored bytes are judged by, bits per second. 20 Mbit/s, as for a repository on a local disk. */
  readonly linkBitsPerSecond?: number;
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  /** Hears of an artefact that cannot be used. */
  readonly log?: Log;
};

const KEPT_BITS_PER_SECOND = 2e7;
const AVERAGE_BLOCK_BYTES = 64 * 1024;

/**
 * Document 000's integration: models give hints, the core decides. A hint is null when no model answered: none is there,
 * it did not earn its place, or its circuit breaker is open.
 *
 * @example
 * const integration = new MLDAGIntegration({ enableMl: true });
 * const hint = integration.getCompressionHint({ blockHash: 'abc123', blockSize: 10_000, blockDepth: 5, contentEntropy: 7.5 });
 */
export class MLDAGIntegration {
  readonly #enableMl: boolean;
  readonly #linkBitsPerSecond: number;
  readonly #codec: Guard<CodecQuestion, CodecValue>;

  constructor(options: MLDAGIntegrationOptions = {}) {
    const { enableMl = true, modelDir = './models', linkBitsPerSecond = KEPT_BITS_PER_SECOND } = options;
    const { fs = new NodeFileSystem(), clock = systemClock, log = silentLog } = options;
    this.#enableMl = enableMl;
    this.#linkBitsPerSecond = numberWithin('linkBitsPerSecond', linkBitsPerSecond, [1, 1e15]);
    this.#codec = new Guard({ room: codecRoom, clock });
    const directory = `${resolve(modelDir)}/${codecRoom.name}`;
    if (!enableMl || !exists(fs, `${directory}/manifest.json`)) return;
    try {
      this.#codec.install(codecRoom.open(loadArtefact(fs, directory, CODEC_SCHEMA)));
    } catch (error) {
      if (!hasCode(error)) throw error;
      log.write('warn', 'the model cannot be used; there are no hints', { reason: error.message });
    }
  }

  /**
   * Which codec suits a block, or null when no model says. The name of the block is no feature.
   * @throws PilotfishError `USAGE` for a size or depth that is none, or an entropy outside 0 to 8 bits.
   */
  getCompressionHint(block: {
    readonly blockHash: string;
    /** Bytes. */
    readonly blockSize: number;
    readonly blockDepth: number;
    /** Bits per byte, 0 to 8. */
    readonly contentEntropy: number;
  }): CodecValue | null {
    const { blockSize, blockDepth, contentEntropy } = block;
    const question: CodecQuestion = {
      ...NEUTRAL_CODEC_QUESTION,
      rawBytes: numberWithin('blockSize', blockSize, [0, Number.MAX_SAFE_INTEGER]),
      fileOffsetBytes: numberWithin('blockDepth', blockDepth, [0, 2 ** 32]) * AVERAGE_BLOCK_BYTES,
      sampleEntropyBits: numberWithin('contentEntropy', contentEntropy, [0, 8]),
      linkBitsPerSecond: this.#linkBitsPerSecond,
    };
    if (!this.#enableMl) return null;
    const { reason, value } = this.#codec.ask(question);
    return reason === 'model' ? value : null;
  }

  /** Whether the model of a room is there and its breaker closed. @throws PilotfishError `USAGE` for no room. */
  isHealthy(name: string): boolean {
    return workshopOf(name).room === codecRoom.name && this.#codec.isHealthy();
  }
}

/** Document 000's view of the circuit breakers. */
export class FallbackManager {
  readonly #integration: MLDAGIntegration;

  /** Without an integration, one of its own with what lies in `./models`. */
  constructor(integration: MLDAGIntegration = new MLDAGIntegration()) {
    this.#integration = integration;
  }

  /** Whether the model may be asked; else use the fallback. @param name the documents' or the room's */
  isHealthy(name: string): boolean {
    return this.#integration.isHealthy(name);
  }
}
