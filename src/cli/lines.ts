import { usageError } from './exit.ts';

const MAX_LINE = 100_000;

/** Lines of text without their ends. Throws USAGE for one that is too long to be one. */
export async function* linesOf(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MAX_LINE)
      throw usageError(`a line has more than ${MAX_LINE} characters: give one record a line`);
  }
  yield rest;
}
