import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import { sha256 as multiformatsSha256 } from 'multiformats/hashes/sha2';
import { hasCode, sha256Hex } from '../../base/index.ts';
import { decodeDirectory, encodeDirectory } from './entry-codec.ts';
import { nodeCid, rawCid, type TreeEntry } from './node.ts';

const damaged = { name: 'PilotfishError', code: 'DAMAGED' };
const ROOT = { uid: 0, gid: 0 };
const ID = sha256Hex(Buffer.from('content'));
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

const META = {
  name: bytes('name'),
  mode: 0o644,
  owner: [ROOT.uid, ROOT.gid, 'root', 'root'],
  mtimeNs: 1_650_000_000_123_456_789n,
  xattrs: [],
  hardLink: undefined,
} as const;

const anyBytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((value) => new Uint8Array(value));
const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((id) => Buffer.from(id).toString('hex'));
/** As a reader makes them: in plain arrays. */
const anyNode = anyId.map((id) => CID.decode(new Uint8Array(nodeCid(id).bytes)));
const anyBlock = anyId.map((id) => CID.decode(new Uint8Array(rawCid(id).bytes)));
const anyName = anyBytes(1, 255).filter((name) => {
  const text = Buffer.from(name).toString('latin1');
  return !/[\0/]/.test(text) && text !== '.' && text !== '..';
});
const anyMeta = fc.record(
  {
    name: anyName,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    owner: fc.tuple(fc.nat(), fc.nat(), fc.string(), fc.string()),
    mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    xattrs: fc.array(fc.tuple(anyBytes(1, 20), anyBytes(0, 50)), { maxLength: 3 }),
    hardLink: fc.option(anyBytes(1, 40), { nil: undefined }),
  },
  { noNullPrototype: true },
);
const anyValue = fc.oneof(
  fc.tuple(fc.maxSafeNat(), fc.option(fc.oneof(anyBlock, anyNode))).map(([size, content]) => ({
    type: 'file' as const,
    size,
    content,
  })),
  anyNode.map((node) => ({ type: 'directory' as const, node })),
  anyBytes(1, 4096)
    .filter((target) => !target.includes(0))
    .map((target) => ({ type: 'symlink' as const, target })),
  fc.constant({ type: 'fifo' as const }),
  fc
    .tuple(
      fc.constantFrom('character-device' as const, 'block-device' as const),
      fc.bigInt({ min: 0n, max: 2n ** 63n }),
    )
    .map(([type, deviceNumber]) => ({ type, deviceNumber })),
);
const anyEntry: fc.Arbitrary<TreeEntry> = fc
  .tuple(anyMeta, anyValue)
  .map(([meta, value]) => ({ ...meta, ...value }));

test('entries of every type read back as they were written, in bytes that have one form', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 8 }), (entries) => {
      const node = encodeDirectory(entries);
      const read = decodeDirectory(node);
      assert.ok('entries' in read);
      assert.deepEqual(read.entries, entries);
      assert.deepEqual(encodeDirectory(read.entries), node);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('other IPLD tools read the node, write the same bytes and find the same CID', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEntry, { maxLength: 5 }), async (entries) => {
      const node = encodeDirectory(entries);
      assert.deepEqual(dagCbor.encode(dagCbor.decode(node)), node);
      const cid = CID.createV1(dagCbor.code, await multiformatsSha256.digest(node));
      assert.ok(nodeCid(sha256Hex(node)).equals(cid));
      assert.equal(CID.parse(cid.toString()).toString(), nodeCid(sha256Hex(node)).toString());
    }),
    { seed: 1, numRuns: 50 },
  );
});

test('the written form is frozen', () => {
  const entries: TreeEntry[] = [
    { ...META, name: bytes('a'), type: 'file', size: 7, content: rawCid(ID) },
    {
      ...META,
      name: bytes('b\xff'),
      type: 'symlink',
      target: bytes('a'),
      mode: 0o777,
      hardLink: bytes('x/y'),
    },
    {
      ...META,
      name: bytes('c'),
      type: 'file',
      size: 0,
      content: null,
      xattrs: [[bytes('user.k'), bytes('v')]],
    },
  ];
  const node = encodeDirectory(entries);
  assert.equal(
    nodeCid(sha256Hex(node)).toString(),
    'bafyreiglqr52ucfx2dkcvx6nsfciekjw4ohrjginyoah6oshjfejyrmscy',
  );
  const hex = [
    'a3616583864161001901a4001b16e5fa420ec0cd158207d82a58250001551220ed7002b439e9ac845f22357d82',
    '2bac1444730fbdb6016d3ec9432297b9ec9f73874262ff021901ff001b16e5fa420ec0cd154161a1616843782f',
    '79874163001901a4001b16e5fa420ec0cd158200f6a16178818246757365722e6b4176616f8184000064726f6f',
    '7464726f6f74617463646972',
  ];
  assert.equal(Buffer.from(node).toString('hex'), hex.join(''));
});

test('owners that repeat are written once', () => {
  const many = Array.from(
    { length: 100 },
    (_, i): TreeEntry => ({ ...META, name: bytes(`${i + 100}`), type: 'fifo' }),
  );
  const { o } = dagCbor.decode<{ o: unknown[] }>(encodeDirectory(many));
  assert.deepEqual(o, [[0, 0, 'root', 'root']]);
});

