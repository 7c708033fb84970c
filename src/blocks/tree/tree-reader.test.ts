import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { sha256Hex } from '../../base/index.ts';
import { blockOf, nodeCid, rawCid } from './node.ts';
import { fileBlocks, fileNodes, readDirectory } from './tree-reader.ts';

const damaged = { name: 'PilotfishError', code: 'DAMAGED' };
const DATA = rawCid(sha256Hex(Buffer.from('data')));

const nodes = new Map<string, Uint8Array>();
const read = (id: string): Uint8Array => nodes.get(id) ?? assert.fail(`node ${id} is not there`);

/** Stores a node of any shape. */
function put(node: unknown): CID {
  const bytes = dagCbor.encode(node);
  const id = sha256Hex(bytes);
  nodes.set(id, bytes);
  return nodeCid(id);
}

const directory = (...names: string[]): CID =>
  put({
    t: 'dir',
    o: [[0, 0, '', '']],
    e: names.map((name) => [new Uint8Array(Buffer.from(name)), 3, 0, 0, 0, null]),
  });
const parts = (...links: CID[]): CID =>
  put({ t: 'parts', p: links.map((link) => [new Uint8Array(0), link]) });
const file = (lengths: readonly number[], links: readonly unknown[]): CID =>
  put({ t: 'file', l: lengths, c: links });

const namesOf = (root: CID): string[] =>
  Array.from(readDirectory(root, read), ({ name }) => Buffer.from(name).toString());
const blocksOf = (content: CID, size: number): number[] =>
  Array.from(fileBlocks({ content, size }, read), ({ length }) => length);

test('names out of order or twice are refused, also from one part to the next', () => {
  assert.deepEqual(namesOf(directory('a', 'b')), ['a', 'b']);
  assert.deepEqual(namesOf(parts(directory('a', 'b'), directory('c'))), ['a', 'b', 'c']);
  assert.deepEqual(
    namesOf(directory('a', 'a\u00e9', 'b', '\u00e9')),
    ['a', 'a\u00e9', 'b', '\u00e9'],
    'by bytes',
  );
  for (const root of [directory('b', 'a'), directory('a', 'a'), parts(directory('a', 'b'), directory('b'))]) {
    assert.throws(() => namesOf(root), damaged);
  }
  const same = directory('x');
  assert.throws(() => namesOf(parts(same, same)), damaged);
});

test('a directory is a directory node', () => {
  assert.deepEqual(namesOf(directory()), []);
  assert.throws(() => namesOf(DATA), damaged);
  assert.throws(() => namesOf(file([4], [DATA])), damaged);
  assert.throws(() => namesOf(put([1, 2])), damaged);
  assert.throws(() => namesOf(put({ t: 'parts', p: [[new Uint8Array(0), 'no link']] })), damaged);
});

test('nodes nested deeper than any writer does are refused', () => {
  let root = directory('a');
  let content = file([4], [DATA]);
  for (let depth = 0; depth < 4; depth += 1) {
    [root, content] = [parts(root), file([4], [content])];
    assert.deepEqual(namesOf(root), ['a']);
    assert.deepEqual(blocksOf(content, 4), [4]);
  }
  for (let depth = 0; depth < 3; depth += 1) {
    [root, content] = [parts(root), file([4], [content])];
    assert.throws(() => namesOf(root), { code: 'LIMIT' });
    assert.throws(() => blocksOf(content, 4), { code: 'LIMIT' });
    assert.throws(() => [...fileNodes(content, read)], { code: 'LIMIT' });
  }
});

test('parts that hold nothing are refused: nested, they would never end', () => {
  const empty = directory();
  for (const root of [parts(empty), parts(directory('a'), empty), parts(), parts(parts())]) {
    assert.throws(() => namesOf(root), damaged);
  }
});

test('lengths that do not add up to the size of the file are refused', () => {
  assert.deepEqual(blocksOf(file([3, 4], [DATA, DATA]), 7), [3, 4]);
  for (const size of [0, 3, 6, 8, 2 ** 53 - 1])
    assert.throws(() => blocksOf(file([3, 4], [DATA, DATA]), size), damaged, `${size}`);
  assert.throws(() => [...fileBlocks({ content: null, size: 1 }, read)], damaged);
  assert.deepEqual([...fileBlocks({ content: null, size: 0 }, read)], []);
});

test('file nodes of another shape are refused', () => {
  const wrong: Record<string, CID> = {
    'more lengths than links': file([3, 4], [DATA]),
    'more links than lengths': file([7], [DATA, DATA]),
    'a link that is none': file([7], ['link']),
    'a negative length': file([-7, 14], [DATA, DATA]),
    'a length that is no number': put({ t: 'file', l: ['7'], c: [DATA] }),
    'a length with a fraction': file([3.5, 3.5], [DATA, DATA]),
    'no lists': put({ t: 'file' }),
    'a directory': directory('a'),
    'another type': put({ t: 'dir', l: [7], c: [DATA] }),
  };
  for (const [what, content] of Object.entries(wrong))
    assert.throws(() => blocksOf(content, 7), damaged, what);
});

test('blocks without length are refused: enough of them would never end', () => {
  assert.throws(() => blocksOf(file([0, 7], [DATA, DATA]), 7), damaged);
  assert.throws(() => blocksOf(file([7, 0], [DATA, file([], [])]), 7), damaged);
  assert.throws(() => blocksOf(file([], []), 0), damaged);
});

test('links of a kind this store never writes are refused', () => {
  const digest = createDigest(0x12, new Uint8Array(32));
  const foreign = [
    CID.createV1(0x70, digest),
    CID.createV1(0x0129, digest),
    CID.createV1(0x71, createDigest(0x13, new Uint8Array(64))),
    CID.createV1(0x55, createDigest(0x12, new Uint8Array(20))),
    CID.createV1(0x55, createDigest(0x00, new Uint8Array(32))),
    CID.createV0(digest),
  ];
  for (const cid of foreign) {
    assert.throws(() => blockOf(cid), damaged, cid.toString());
    assert.throws(() => namesOf(parts(cid)), damaged);
    assert.throws(() => blocksOf(file([7], [cid]), 7), damaged);
  }
  assert.deepEqual(blockOf(DATA), { id: sha256Hex(Buffer.from('data')), isNode: false });
  assert.equal(blockOf(directory()).isNode, true);
});

test('the nodes of a chunk list are named once each, from the top', () => {
  const inner = file([4, 4], [DATA, DATA]);
  const top = file([8, 4], [inner, DATA]);
  const ids = [...fileNodes(top, read)];
  assert.deepEqual(
    ids,
    [top, inner].map((cid) => blockOf(cid).id),
  );
  assert.deepEqual([...fileNodes(DATA, read)], []);
  assert.deepEqual([...fileNodes(null, read)], []);
});
