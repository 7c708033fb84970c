/**
 * SimHash (Charikar 2002) as documents 000 and 001 mean it, 64 bits over byte shingles:
 *
 *   w_i = bytes i to i + 3 as a little-endian number, for every i          stride 1
 *   h_i = the finalizer of MurmurHash3 (fmix64, Appleby) with a key:
 *         x = (w_i XOR KEY) * M1;  y = (x XOR x >> 33) * M2;  h_i = y XOR y >> 33      modulo 2^64
 *   bit b of the fingerprint = 1 where more than half of all h_i have bit b             unweighted: a vote each
 *
 * The first shift of fmix64 only sees bits of the key here and is left out. Fewer than 4 bytes have no shingle. Stored
 * fingerprints are compared with new ones: none of these numbers ever changes.
 */
export const SHINGLE_BYTES = 4;
export const SIM_HASH_KEY = 0x9e3779b97f4a7c15n;
export const SIM_HASH_MULTIPLIERS = [0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n] as const;

/** Fingerprints at most this far apart are similar: 1 - 9/64 = 0.859 is above the documents' 0.85, 10 bits are not. */
export const MAX_DISTANCE = 9;
/** Rows of one `NearestFingerprints`: 128 MiB. */
export const MAX_FINGERPRINTS = 2 ** 24;
/** Rows of one answer: a thousand others, and the one that was asked about. */
export const MAX_NEAREST = 1001;
