import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { text } from '../../../test/sim/file-bytes.ts';
import { noise } from '../../../test/sim/noise.ts';
import { writeFile } from '../../../test/sim/tree.ts';
import { makeDirectories, Rng, readSmallFile, sha256Hex, silentLog } from '../../base/index.ts';
import { zstdEncode } from '../codec/index.ts';
import { MemoryIndex } from '../index/index.ts';
import { encodeFooter } from '../pack/footer.ts';
import { type BaseRef, type FooterBlock, type PackRecord, RECORD_TYPES, WireWriter } from '../pack/index.ts';
import { encodeHeader, encodeTrailer } from '../pack/pack-file.ts';
import { encodeRecord } from '../pack/record.ts';
import { Layout } from '../repo/index.ts';
import { plainSealer } from '../seal/index.ts';
import { BlockReader } from './block-reader.ts';
import { PackSet } from './pack-set.ts';

const layout = new Layout('/repository');

/** A record and what the footer says of it, true or not. */
interface Written {
  readonly record: PackRecord;
  readonly blocks: readonly FooterBlock[];
  /** The type the footer gives it. */
  readonly typed?: PackRecord['type'];
}

const known = (raw: Uint8Array): FooterBlock => ({ id: sha256Hex(raw), rawLength: raw.length });

function block(raw: Buffer, says = known(raw)): Written {
  return {
    record: { type: RECORD_TYPES.block, codec: 'none', rawLength: raw.length, payload: raw },
    blocks: [says],
  };
}

function delta(raw: Buffer, base: Buffer, ref: BaseRef): Written {
  const payload = zstdEncode(raw, { level: 3, base });
  return {
    record: { type: RECORD_TYPES.delta, codec: 'zstd', rawLength: raw.length, base: ref, payload },
    blocks: [known(raw)],
  };
}

function group(members: readonly Buffer[], says = members.map(known)): Written {
  const payload = Buffer.concat(members);
  const memberLengths = members.map(({ length }) => length);
  return {
    record: { type: RECORD_TYPES.group, codec: 'none', rawLength: payload.length, memberLengths, payload },
    blocks: says,
  };
}

const byId = (raw: Buffer): BaseRef => ({ kind: 'id', id: sha256Hex(raw) });
const here = (distance: number, slot = 0): BaseRef => ({ kind: 'here', distance, slot });

/** A pack put together by hand: no writer makes most of these. */
function packOf(written: readonly Written[]): Buffer {
  const frames = written.map(({ record }) => {
    const bytes = encodeRecord(record);
    return new WireWriter().varint(bytes.length).u32(crc32(bytes)).bytes(bytes).finish();
  });
  const head = Buffer.concat([encodeHeader(false), ...frames]);
  const footer = encodeFooter(
    written.map(({ record, blocks, typed = record.type }, i) => {
      return { type: typed, depth: 0, diskLength: frames[i]?.length ?? 0, blocks };
    }),
  );
  return Buffer.concat([head, footer, encodeTrailer(footer, head.length)]);
}

class Shelf {
  readonly fs = new SimFileSystem();

  constructor() {
    makeDirectories(this.fs, layout.store);
  }

  /** Writes a pack; returns its path. */
  add(...written: readonly Written[]): string {
    const bytes = packOf(written);
    const path = layout.pack(sha256Hex(bytes));
    writeFile(this.fs, path, bytes);
    return path;
  }

  reader(): BlockReader {
    const openIndex = () => new MemoryIndex();
    return new BlockReader(
      new PackSet({ fs: this.fs, layout, sealer: plainSealer, log: silentLog, openIndex }),
    );
  }

  read(raw: Buffer): Buffer {
    return this.reader().read(sha256Hex(raw));
  }
}

/** Texts that differ a little from one to the next. */
const TEXTS = Array.from({ length: 8 }, (_, i) =>
  Buffer.concat([text(new Rng(1), 3000), Buffer.from(`number ${i}`)]),
);
const [A, B, C] = TEXTS as [Buffer, Buffer, Buffer];

test('blocks are read from records of every kind, across packs', () => {
  const shelf = new Shelf();
  shelf.add(group([A, B]), delta(C, B, here(1, 1)));
  const far = noise(new Rng(5), 5000);
  const next = Buffer.concat([far, Buffer.from('more')]);
  shelf.add(block(far));
  shelf.add(delta(next, far, byId(far)));
  for (const raw of [A, B, C, far, next]) assert.ok(shelf.read(raw).equals(raw));
  assert.equal(shelf.reader().has(sha256Hex(A)), true);
  assert.equal(shelf.reader().has(sha256Hex(Buffer.from('none'))), false);
});

