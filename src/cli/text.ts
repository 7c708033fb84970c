/** Numbers, times and names as people read them. Pure. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1536` as `1.5 KiB`: three significant digits, binary units. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : threeDigits(value)} ${UNITS[unit]}`;
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

/** `1234567` as `1,234,567`, the same in every locale. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** What follows a list that was cut: `, and 2,000 more`; nothing where all is listed. */
export function andMore(count: number, listed: number): string {
  return listed < count ? `, and ${countText(count - listed)} more` : '';
}

const SHORT_ID_DIGITS = 12;

/** So much of a snapshot's id as tells it from the others. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_DIGITS);
}

/** A span of time: `0.4 s`, `12.3 s`, `4:05`, `1:02:03`. */
export function secondsText(seconds: number): string {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const used = parts[0] === 0 ? parts.slice(1) : parts;
  return used.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** A rate of bytes per second; nothing sensible can be said about no time at all. */
export function rateText(bytes: number, seconds: number): string {
  return seconds > 0 ? `${bytesText(bytes / seconds)}/s` : '';
}

/** Largest time JavaScript can name. */
const MAX_DATE_MS = 8_640_000_000_000_000;

/** Local time to the minute, as `ls -l` shows it; bare seconds for times no calendar reaches. */
export function localTime(ms: number): string {
  if (Math.abs(ms) > MAX_DATE_MS) return `@${Math.floor(ms / 1000)}`;
  const date = new Date(ms);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  const time = [date.getHours(), date.getMinutes()];
  return `${day.map(twoDigits).join('-')} ${time.map(twoDigits).join(':')}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/**
 * Controls (C0, DEL, C1), line and paragraph separators, and marks that turn the direction of text: a file may be
 * named with any of them, and a terminal that is shown one obeys it.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text from outside made safe to show: what a terminal would obey is written out as an escape. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? escaped(char));
}

/** A value as one line of JSON, in which the same characters are written as `\\uNNNN`: it may be shown as well. */
export function jsonText(value: object): string {
  // They can only stand in strings.
  return JSON.stringify(value).replace(UNSAFE, (char) => `\\u${hex(char.charCodeAt(0), 4)}`);
}

function escaped(char: string): string {
  const code = char.charCodeAt(0);
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** A raw name made safe to show; bytes that are no UTF-8 appear as `\xNN`. */
export function safeName(name: Uint8Array): string {
  const bytes = Buffer.from(name.buffer, name.byteOffset, name.length);
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return safeText(text);
  return safeText(validParts(bytes));
}

/** Decodes what is UTF-8 and writes every other byte as `\xNN`. */
function validParts(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] as number);
    const char = bytes.toString('utf8', at, at + length);
    const fits = length > 0 && Buffer.from(char).equals(bytes.subarray(at, at + length));
    text += fits ? char : `\\x${hex(bytes[at] as number, 2)}`;
    at += fits ? length : 1;
  }
  return text;
}

function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/** Rows under headings, columns aligned; columns named in `right` are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (right.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}
