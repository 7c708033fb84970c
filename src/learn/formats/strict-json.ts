import { PilotfishError } from '../../base/index.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;

/**
 * JSON from bytes nobody vouches for. `JSON.parse` keeps the last of two equal keys without a word, so that two
 * readers of one file may see different things; here that is an error.
 * @throws PilotfishError `DAMAGED` for bytes that are no UTF-8 or no JSON, or an object with one key twice; `LIMIT`
 * for brackets nested deeper than `depthMax`.
 */
export function parseStrictJson(bytes: Uint8Array, depthMax: number): unknown {
  const text = decodeText(bytes);
  const value = parseJson(text);
  checkObjects(text, depthMax);
  return value;
}

/** @throws PilotfishError `DAMAGED` for bytes that are not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PilotfishError('DAMAGED', 'the text is not UTF-8; write the file anew', { cause });
  }
}

/** @throws PilotfishError `DAMAGED` for a text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PilotfishError('DAMAGED', 'the text is not JSON; write the file anew', { cause });
  }
}

/** `text` is known to be JSON, so that a string before a colon is a key of the innermost open object. */
function checkObjects(text: string, depthMax: number): void {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{' || char === '[') {
      if (open.length === depthMax) {
        throw new PilotfishError('LIMIT', `the JSON is nested deeper than ${depthMax}; no model needs that`);
      }
      open.push(new Set());
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === '"') {
      const end = endOfString(text, at);
      if (isKey(text, end)) addKey(open.at(-1) as Set<string>, parseJson(text.slice(at, end)) as string);
      at = end - 1;
    }
  }
}

function addKey(keys: Set<string>, key: string): void {
  if (keys.has(key)) {
    throw new PilotfishError('DAMAGED', `the key ${JSON.stringify(key)} occurs twice; write the file anew`);
  }
  keys.add(key);
}

/** The place after the closing quote of the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  for (let char = text.charCodeAt(end); char !== QUOTE; char = text.charCodeAt(end)) {
    end += char === BACKSLASH ? 2 : 1;
  }
  return end + 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= 32) at += 1;
  return text.charCodeAt(at) === COLON;
}
