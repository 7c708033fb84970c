import type { CodecName } from '../codec/index.ts';

/** What a writer did, for `pack --json`. */
export class WriteCounters {
  /** Blocks put, known or not. */
  references = 0;
  /** Distinct blocks added. */
  newBlocks = 0;
  deltaBlocks = 0;
  /** Bases tried, and those of them whose delta was not worth storing. */
  deltasTried = 0;
  deltasUseless = 0;
  /** Small blocks of files that ended in a group. */
  groupedFiles = 0;
  readonly codecs: Partial<Record<CodecName, { blocks: number; bytes: number }>> = {};

  stored(codec: CodecName, blocks: number, bytes: number): void {
    const sum = this.codecs[codec] ?? { blocks: 0, bytes: 0 };
    this.codecs[codec] = { blocks: sum.blocks + blocks, bytes: sum.bytes + bytes };
  }
}
