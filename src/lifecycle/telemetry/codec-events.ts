import { hasCode } from '../../base/index.ts';
import type { CodecSettlement, CodecValue, Decision } from '../../decisions/index.ts';
import type { TelemetryCollector } from './collector.ts';
import type { TelemetryEvent } from './events.ts';
import { FIELDS, type ValueOf } from './fields.ts';

type Settled = Readonly<CodecSettlement>;
type Answer = Readonly<Decision<CodecValue>>;

/**
 * Records what came of each codec decision: its receipt, and the block as stored. Give the answer to the guard of the codec
 * room as `onReceipt`. What is outside the schema is counted by the collector as refused, and not thrown.
 */
export function codecRecorder(collector: TelemetryCollector): (settled: Settled, decision: Answer) => void {
  return (settled, decision) => {
    for (const event of eventsOf(settled, decision)) record(collector, event);
  };
}

function record(collector: TelemetryCollector, event: TelemetryEvent): void {
  try {
    collector.record(event);
  } catch (error) {
    if (!hasCode(error, 'REFUSED', 'USAGE', 'NOT_FINITE')) throw error;
  }
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
  const { decisionId, ok, bytes, seconds, question } = settled;
  const { source, reason, propensity, breaker, value } = decision;
  const { number: _, rawBytes, isLeaf, ...known } = question;
  return {
    eventType: 'CODEC_RECEIPT',
    ...{ decisionId, reason, propensity, breaker, ok: ok ? 1 : 0, bytes, seconds, codec: value },
    ...sourceOf(source),
    ...{ blockSize: rawBytes, isLeaf: isLeaf ? 1 : 0, ...known },
  };
}

/** A model by name and version is an identifier: it is stored as a hash. */
function sourceOf(source: Answer['source']): { source: ValueOf<'source'>; model?: string } {
  return source === 'heuristic' || source === 'default' ? { source } : { source: 'model', model: source };
}
