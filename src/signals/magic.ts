import { ContentKind } from './content-kind.ts';
import { SIGNATURES, type Signature } from './signatures.ts';
import { textKind } from './text.ts';

/** Signatures by the first byte they require; those that begin later are in every list. */
const BY_FIRST_BYTE: readonly (readonly Signature[])[] = Array.from({ length: 256 }, (_, byte) =>
  SIGNATURES.filter(([, [offset, bytes]]) => offset > 0 || bytes.charCodeAt(0) === byte),
);

/**
 * The kind of content that begins with `data`, by magic bytes; text by its first 1024 bytes. A guess:
 * it steers grouping and codec choice, never what is stored. Reads at most 1 KiB; never throws.
 */
export function classify(data: Uint8Array): ContentKind {
  const first = data[0];
  if (first === undefined) return ContentKind.empty;
  for (const [kind, mark, second] of BY_FIRST_BYTE[first] as readonly Signature[]) {
    if (hasMark(data, mark) && (second === undefined || hasMark(data, second))) return kind;
  }
  return cafeBabeKind(data) ?? portableExecutable(data) ?? textKind(data) ?? ContentKind.unknown;
}

function hasMark(data: Uint8Array, [offset, bytes]: readonly [number, string]): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (data[offset + i] !== bytes.charCodeAt(i)) return false;
  }
  return true;
}

/** First major version of Java class files; Mach-O universal files hold a small count at its place. */
const FIRST_CLASS_VERSION = 45;

function cafeBabeKind(data: Uint8Array): ContentKind | undefined {
  if (data.length < 8 || !hasMark(data, [0, '\xca\xfe\xba\xbe'])) return undefined;
  return (data[7] as number) >= FIRST_CLASS_VERSION ? ContentKind.javaClass : ContentKind.machO;
}

/** `MZ` alone is plausible text; the header it points to is not. */
function portableExecutable(data: Uint8Array): ContentKind | undefined {
  if (data.length < 64 || !hasMark(data, [0, 'MZ'])) return undefined;
  const header = (data[60] as number) + (data[61] as number) * 256;
  return hasMark(data, [header, 'PE\0\0']) ? ContentKind.pe : undefined;
}