/** A directory with one entry, of which a forger changes what he likes. */
function forged(change: {
  at?: number;
  to?: unknown;
  owners?: unknown;
  node?: object;
  push?: unknown;
}): Uint8Array {
  const tuple: unknown[] = [bytes('name'), 0, 0o644, 0, 0, [7, rawCid(ID)]];
  if (change.at !== undefined) tuple[change.at] = change.to;
  if (change.push !== undefined) tuple.push(change.push);
  return dagCbor.encode({ t: 'dir', o: change.owners ?? [[0, 0, '', '']], e: [tuple], ...change.node });
}

test('names that could lead out of their directory are refused', () => {
  assert.ok('entries' in decodeDirectory(forged({})));
  for (const name of ['', '.', '..', '/', 'a/b', '../x', '/etc/passwd', 'a\0', '\0', 'x'.repeat(256)]) {
    assert.throws(() => decodeDirectory(forged({ at: 0, to: bytes(name) })), damaged, JSON.stringify(name));
  }
  for (const name of ['...', '..a', ' ', '-rf', 'a\nb', '\\', 'c:', '\xff\xfe', 'x'.repeat(255)]) {
    assert.ok('entries' in decodeDirectory(forged({ at: 0, to: bytes(name) })), JSON.stringify(name));
  }
});

test('entries of another shape are refused', () => {
  const wrong: Record<string, Parameters<typeof forged>[0]> = {
    'a name that is text': { at: 0, to: 'name' },
    'an unknown type': { at: 1, to: 6 },
    'a type that is no number': { at: 1, to: 'file' },
    'a negative mode': { at: 2, to: -1 },
    'an owner that is not there': { at: 3, to: 1 },
    'an owner that is no number': { at: 3, to: null },
    'owners without names': { owners: [[0, 0]] },
    'owners that are no list': { owners: 'root' },
    'a negative user': { owners: [[-1, 0, '', '']] },
    'a time that is text': { at: 4, to: 'now' },
    'a time with a fraction': { at: 4, to: 0.5 },
    'a file without content': { at: 5, to: null },
    'a negative size': { at: 5, to: [-1, rawCid(ID)] },
    'a size beyond exact numbers': { at: 5, to: [2n ** 60n, rawCid(ID)] },
    'content that is no link': { at: 5, to: [7, bytes('x')] },
    'attributes that are no list': { push: { x: 7 } },
    'an attribute that is no pair': { push: { x: [7] } },
    'an attribute whose name is text': { push: { x: [['user.a', bytes('v')]] } },
    'a hard link that is text': { push: { h: 'a/b' } },
    'entries that are no list': { node: { e: 7 } },
    'an entry that is no list': { node: { e: [7] } },
    'a file node': { node: { t: 'file' } },
    'no type': { node: { t: null } },
  };
  for (const [what, change] of Object.entries(wrong)) {
    assert.throws(() => decodeDirectory(forged(change)), damaged, what);
  }
});

test('values that do not fit their type are refused', () => {
  const values: readonly (readonly [type: number, value: unknown])[] = [
    [1, null],
    [1, bytes('x')],
    [1, [7, rawCid(ID)]],
    [2, bytes('')],
    [2, bytes('a\0b')],
    [2, bytes('x'.repeat(4097))],
    [2, 'text'],
    [4, null],
    [5, 'tty'],
  ];
  for (const [type, value] of values) {
    const node = dagCbor.encode({ t: 'dir', o: [[0, 0, '', '']], e: [[bytes('n'), type, 0, 0, 0, value]] });
    assert.throws(() => decodeDirectory(node), damaged, `${type} ${String(value)}`);
  }
});

test('bytes that are no canonical DAG-CBOR are refused', () => {
  const node = Buffer.from(encodeDirectory([{ ...META, type: 'fifo' }]));
  for (let length = 0; length < node.length; length += 1) {
    assert.throws(() => decodeDirectory(node.subarray(0, length)), damaged, `${length} bytes`);
  }
  const others = [
    '',
    'f6',
    '80',
    'a0',
    '01',
    'ff',
    '9fff',
    'bf',
    'c000',
    'fb7ff8000000000000',
    'a16174',
    '5b7fffffffffffffff',
  ];
  for (const hex of others) assert.throws(() => decodeDirectory(Buffer.from(hex, 'hex')), damaged, hex);
  assert.throws(
    () => decodeDirectory(Buffer.concat([node, Buffer.from([0])])),
    damaged,
    'bytes after the end',
  );
  assert.throws(
    () => decodeDirectory(Buffer.alloc(1_000_000, 0x81)),
    damaged,
    'a million lists, one in the other',
  );
});

test('a length that is forged costs an error and no memory', () => {
  // Arrays, maps, bytes and texts that claim 2^32 - 1 and 2^53 - 1 items.
  for (const head of [
    '9affffffff',
    'baffffffff',
    '5affffffff',
    '7affffffff',
    '9b001fffffffffffff',
    '5b001fffffffffffff',
  ]) {
    const before = process.memoryUsage();
    assert.throws(
      () => decodeDirectory(Buffer.from(`a16165${head}00`, 'hex')),
      (error) => hasCode(error, 'DAMAGED'),
      head,
    );
    const after = process.memoryUsage();
    assert.ok(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed < 2 ** 24, head);
  }
});
