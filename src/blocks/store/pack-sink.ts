import type { BaseRef, FinishedPack, PackRecord, PackWriter, RecordNote } from '../pack/index.ts';

/** Each block in the open pack takes about 500 bytes of memory until the pack is published. */
const MAX_OPEN_BLOCKS = 65_536;

export interface PackSinkDependencies {
  /** A pack is closed once it holds this much. */
  readonly targetBytes: number;
  /** Opens the next pack under a temporary name. */
  open(): PackWriter;
  /** Moves a finished pack into place. */
  publish(pack: FinishedPack): void;
}

/** The pack being written: opened at the first record, closed at its target size. */
export class PackSink {
  readonly #deps: PackSinkDependencies;
  readonly #onClosed: () => void;
  #writer: PackWriter | undefined;
  #openBlocks = 0;
  /** Bytes of all packs closed so far. */
  closedBytes = 0;

  constructor(deps: PackSinkDependencies, onClosed: () => void) {
    this.#deps = deps;
    this.#onClosed = onClosed;
  }

  get openBytes(): number {
    return this.#writer?.sizeBytes ?? 0;
  }

  /** Number the next record will get in its pack. */
  get nextRecord(): number {
    return this.#writer?.recordCount ?? 0;
  }

  append(record: PackRecord, note: RecordNote): number {
    this.#writer ??= this.#deps.open();
    this.#openBlocks += note.blocks.length;
    return this.#writer.append(record, note);
  }

  /** Closes the pack when it has reached its size, or holds so many tiny blocks that their notes fill memory. */
  closeIfFull(): void {
    if (this.openBytes >= this.#deps.targetBytes || this.#openBlocks >= MAX_OPEN_BLOCKS) this.close();
  }

  /** Closes and publishes the pack, if there is one. */
  close(): void {
    if (this.#writer === undefined) return;
    const pack = this.#writer.finish();
    this.#writer = undefined;
    this.#openBlocks = 0;
    this.closedBytes += pack.sizeBytes;
    this.#deps.publish(pack);
    this.#onClosed();
  }

  /** Lets go of the file without finishing it, and removes it. */
  abandon(): void {
    this.#writer?.abandon();
    this.#writer = undefined;
  }

  /** How a delta written next refers to a base in this pack. */
  refHere(record: number, slot: number): BaseRef {
    return { kind: 'here', distance: this.nextRecord - record, slot };
  }
}
