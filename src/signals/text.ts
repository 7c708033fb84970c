import { ContentKind } from './content-kind.ts';

/** Bytes looked at to call something text. */
const HEAD_BYTES = 1024;

const CONTINUATION_MAX = 3;

/** The kind of text that `data` begins with; undefined when it is not ASCII, UTF-8 or marked UTF-16. */
export function textKind(data: Uint8Array): ContentKind | undefined {
  if (data.length >= 4 && hasUtf16Mark(data)) return ContentKind.utf16;
  const end = Math.min(data.length, HEAD_BYTES);
  if (!isUtf8Text(data, end)) return undefined;
  const start = skipBlanks(data, data[0] === 0xef ? 3 : 0, end);
  if (startsWith(data, start, '#!')) return ContentKind.script;
  if (startsWith(data, start, '<!doctype html') || startsWith(data, start, '<html')) return ContentKind.html;
  if (startsWith(data, start, '<?xml') || startsWith(data, start, '<svg')) return ContentKind.xml;
  return looksLikeJson(data, start, end) ? ContentKind.json : ContentKind.text;
}

function hasUtf16Mark(data: Uint8Array): boolean {
  return (data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff);
}

/**
 * Whether the bytes before `end` are UTF-8 without control characters other than blanks, backspace and
 * escape. A block may begin and end within a character.
 */
function isUtf8Text(data: Uint8Array, end: number): boolean {
  let at = 0;
  while (at < Math.min(CONTINUATION_MAX, end) && isContinuation(data[at])) at++;
  if (at === end) return false;
  while (at < end) {
    const width = characterBytes(data[at] as number);
    if (width === 0) return false;
    for (let i = 1; i < width && at + i < end; i++) {
      if (!isContinuation(data[at + i])) return false;
    }
    at += width;
  }
  return true;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Length of the UTF-8 character that begins with `byte`; 0 if none of text does. */
function characterBytes(byte: number): number {
  if (byte < 0x20) return isTextControl(byte) ? 1 : 0;
  if (byte < 0x7f) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

/** Backspace, tab, line feed, form feed, carriage return, escape. */
function isTextControl(byte: number): boolean {
  return byte === 0x1b || (byte >= 0x08 && byte <= 0x0d && byte !== 0x0b);
}

function skipBlanks(data: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isBlank(data[at] as number)) at++;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Whether `lower` stands at `start`, in any case of ASCII letters. */
function startsWith(data: Uint8Array, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    const byte = data[start + i] ?? 0;
    const folded = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** `{` before `"` or `}`; `[` before the beginning of any JSON value or `]`. */
function looksLikeJson(data: Uint8Array, start: number, end: number): boolean {
  const open = data[start];
  const next = skipBlanks(data, start + 1, end);
  if (next >= end) return false;
  const after = String.fromCharCode(data[next] as number);
  if (open === 0x7b) return after === '"' || after === '}';
  return open === 0x5b && '"{[]-0123456789tfn'.includes(after);
}
