import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { decodeDirectory } from '../../src/blocks/tree/entry-codec.ts';
import { fileBlocks, nodeCid, rawCid, readDirectory } from '../../src/blocks/tree/index.ts';
import type { Target } from './target.ts';

const MOST_ITEMS = 2000;

/** Takes what a generator gives, within reason: a forged node may name itself for ever. */
function drain(items: Iterable<unknown>): void {
  let left = MOST_ITEMS;
  for (const _ of items) {
    left -= 1;
    if (left === 0) return;
  }
}

const NODE = CID.parse(nodeCid('ab'.repeat(32)).toString());
const BLOCK = CID.parse(rawCid('cd'.repeat(32)).toString());
const [A, B] = [Buffer.from('a'), Buffer.from('b')];
const ENTRY = [A, 0, 0o644, 0, 5, [9, NODE], { h: Buffer.from('x'), x: [[Buffer.from('user.a'), B]] }];

const nodes = (...values: readonly object[]): Buffer[] =>
  values.map((value) => Buffer.from(dagCbor.encode(value)));
const DIRECTORIES = nodes(
  { t: 'dir', o: [[0, 0, 'u', 'g']], e: [ENTRY] },
  { t: 'parts', p: [A, B].map((first) => [first, NODE]) },
);
const FILES = nodes({ t: 'file', l: [4, 5], c: [BLOCK, BLOCK] }, { t: 'file', l: [4, 5], c: [NODE, NODE] });

/** Nodes; whatever a node links to is the node itself. */
export const treeTargets: readonly Target[] = [
  { name: 'directory node', samples: [...DIRECTORIES, ...FILES], parse: decodeDirectory },
  {
    name: 'directory that names itself',
    samples: [...DIRECTORIES, ...FILES],
    parse: (bytes) => drain(readDirectory(NODE, () => bytes)),
  },
  {
    name: 'file node that names itself',
    samples: [...FILES, ...DIRECTORIES],
    parse: (bytes) => drain(fileBlocks({ content: NODE, size: 9 }, () => bytes)),
  },
];
