// A store that packs a folder a night, and asks the room for every block that stands alone.
import { type Clock, type ManualClock, MIB, seededBytes, systemClock } from '../../src/base/index.ts';
import {
  type CodecQuestion,
  type CodecReceipt,
  OPEN_CODEC_QUESTIONS,
  pack,
  Repository,
  type StoreAdviser,
} from '../../src/blocks/index.ts';
import {
  CodecAdviser,
  type CodecSettlement,
  type CodecValue,
  type Guard,
} from '../../src/decisions/index.ts';
import { createRepository, nodePorts } from '../../src/index.ts';
import { LINK, secondsOf } from './costs.ts';

/** A night is small. */
const SIZES = { arenaBytes: 32 * MIB, resemblanceBytes: MIB };

type CodecGuard = Guard<CodecQuestion, CodecValue, CodecSettlement>;

/** Receipts with the seconds of the table in place of measured ones: the same rollout at every run. */
class TableTimes implements StoreAdviser {
  readonly #inner: CodecAdviser;
  readonly #chosen: string[] = [];

  constructor(inner: CodecAdviser) {
    this.#inner = inner;
  }

  codecSteps(rawBytes: number, linkBitsPerSecond: number): ReturnType<CodecAdviser['codecSteps']> {
    return this.#inner.codecSteps(rawBytes, linkBitsPerSecond);
  }

  codec(question: Readonly<CodecQuestion>): string | undefined {
    const chosen = this.#inner.codec(question);
    this.#chosen[question.number % OPEN_CODEC_QUESTIONS] = chosen ?? 'none';
    return chosen;
  }

  settleCodec(block: Readonly<CodecReceipt>): void {
    const chosen = this.#chosen[block.number % OPEN_CODEC_QUESTIONS] as CodecValue;
    this.#inner.settleCodec({ ...block, seconds: secondsOf(chosen, block.rawBytes) });
  }
}

/** A repository in an empty folder. Nights are dry runs: everything is done but written, so that a file may return. */
export class NightlyStore {
  readonly #path: string;
  readonly #isMeasured: boolean;
  readonly #clock: Clock;

  /** @param isMeasured receipts have the seconds that the codecs take here, and not those of the table */
  constructor(path: string, { clock, isMeasured }: { clock: ManualClock; isMeasured: boolean }) {
    this.#path = path;
    this.#isMeasured = isMeasured;
    this.#clock = isMeasured ? systemClock : clock;
    createRepository({ path }, this.#ports());
  }

  async night(folder: string, guard: CodecGuard): Promise<void> {
    const repository = new Repository({ path: this.#path }, this.#ports(), 'write');
    try {
      const room = new CodecAdviser(guard);
      await pack(repository, {
        ...{ paths: [Buffer.from(folder)], dryRun: true, readAll: true },
        adviser: this.#isMeasured ? room : new TableTimes(room),
        surroundings: { linkBitsPerSecond: LINK, cpuPressure: 0 },
      });
    } finally {
      repository.close();
    }
  }

  #ports(): ReturnType<typeof nodePorts> {
    return nodePorts({
      clock: this.#clock,
      random: seededBytes(1),
      index: 'memory',
      threads: 0,
      sizes: SIZES,
    });
  }
}
