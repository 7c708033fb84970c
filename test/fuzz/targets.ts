// Every parser of stored bytes, in one table. A new format gets a line here.
import { crc32 } from 'node:zlib';
import * as dagCbor from '@ipld/dag-cbor';
import { CID } from 'multiformats/cid';
import { type FileStat, ManualClock, makeDirectories, Rng, readSmallFile, sha256Hex } from '../../src/base/index.ts';
import { encode, zstdEncode } from '../../src/blocks/codec/index.ts';
import { codecName, decode } from '../../src/blocks/codec/registry.ts';
import { zstdDecode } from '../../src/blocks/codec/zstd.ts';
import { encodeFooter, packFeatures, parseFooter } from '../../src/blocks/pack/footer.ts';
import { openFrame, readPackTable, WireWriter } from '../../src/blocks/pack/index.ts';
import { decodeRecord, encodeRecord, type PackRecord } from '../../src/blocks/pack/record.ts';
import { readConfig } from '../../src/blocks/repo/config.ts';
import { Layout } from '../../src/blocks/repo/layout.ts';
import { leftovers } from '../../src/blocks/repo/lock.ts';
import { SnapshotStore } from '../../src/blocks/repo/snapshot.ts';
import { plainSealer } from '../../src/blocks/seal/index.ts';
import { cacheKey, UnchangedReader, UnchangedWriter } from '../../src/blocks/source/index.ts';
import { decodeDirectory } from '../../src/blocks/tree/entry-codec.ts';
import { fileBlocks, nodeCid, rawCid, readDirectory } from '../../src/blocks/tree/index.ts';
import { Workbench } from '../golden/workbench.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { noise } from '../sim/noise.ts';
import { randomTree } from '../sim/sources.ts';
import { writeFile } from '../sim/tree.ts';

export interface Target {
  readonly name: string;
  /** Bytes to begin from; the first ones parse. */
  readonly samples: readonly Buffer[];
  readonly parse: (bytes: Buffer) => unknown;
}

const layout = new Layout('/repository');
const MOST_ITEMS = 2000;

/** Takes what a generator gives, within reason: a forged node may name itself for ever. */
function drain(items: Iterable<unknown>): void {
  let left = MOST_ITEMS;
  for (const _ of items) if ((left -= 1) === 0) return;
}

/** A small repository with everything in it, whose files are the samples. */
async function sampleFiles(): Promise<Map<string, Buffer>> {
  const bench = new Workbench({ password: undefined });
  for (let seed = 0; seed < 3; seed += 1) {
    bench.build(randomTree(new Rng(seed), { files: 8, maxFileBytes: 3000 }));
    await bench.pack({ tags: ['a', 'tag'] });
  }
  return bench.files();
}

function withFile(path: string, bytes: Uint8Array): SimFileSystem {
  const fs = new SimFileSystem();
  for (const directory of layout.directories) makeDirectories(fs, directory);
  writeFile(fs, path, bytes);
  return fs;
}

function parsePack(bytes: Buffer): void {
  const fs = withFile('/pack', bytes);
  const table = readPackTable(fs, fs.open('/pack', 'read'), plainSealer);
  packFeatures(table);
  for (let record = 0; record < table.recordCount; record += 1) {
    openFrame(Buffer.from(bytes.subarray(table.offsets[record], table.offsets[record + 1])), plainSealer);
  }
}

/** A footer around a table: compression hides the table from mutation. */
function footerAround(table: Buffer): Buffer {
  const blocks = Math.min(table[0] ?? 0, 50);
  const stored = zstdEncode(table, { level: 1 });
  const features = zstdEncode(Buffer.alloc(24 * blocks), { level: 1 });
  const out = new WireWriter().u32(table.length).u32(stored.length).bytes(stored).bytes(Buffer.alloc(32 * blocks));
  return out.u32(features.length).bytes(features).finish();
}

const STAT: FileStat = {
  kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: 5, mtimeNs: 1n, ctimeNs: 1n, inode: 1n, device: 1n,
  deviceNumber: 0n, links: 1, allocatedBytes: 0,
};

function unchangedSample(): Buffer {
  const fs = withFile('/x', Buffer.alloc(0));
  const writer = new UnchangedWriter(fs, '/cache', 'w');
  for (let i = 0; i < 20; i += 1) {
    writer.add(cacheKey(Buffer.from(`${100 + i}/f`)), STAT, { content: noise(new Rng(i), 36), nowMs: 1e9 });
  }
  writer.finish({ repositoryId: 'ab'.repeat(16), snapshotId: 'cd'.repeat(32) });
  return readSmallFile(fs, '/cache', 1e6);
}

const UNCHANGED = unchangedSample();
/** Length of the header frame: 8 bytes and what it declares. */
const UNCHANGED_HEAD = 8 + UNCHANGED.readUInt32LE(0);

function parseUnchanged(bytes: Buffer): void {
  const fs = withFile('/cache', bytes);
  const reader = new UnchangedReader(fs, '/cache');
  for (let i = 0; i < 30; i += 1) reader.find(cacheKey(Buffer.from(`${100 + i}/f`)), STAT);
  reader.close();
}

function framed(body: Buffer): Buffer {
  return new WireWriter().u32(body.length).u32(crc32(body)).bytes(body).finish();
}

function parseSnapshotNamed(bytes: Buffer): void {
  const id = sha256Hex(bytes);
  const fs = withFile(layout.snapshot(id), bytes);
  new SnapshotStore(fs, layout, plainSealer).read(id);
}

