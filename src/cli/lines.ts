import { resolve } from 'node:path';
import type { Context } from './context.ts';
import { usageError } from './exit.ts';

/** The bytes of a file, piece by piece; of standard input without one, or where `-` stands for it. */
export async function inputOf(
  context: Context,
  file: string | undefined,
): Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array>> {
  if (file === undefined || file === '-') return context.world.stdin;
  const { filePieces } = await import('../lifecycle/index.ts');
  return filePieces(context.ports().fs, resolve(file));
}

/**
 * What `read` makes of the lines that are not blank, each an object in JSON. Throws USAGE for a line that is none, or of
 * which it makes nothing; `wanted` says what a line is to be, such as `sample: give {"label":1}`.
 */
export async function* jsonLinesOf<T>(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  wanted: string,
  read: (value: object) => T | undefined,
): AsyncGenerator<T> {
  const { linesOf } = await import('../lifecycle/index.ts');
  for await (const { number, text } of linesOf(input)) {
    const object = text === null ? undefined : objectOf(text);
    const value = object && read(object);
    if (value === undefined) throw usageError(`line ${number} is no ${wanted}`);
    yield value;
  }
}

/** Undefined for what is no object. */
function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
