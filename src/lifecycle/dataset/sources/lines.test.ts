import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Line, linesOf } from './lines.ts';

async function read(chunks: readonly Uint8Array[], maxBytes?: number): Promise<Line[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  const lines: Line[] = [];
  for await (const line of linesOf(stream(), maxBytes)) lines.push(line);
  return lines;
}

/** Pieces of the bytes, cut at these places. */
const cut = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] => {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
};

test('wherever the chunks are cut, the lines are those of the text, and blank ones count and are left out', async () => {
  const line = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n]/g, ''));
  const ends = fc.constantFrom('\n', '\r\n');
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      ends,
      fc.boolean(),
      fc.array(fc.nat()),
      async (lines, end, isEnded, places) => {
        const text = lines.join(end) + (isEnded && lines.length > 0 ? end : '');
        const wanted = lines
          .map((each, at) => ({ number: at + 1, text: each }))
          .filter(({ text: each }) => each.trim() !== '');
        // What begins a file of text is no part of it.
        const isMarked = ({ text: each }: Line): boolean => each?.includes('\ufeff') === true;
        const found = await read(cut(Buffer.from(text), places));
        fc.pre(!wanted.some(isMarked));
        assert.deepEqual(found, wanted);
      },
    ),
  );
});

test('a line that is too long is passed over, whatever its length, and the next is read', async () => {
  const long = Buffer.alloc(1000, 'x');
  const chunks = [
    Buffer.from('a\n'),
    ...new Array(50).fill(long),
    Buffer.from('\nb'),
    Buffer.from([0xff, 0x0a]),
    Buffer.from('c'),
  ];
  assert.deepEqual(await read(chunks, 2000), [
    { number: 1, text: 'a' },
    { number: 2, text: null },
    { number: 3, text: null },
    { number: 4, text: 'c' },
  ]);
  assert.deepEqual(await read([Buffer.alloc(8, 'y')], 8), [{ number: 1, text: 'y'.repeat(8) }]);
  assert.deepEqual(await read([Buffer.alloc(9, 'y')], 8), [{ number: 1, text: null }]);
});
