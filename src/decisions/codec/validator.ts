/** The answers of this room, cheapest first where they tie. */
export const CODECS = ['none', 'lz4', 'snappy', 'zstd-1', 'zstd-3', 'zstd-9'] as const;
export type CodecValue = (typeof CODECS)[number];

/** Whether `value` is an answer of this room; every one of them is legal for every block. */
export function isCodec(value: unknown): value is CodecValue {
  return typeof value === 'string' && (CODECS as readonly string[]).includes(value);
}
