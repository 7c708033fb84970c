const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const THOUSAND = 1000;
const TEN_THOUSAND = 10_000;

/**
 * The bucket of a value, 0 inclusive to 1 exclusive, as GrowthBook's SDKs compute it: FNV-1a over UTF-16 code units, in
 * steps of 1/1000 (version 1) or 1/10 000 (version 2). Null for a version there is not. Version 1 is for old experiments:
 * its buckets under two seeds are correlated.
 */
export function growthBookBucket(seed: string, value: string, version: number): number | null {
  if (version === 2) return (fnv1a(String(fnv1a(seed + value))) % TEN_THOUSAND) / TEN_THOUSAND;
  if (version === 1) return (fnv1a(value + seed) % THOUSAND) / THOUSAND;
  return null;
}

function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}
