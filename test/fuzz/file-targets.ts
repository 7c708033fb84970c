import { crc32 } from 'node:zlib';
import { type FileStat, ManualClock, Rng, readSmallFile, sha256Hex } from '../../src/base/index.ts';
import { WireWriter } from '../../src/blocks/pack/index.ts';
import { readConfig } from '../../src/blocks/repo/config.ts';
import { readDoomed } from '../../src/blocks/repo/doomed.ts';
import { leftovers } from '../../src/blocks/repo/lock.ts';
import { SnapshotStore } from '../../src/blocks/repo/snapshot.ts';
import { plainSealer } from '../../src/blocks/seal/index.ts';
import { cacheKey, UnchangedReader, UnchangedWriter } from '../../src/blocks/source/index.ts';
import { noise } from '../sim/noise.ts';
import { layout, type Target, withFile } from './target.ts';

const STAT: FileStat = {
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 5,
  mtimeNs: 1n,
  ctimeNs: 1n,
  inode: 1n,
  device: 1n,
  deviceNumber: 0n,
  links: 1,
  allocatedBytes: 0,
};
const keyOf = (i: number): Buffer => cacheKey(Buffer.from(`${100 + i}/f`));

function unchangedSample(): Buffer {
  const fs = withFile('/x', Buffer.alloc(0));
  const writer = new UnchangedWriter(fs, '/cache', 'w');
  for (let i = 0; i < 20; i += 1) writer.add(keyOf(i), STAT, { content: noise(new Rng(i), 36), nowMs: 1e9 });
  writer.finish({ repositoryId: 'ab'.repeat(16), snapshotId: 'cd'.repeat(32) });
  return readSmallFile(fs, '/cache', 1e6);
}

const UNCHANGED = unchangedSample();
/** Length of the header frame: 8 bytes and what it declares. */
const UNCHANGED_HEAD = 8 + UNCHANGED.readUInt32LE(0);

function parseUnchanged(bytes: Buffer): void {
  const reader = new UnchangedReader(withFile('/cache', bytes), '/cache');
  for (let i = 0; i < 30; i += 1) reader.find(keyOf(i), STAT);
  reader.close();
}

/** The cache with other entries, whose checksum fits. */
function unchangedWith(body: Buffer): Buffer {
  const frame = new WireWriter().u32(body.length).u32(crc32(body)).bytes(body).finish();
  return Buffer.concat([UNCHANGED.subarray(0, UNCHANGED_HEAD), frame]);
}

/** A snapshot under the name its bytes deserve, or the name alone would refuse it. */
function parseSnapshot(bytes: Buffer): void {
  const id = sha256Hex(bytes);
  new SnapshotStore(withFile(layout.snapshot(id), bytes), layout, plainSealer).read(id);
}

function parseLockName(bytes: Buffer): void {
  const name = bytes.toString('latin1').replaceAll(/[/\0]/g, '_').slice(0, 100);
  if (name === '' || name === '.' || name === '..') return;
  const fs = withFile(`${layout.locks}/${name}`, Buffer.alloc(0));
  const host = { name: 'h', pid: 1, processMark: () => '', isAlive: () => true };
  const deps = {
    fs,
    layout,
    clock: new ManualClock(),
    host,
    random: (length: number) => Buffer.alloc(length),
  };
  leftovers(deps, layout.tmp, () => 'w');
}

/** The small files of a repository and of this machine. */
export function fileTargets(samples: { snapshots: readonly Buffer[]; configs: readonly Buffer[] }): Target[] {
  return [
    { name: 'snapshot', samples: samples.snapshots, parse: parseSnapshot },
    {
      name: 'config',
      samples: samples.configs,
      parse: (bytes) => readConfig(withFile(layout.config, bytes), layout),
    },
    {
      name: 'doomed list',
      samples: [Buffer.from(JSON.stringify({ packs: ['ab'.repeat(32)], sinceMs: 5 }))],
      parse: (bytes) => readDoomed(withFile(layout.doomed, bytes), layout),
    },
    { name: 'unchanged cache', samples: [UNCHANGED], parse: parseUnchanged },
    {
      name: 'unchanged cache with sound checksums',
      samples: [UNCHANGED.subarray(UNCHANGED_HEAD + 8)],
      parse: (bytes) => parseUnchanged(unchangedWith(bytes)),
    },
    {
      name: 'lock name',
      samples: [Buffer.from('write.host_0041.12.345.0011223344556677')],
      parse: parseLockName,
    },
  ];
}
