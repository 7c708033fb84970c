import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufMessage } from './protobuf.ts';

const hex = (message: ProtobufMessage) => Buffer.from(message.finish()).toString('hex');

test('the examples of the encoding guide', () => {
  assert.equal(hex(new ProtobufMessage().int(1, 150)), '089601');
  assert.equal(hex(new ProtobufMessage().text(2, 'testing')), '120774657374696e67');
  assert.equal(hex(new ProtobufMessage().message(3, new ProtobufMessage().int(1, 150))), '1a03089601');
  assert.equal(hex(new ProtobufMessage().ints(6, [3, 270, 86942])), '3206038e029ea705');
});

test('whole numbers of every size, negative ones in ten bytes', () => {
  const cases: [number, string][] = [
    [0, '0800'],
    [127, '087f'],
    [128, '088001'],
    [2 ** 31, '088080808008'],
    [2 ** 53 - 1, '08ffffffffffffff0f'],
    [-1, '08ffffffffffffffffff01'],
    [-(2 ** 31), '0880808080f8ffffffff01'],
    [-(2 ** 53 - 1), '0881808080808080f0ff01'],
  ];
  for (const [value, bytes] of cases) assert.equal(hex(new ProtobufMessage().int(1, value)), bytes);
});

test('numbers with a point, little-endian', () => {
  assert.equal(hex(new ProtobufMessage().float(1, 1.5)), '0d0000c03f');
  assert.equal(hex(new ProtobufMessage().double(20, -2)), 'a10100000000000000c0');
  assert.equal(hex(new ProtobufMessage().floats(7, [1, -2])), '3a080000803f000000c0');
});

test('a message grows as far as it must', () => {
  const long = new Uint8Array(100_000).fill(7);
  const bytes = new ProtobufMessage().int(1, 1).bytes(2, long).int(3, 1).finish();
  assert.equal(bytes.length, 2 + 1 + 3 + long.length + 2);
  assert.deepEqual(bytes.subarray(6, 6 + long.length), long);
});
