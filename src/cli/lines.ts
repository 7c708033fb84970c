import { resolve } from 'node:path';
import { isObject, PilotfishError } from '../base/index.ts';
import type { Context } from './context.ts';
import { usageError } from './exit.ts';
import type { Progress } from './progress.ts';

/**
 * The bytes of a file, piece by piece; of standard input without one, or where `-` stands for it.
 * @throws PilotfishError `INTERRUPTED`, also while nobody sends anything; `IO`.
 */
export async function* inputOf(context: Context, file: string | undefined): AsyncGenerator<Uint8Array> {
  if (file === undefined || file === '-') return yield* untilStopped(context);
  const { filePieces } = await import('../lifecycle/index.ts');
  for (const piece of filePieces(context.ports().fs, resolve(file))) {
    await context.turn();
    yield piece;
  }
}

async function* untilStopped({ world: { stdin }, signal }: Context): AsyncGenerator<Uint8Array> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new PilotfishError('INTERRUPTED', 'interrupted: run the command again'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  const pieces = stdin[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await Promise.race([stopped, pieces.next()]);
    if (done === true) return;
    yield value;
  }
}

/** Shows people how many lines of a long file there were so far; nothing where standard error is no terminal. */
export function lineProgress(context: Context, noun: string): Progress {
  return context.progress(context.terminal.isInteractive ? {} : { quiet: true }, noun);
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
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