function parseLockName(bytes: Buffer): void {
  const name = bytes.toString('latin1').replaceAll(/[/\0]/g, '_').slice(0, 100);
  if (name === '' || name === '.' || name === '..') return;
  const fs = withFile(`${layout.locks}/${name}`, Buffer.alloc(0));
  const host = { name: 'h', pid: 1, processMark: () => '', isAlive: () => true };
  leftovers({ fs, layout, clock: new ManualClock(), host, random: (length) => Buffer.alloc(length) }, layout.tmp, () => 'w');
}

const BASE = Buffer.from('the base of all deltas');

/** A record and what its payload decodes to. */
function parseRecord(bytes: Buffer): void {
  const record = decodeRecord(bytes);
  if (record.type === 2) zstdDecode(record.payload, record.rawLength, BASE);
  else decode(record.codec, record.payload, record.rawLength);
}

function recordSamples(): Buffer[] {
  const raw = Buffer.from('what is stored, '.repeat(20));
  const codecs = [0, 1, 2, 3].map(codecName);
  const base = { kind: 'here', distance: 1, slot: 2 } as const;
  const records: PackRecord[] = codecs.flatMap((codec): PackRecord[] => {
    const payload = encode({ codec, level: 3 }, raw);
    const rawLength = raw.length;
    return [
      { type: 1, codec, rawLength, payload },
      { type: 2, codec: 'zstd', rawLength, base, payload: zstdEncode(raw, { level: 3, base: BASE }) },
      { type: 2, codec: 'zstd', rawLength, base: { kind: 'id', id: 'ab'.repeat(32) }, payload },
      { type: 3, codec, rawLength, memberLengths: [100, 200, 20], payload },
    ];
  });
  return records.map(encodeRecord);
}

/** The parsers with their samples. */
export async function targets(): Promise<Target[]> {
  const files = [...(await sampleFiles())];
  const named = (pattern: RegExp): Buffer[] => files.filter(([name]) => pattern.test(name)).map(([, bytes]) => bytes);
  const [packs, snapshots, configs] = [named(/^store/), named(/^snapshots/), named(/^config/)];
  const records = recordSamples();
  const footer = encodeFooter([
    { type: 1, depth: 0, diskLength: 100, blocks: [{ id: 'ab'.repeat(32), rawLength: 90, features: new Uint32Array(12).fill(7) }] },
    { type: 3, depth: 1, diskLength: 300, blocks: [1, 2, 3].map((i) => ({ id: `c${i}`.repeat(32), rawLength: i })) },
  ]);
  const frames = records.map((bytes) => new WireWriter().varint(bytes.length).u32(crc32(bytes)).bytes(bytes).finish());
  const link = CID.parse(nodeCid('ab'.repeat(32)).toString());
  const entry = [Buffer.from('name'), 0, 0o644, 0, 5, [9, link], { h: Buffer.from('x'), x: [[Buffer.from('user.a'), Buffer.from('v')]] }];
  const block = CID.parse(rawCid('cd'.repeat(32)).toString());
  const nodes = [
    { t: 'dir', o: [[0, 0, 'u', 'g']], e: [entry] },
    { t: 'parts', p: [[Buffer.from('a'), link], [Buffer.from('b'), link]] },
    { t: 'file', l: [4, 5], c: [block, block] },
    { t: 'file', l: [4, 5], c: [link, link] },
  ].map((node) => Buffer.from(dagCbor.encode(node)));
  const raw = Buffer.from('some bytes some bytes some bytes some bytes');
  return [
    { name: 'record', samples: records, parse: parseRecord },
    { name: 'frame', samples: frames, parse: (bytes) => openFrame(bytes, plainSealer) },
    { name: 'footer', samples: [footer], parse: (bytes) => packFeatures(parseFooter(bytes, 16)) },
    { name: 'footer table', samples: [Buffer.from([4, 1, 100, 90, 2, 70, 60, 5, 50, 40, 7, 30, 1, 9])], parse: (bytes) => parseFooter(footerAround(bytes), 16) },
    { name: 'pack file', samples: packs, parse: parsePack },
    { name: 'directory node', samples: nodes, parse: decodeDirectory },
    { name: 'directory that names itself', samples: nodes, parse: (bytes) => drain(readDirectory(link, () => bytes)) },
    { name: 'file node', samples: [...nodes].reverse().slice(1), parse: (bytes) => drain(fileBlocks({ content: link, size: 9 }, () => bytes)) },
    { name: 'snapshot', samples: snapshots, parse: parseSnapshotNamed },
    { name: 'config', samples: configs, parse: (bytes) => readConfig(withFile(layout.config, bytes), layout) },
    { name: 'unchanged cache', samples: [UNCHANGED], parse: parseUnchanged },
    {
      name: 'unchanged cache, sound checksums',
      samples: [UNCHANGED.subarray(UNCHANGED_HEAD + 8)],
      parse: (bytes) => parseUnchanged(Buffer.concat([UNCHANGED.subarray(0, UNCHANGED_HEAD), framed(bytes)])),
    },
    { name: 'lock name', samples: [Buffer.from('write.host_0041.12.345.0011223344556677')], parse: parseLockName },
    ...(['lz4', 'snappy', 'zstd'] as const).map((codec) => ({
      name: `${codec} payload`,
      samples: [Buffer.from(encode({ codec, level: 3 }, raw))],
      parse: (bytes: Buffer) => decode(codec, bytes, raw.length),
    })),
  ];
}
