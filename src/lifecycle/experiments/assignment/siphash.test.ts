import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SipHash } from './siphash.ts';

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);

/** The first vectors of the reference implementation: key 00 01 … 0f, message 00 01 …, by its length. */
const VECTORS: readonly (readonly [number, string])[] = [
  [0, '310e0edd47db6f72'],
  [1, 'fd67dc93c539f874'],
  [2, '5a4fa9d909806c0d'],
  [3, '2d7efbd796666785'],
  [4, 'b7877127e09427cf'],
  [5, '8da699cd64557618'],
  [6, 'cee3fe586e46c9cb'],
  [7, '37d1018bf50002ab'],
  [8, '6224939a79f5f593'],
  [9, 'b0e4a90bdf82009e'],
  [15, 'e545be4961ca29a1'],
];

test('SipHash-2-4 is that of its authors', () => {
  const hash = new SipHash(KEY);
  for (const [length, wanted] of VECTORS) {
    // What lies behind the message is not part of it.
    const bytes = new Uint8Array(32).fill(0xee);
    for (let i = 0; i < length; i += 1) bytes[i] = i;
    hash.hash(bytes, length);
    const found = Buffer.alloc(8);
    found.writeInt32LE(hash.low, 0);
    found.writeInt32LE(hash.high, 4);
    assert.equal(found.toString('hex'), wanted, `${length} bytes`);
  }
});

test('another key gives another hash', () => {
  const [a, b] = [new SipHash(KEY), new SipHash(KEY.map((byte) => byte ^ 1))];
  const bytes = new Uint8Array(16);
  a.hash(bytes, 5);
  b.hash(bytes, 5);
  assert.notDeepEqual([a.high, a.low], [b.high, b.low]);
});
