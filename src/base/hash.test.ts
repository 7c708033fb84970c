import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256, sha256Hex } from './hash.ts';

// FIPS 180-2, appendix B, and the empty message.
const VECTORS = {
  '': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  abc: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq:
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
};

test('SHA-256 gives the published digests, as text and as bytes', () => {
  for (const [message, digest] of Object.entries(VECTORS)) {
    assert.equal(sha256Hex(Buffer.from(message)), digest);
    assert.deepEqual(sha256(Buffer.from(message)), Buffer.from(digest, 'hex'));
  }
});

test('only the bytes of a view count, not those of its buffer', () => {
  assert.equal(sha256Hex(Buffer.from('xxabcxx').subarray(2, 5)), VECTORS.abc);
});
