/** The legal answers, in bytes. */
export const SIZES = [0, 65_536, 262_144, 1_048_576] as const;
export type Readahead = (typeof SIZES)[number];

export function isReadahead(value: unknown): value is Readahead {
  return (SIZES as readonly unknown[]).includes(value);
}
