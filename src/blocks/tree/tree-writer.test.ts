import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import type { CID } from 'multiformats/cid';
import { MAX_BLOCK_BYTES, sha256Hex } from '../../base/index.ts';
import { blockOf, FAN_OUT, type TreeEntry } from './node.ts';
import { fileBlocks, fileNodes, readDirectory } from './tree-reader.ts';
import { DirectoryWriter, FileListWriter } from './tree-writer.ts';

/** Nodes by id. */
class Store {
  readonly nodes = new Map<string, Uint8Array>();
  largest = 0;

  readonly put = (bytes: Uint8Array): string => {
    const id = sha256Hex(bytes);
    this.nodes.set(id, bytes);
    this.largest = Math.max(this.largest, bytes.length);
    return id;
  };

  readonly read = (id: string): Uint8Array => {
    const bytes = this.nodes.get(id);
    assert.ok(bytes !== undefined, `node ${id} was put`);
    return bytes;
  };

  node(cid: CID): { t: string; p?: [Uint8Array, CID][]; e?: unknown[]; l?: number[]; c?: CID[] } {
    return dagCbor.decode(this.read(blockOf(cid).id));
  }
}

const nameOf = (i: number): Uint8Array => new Uint8Array(Buffer.from(String(i).padStart(8, '0')));

function fifo(name: Uint8Array, xattrBytes = 0): TreeEntry {
  const xattrs = xattrBytes === 0 ? [] : [[nameOf(0), new Uint8Array(xattrBytes)] as const];
  return { name, mode: 0o644, owner: [0, 0, '', ''], mtimeNs: 5n, xattrs, hardLink: undefined, type: 'fifo' };
}

function writeDirectory(store: Store, entries: Iterable<TreeEntry>): CID {
  const writer = new DirectoryWriter(store.put);
  for (const entry of entries) writer.add(entry);
  return writer.finish();
}

const idOf = (i: number): string => sha256Hex(nameOf(i));

function writeFileList(store: Store, lengths: readonly number[]): CID | null {
  const writer = new FileListWriter(store.put);
  for (const [i, length] of lengths.entries()) writer.add(idOf(i), length);
  return writer.finish();
}

test('a directory reads back whatever its number of entries', () => {
  for (const count of [0, 1, 2, FAN_OUT - 1, FAN_OUT, FAN_OUT + 1, 2 * FAN_OUT, 2 * FAN_OUT + 1, 10_000]) {
    const store = new Store();
    const root = writeDirectory(
      store,
      Array.from({ length: count }, (_, i) => fifo(nameOf(i))),
    );
    const names = [...readDirectory(root, store.read)].map(({ name }) => Buffer.from(name).toString());
    assert.deepEqual(
      names,
      Array.from({ length: count }, (_, i) => Buffer.from(nameOf(i)).toString()),
    );
    const { t, e, p } = store.node(root);
    if (count <= FAN_OUT) assert.deepEqual([t, e?.length], ['dir', count]);
    else assert.deepEqual([t, p?.length], ['parts', Math.ceil(count / FAN_OUT)]);
  }
});

test('parts are named by their first entry, and nested beyond the fan-out', () => {
  // Attributes so large that every entry is a part of its own.
  const count = FAN_OUT + 1;
  const store = new Store();
  const root = writeDirectory(
    store,
    Array.from({ length: count }, (_, i) => fifo(nameOf(i), 140_000)),
  );
  const top = store.node(root);
  assert.deepEqual(
    [top.t, top.p?.map(([first]) => Buffer.from(first).toString())],
    ['parts', ['00000000', '00001024']],
  );
  const below = store.node((top.p as [Uint8Array, CID][])[0]?.[1] as CID);
  assert.deepEqual([below.t, below.p?.length], ['parts', FAN_OUT]);
  let next = 0;
  for (const { name } of readDirectory(root, store.read)) assert.deepEqual(name, nameOf(next++));
  assert.equal(next, count);
});

test('no node outgrows a block, however long names, targets and attributes are', () => {
  const long = new Uint8Array(255).fill(0x61);
  const named = (i: number): Uint8Array => new Uint8Array([...long.subarray(0, 247), ...nameOf(i)]);
  const store = new Store();
  writeDirectory(
    store,
    Array.from({ length: 3000 }, (_, i) => fifo(named(i), i % 7 === 0 ? 3000 : 0)),
  );
  const target = new Uint8Array(4096).fill(0x62);
  const hardLink = new Uint8Array(4000).fill(0x63);
  const link = (i: number): TreeEntry => ({ ...fifo(named(i)), type: 'symlink', target, hardLink });
  writeDirectory(
    store,
    Array.from({ length: 500 }, (_, i) => link(i)),
  );
  writeDirectory(
    store,
    Array.from({ length: 20 }, (_, i) => fifo(named(i), 500_000)),
  );
  assert.ok(store.largest < MAX_BLOCK_BYTES * 0.75, `${store.largest}`);
});

test('equal directories have equal roots, and any change another', () => {
  const entries = Array.from({ length: 1500 }, (_, i) => fifo(nameOf(i)));
  const root = (list: readonly TreeEntry[]): string => writeDirectory(new Store(), list).toString();
  assert.equal(root(entries), root(entries.map((entry) => ({ ...entry }))));
  const changes: Partial<TreeEntry>[] = [
    { mode: 0o600 },
    { mtimeNs: 6n },
    { owner: [1, 0, '', ''] },
    { hardLink: nameOf(1) },
  ];
  const roots = changes.map((change) => root(entries.with(700, { ...entries[700], ...change } as TreeEntry)));
  assert.equal(new Set([root(entries), root(entries.slice(1)), ...roots]).size, 6);
});

test('a file is its block, a list of blocks, or lists of lists, and adds up', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 20 });
  const check = (some: readonly number[]): void => {
    const store = new Store();
    const content = writeFileList(store, some);
    const size = some.reduce((sum, length) => sum + length, 0);
    assert.deepEqual(
      [...fileBlocks({ content, size }, store.read)],
      some.map((length, i) => ({ id: idOf(i), length })),
    );
    assert.equal(content === null, some.length === 0);
    if (content !== null) assert.equal(blockOf(content).isNode, some.length > 1);
  };
  fc.assert(fc.property(lengths, check), { seed: 1, numRuns: 50 });
  for (const count of [FAN_OUT - 1, FAN_OUT, FAN_OUT + 1, 2 * FAN_OUT, 2 * FAN_OUT + 1, 5000]) {
    check(Array.from({ length: count }, (_, i) => 1 + (i % 9)));
  }
});

test('a file of more blocks than two levels hold', () => {
  // 64 GiB at the usual block size. Blocks repeat, so the nodes do too and few are kept.
  const blocks = FAN_OUT * FAN_OUT + 1;
  const store = new Store();
  const writer = new FileListWriter(store.put);
  const id = idOf(1);
  for (let i = 0; i < blocks; i += 1) writer.add(id, 65_536);
  const top = writer.finish() as CID;
  const { t, l, c } = store.node(top);
  assert.equal(t, 'file');
  assert.deepEqual(l, [FAN_OUT * FAN_OUT * 65_536, 65_536]);
  assert.deepEqual(
    (c as CID[]).map((cid) => store.node(cid).l?.length),
    [FAN_OUT, 1],
  );
  // Each node once: the full lists are all the same one.
  assert.equal([...fileNodes(top, store.read)].length, 5);
});
