import { hasCode } from '../../base/index.ts';
import type {
  BaseSettlement,
  CodecSettlement,
  CodecValue,
  Decision,
  Receipt,
} from '../../decisions/index.ts';
import type { TelemetryCollector } from './collector.ts';
import type { TelemetryEvent } from './events.ts';
import { FIELDS, type ValueOf } from './fields.ts';

type Settled = Readonly<CodecSettlement>;
type Answer = Readonly<Decision<CodecValue>>;

/**
 * Records what came of each codec decision: its receipt, and the block as stored. Give the answer to the guard of the codec
 * room as `onReceipt`.
 */
export function codecRecorder(collector: TelemetryCollector): (settled: Settled, decision: Answer) => void {
  return (settled, decision) => {
    for (const event of eventsOf(settled, decision)) recordChecked(collector, event);
  };
}

/** A block whose delta was smaller was not stored by its codec: of that there is the receipt alone. */
function eventsOf(settled: Settled, decision: Answer): TelemetryEvent[] {
  const { block } = settled;
  const receipt = receiptOf(settled, decision);
  const algorithm = FIELDS.compressionAlgorithm.words.find((word) => word === block.storedAs);
  if (algorithm === undefined) return [receipt];
  const stored = {
    blockHash: block.blockId,
    blockSize: block.rawBytes,
    compressionAlgorithm: algorithm,
    compressionRatio: block.bytes / block.rawBytes,
    compressionMs: 1000 * block.seconds,
  };
  const isCompressed = algorithm !== 'none';
  return [
    receipt,
    ...(isCompressed
      ? [{ eventType: 'BLOCK_COMPRESSED', ...stored, compressedSize: block.bytes } as const]
      : []),
    { eventType: 'BLOCK_STORED', ...stored },
  ];
}

function receiptOf(settled: Settled, decision: Answer): TelemetryEvent {
  const { number: _, rawBytes, isLeaf, ...known } = settled.question;
  return {
    eventType: 'CODEC_RECEIPT',
    ...receiptFields(settled, decision),
    ...{ codec: decision.value, blockSize: rawBytes, isLeaf: isLeaf ? 1 : 0, ...known },
  };
}

/**
 * Records the receipt of each base that was tried. Give the answer to the guard of the similar room as `onReceipt`. Of
 * blocks that were told to have no base there is nothing to tell.
 */
export function baseRecorder(
  collector: TelemetryCollector,
): (settled: Readonly<BaseSettlement>, decision: Readonly<Decision<number>>) => void {
  return (settled, decision) => {
    const { number: _, rawBytes, isLeaf, chosen, ...known } = settled.choice;
    const { rawBytes: baseSize, ...candidate } = chosen;
    recordChecked(collector, {
      eventType: 'BASE_RECEIPT',
      ...receiptFields(settled, decision),
      ...{ blockSize: rawBytes, isLeaf: isLeaf ? 1 : 0, ...known },
      ...{ candidate: decision.value, baseSize, ...candidate, aloneSize: settled.base.aloneBytes },
    });
  };
}

/** Records an event; one outside the schema is counted by the collector as refused, and not thrown. */
function recordChecked(collector: TelemetryCollector, event: TelemetryEvent): void {
  try {
    collector.record(event);
  } catch (error) {
    if (!hasCode(error, 'REFUSED', 'USAGE', 'NOT_FINITE')) throw error;
  }
}

/** What the receipts of all rooms say: who answered and why, and what it really cost. */
function receiptFields(settled: Readonly<Receipt>, decision: Readonly<Decision<unknown>>) {
  const { decisionId, ok, bytes, seconds } = settled;
  const { source, reason, propensity, breaker } = decision;
  return { decisionId, reason, propensity, breaker, ok: ok ? 1 : 0, bytes, seconds, ...sourceOf(source) };
}

/** A model by name and version is an identifier: it is stored as a hash. */
function sourceOf(source: Decision<unknown>['source']): { source: ValueOf<'source'>; model?: string } {
  return source === 'heuristic' || source === 'default' ? { source } : { source: 'model', model: source };
}