test('what is read once is checked like the rest, and what is kept stays as it is', () => {
  const shelf = new Shelf();
  const [large, other, lost] = [6, 7, 8].map((seed) => noise(new Rng(seed), 100_000)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  shelf.add(block(large), block(other), group([A, B]), block(Buffer.from('forged'), known(lost)));
  const reader = shelf.reader();
  const once = (raw: Buffer): Uint8Array => reader.readOnce(sha256Hex(raw));
  for (const raw of [large, A, other, large, B]) assert.ok(raw.equals(once(raw)));
  const kept = reader.read(sha256Hex(other));
  for (const raw of [other, large, A]) once(raw);
  assert.ok(kept.equals(other));
  assert.throws(() => once(lost), { code: 'DAMAGED' });
});

test('a chain of four deltas is read, one of five is refused', () => {
  const shelf = new Shelf();
  const chain = TEXTS.slice(1).map((raw, i) => delta(raw, TEXTS[i] as Buffer, here(1)));
  shelf.add(block(A), ...chain);
  for (const raw of TEXTS.slice(0, 5)) assert.ok(shelf.read(raw).equals(raw));
  assert.throws(() => shelf.read(TEXTS[5] as Buffer), { code: 'LIMIT' });
  assert.throws(() => shelf.read(TEXTS[7] as Buffer), { code: 'LIMIT' });
});

test('deltas in a circle end in an error', () => {
  const shelf = new Shelf();
  shelf.add(delta(A, B, byId(B)), delta(B, A, byId(A)), delta(C, C, byId(C)));
  for (const raw of [A, B, C]) assert.throws(() => shelf.read(raw), { code: 'LIMIT' });
});

test('a base that is nowhere is named', () => {
  const shelf = new Shelf();
  shelf.add(delta(B, A, byId(A)));
  assert.throws(() => shelf.read(B), { code: 'MISSING_BASE', message: new RegExp(sha256Hex(A)) });
});

test('a base outside of the pack or the group is refused', () => {
  for (const ref of [here(2), here(2 ** 31), here(1, 1), here(1, 60_000)]) {
    const shelf = new Shelf();
    shelf.add(block(A), delta(B, A, ref));
    assert.throws(() => shelf.read(B), { code: 'MISSING_BASE' }, JSON.stringify(ref));
  }
});

test('a block that is in no pack is missing', () => {
  const shelf = new Shelf();
  assert.throws(() => shelf.read(A), { code: 'MISSING', message: /pilotfish verify/ });
  shelf.add(block(B));
  assert.throws(() => shelf.read(A), { code: 'MISSING' });
});

test('bytes that do not hash to their id are never handed out', () => {
  const id = sha256Hex(A);
  const wrong: Record<string, Written[]> = {
    'another block': [block(B, { id, rawLength: B.length })],
    'a delta on the wrong base': [block(noise(new Rng(9), B.length)), delta(A, B, here(1))],
    'a group in another order': [group([B, A], [known(A), known(B)])],
  };
  for (const [what, written] of Object.entries(wrong)) {
    const shelf = new Shelf();
    shelf.add(...written);
    assert.throws(() => shelf.read(A), { code: 'DAMAGED' }, what);
  }
});

test('a footer that contradicts its records is found out', () => {
  const lies: Record<string, Written> = {
    'a group that is a block': { ...block(A), typed: RECORD_TYPES.group },
    'a block that is a group': { ...group([A]), typed: RECORD_TYPES.block },
    'members longer than the group': group([A], [{ ...known(A), rawLength: A.length + 1 }]),
    'members shorter than they are': group([A], [{ ...known(A), rawLength: A.length - 1 }]),
  };
  for (const [what, written] of Object.entries(lies)) {
    const shelf = new Shelf();
    shelf.add(written);
    assert.throws(() => shelf.read(A), { code: 'DAMAGED' }, what);
  }
});

test('a damaged pack says what it is, and other copies of its blocks serve', () => {
  const shelf = new Shelf();
  const path = shelf.add(block(A), block(B));
  const bytes = readSmallFile(shelf.fs, path, 1e6);
  writeFile(shelf.fs, path, bytes.subarray(0, -1));
  assert.throws(() => shelf.read(A), { code: 'TRUNCATED', path });
  shelf.add(block(B));
  assert.ok(shelf.read(B).equals(B));
  writeFile(shelf.fs, path, bytes);
  assert.ok(shelf.read(A).equals(A));
  bytes.fill(0, 40, 60);
  writeFile(shelf.fs, path, bytes);
  assert.throws(() => shelf.read(A), { code: 'DAMAGED', path });
});

test('a block is read from disk once, until it is forgotten', () => {
  const shelf = new Shelf();
  const path = shelf.add(block(A));
  const reader = shelf.reader();
  reader.read(sha256Hex(A));
  const fd = shelf.fs.open(path, 'update');
  shelf.fs.write(fd, Buffer.alloc(500), { offset: 0, length: 500, position: 20 });
  assert.ok(reader.read(sha256Hex(A)).equals(A));
  reader.forget();
  assert.throws(() => reader.read(sha256Hex(A)), { code: 'DAMAGED' });
});
