import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { type FaultPlan, FaultyFileSystem } from '../../../test/sim/faults.ts';
import { noise } from '../../../test/sim/noise.ts';
import { MIB, Rng, readSmallFile, sha256Hex } from '../../base/index.ts';
import { plainSealer } from '../seal/index.ts';
import { PackWriter } from './pack-writer.ts';

const PATH = '/pack';

/** Appends a block of noise that is not compressed. */
function append(writer: PackWriter, seed: number, length: number): number {
  const payload = noise(new Rng(seed), length);
  const record = { type: 1, codec: 'none', rawLength: length, payload } as const;
  return writer.append(record, { depth: 0, blocks: [{ id: sha256Hex(payload), rawLength: length }] });
}

function callsOf(fs: FaultyFileSystem): string[] {
  return fs.log.map((line) => line.split(' ')[0] as string);
}

/** The number of the first call of a kind in an undisturbed run. */
function numberOf(call: string): number {
  const fs = new FaultyFileSystem(new SimFileSystem());
  const writer = new PackWriter(fs, PATH, plainSealer);
  append(writer, 1, 1000);
  writer.finish();
  return callsOf(fs).indexOf(call) + 1;
}

test('a pack is named by its bytes and synced before it is closed', () => {
  const fs = new FaultyFileSystem(new SimFileSystem());
  const writer = new PackWriter(fs, PATH, plainSealer);
  for (let seed = 0; seed < 5; seed += 1) assert.equal(append(writer, seed, 700_000), seed);
  const sizeBefore = writer.sizeBytes;
  const pack = writer.finish();
  const bytes = readSmallFile(fs, PATH, 10 * MIB);
  assert.equal(pack.name, sha256Hex(bytes));
  assert.equal(pack.sizeBytes, bytes.length);
  assert.ok(sizeBefore > 5 * 700_000 && sizeBefore < bytes.length);
  const calls = callsOf(fs);
  assert.deepEqual(calls.slice(0, calls.indexOf('close') + 1).slice(-3), ['write', 'fsync', 'close']);
  assert.equal(calls.filter((call) => call === 'fsync').length, 1);
});

test('small records go out in few large pieces', () => {
  const fs = new FaultyFileSystem(new SimFileSystem());
  const writer = new PackWriter(fs, PATH, plainSealer);
  for (let seed = 0; seed < 3000; seed += 1) append(writer, seed, 1000);
  writer.finish();
  assert.ok(callsOf(fs).filter((call) => call === 'write').length <= 5);
});

test('short writes are completed', () => {
  const fs = new FaultyFileSystem(new SimFileSystem(), { at: 1, fault: 'all-short' });
  const writer = new PackWriter(fs, PATH, plainSealer);
  append(writer, 1, 100_000);
  const { name } = writer.finish();
  assert.equal(name, sha256Hex(readSmallFile(fs, PATH, MIB)));
});

test('a failed fsync poisons the writer for good', () => {
  const plan: FaultPlan = { at: numberOf('fsync'), fault: 'EIO' };
  const fs = new FaultyFileSystem(new SimFileSystem(), plan);
  const writer = new PackWriter(fs, PATH, plainSealer);
  append(writer, 1, 1000);
  assert.throws(() => writer.finish(), { code: 'IO', path: PATH });
  assert.throws(() => writer.finish(), { code: 'POISONED' });
  const syncs = callsOf(fs).filter((call) => call === 'fsync');
  assert.equal(syncs.length, 1, 'it is not asked again: it would say yes');
  writer.abandon();
});

test('errors of the device are told apart', () => {
  const run = (plan: FaultPlan): void => {
    const writer = new PackWriter(new FaultyFileSystem(new SimFileSystem(), plan), PATH, plainSealer);
    append(writer, 1, 1000);
    writer.finish();
  };
  assert.throws(() => run({ at: 1, fault: 'ENOSPC' }), { code: 'NO_SPACE', path: PATH });
  assert.throws(() => run({ at: numberOf('write'), fault: 'ENOSPC' }), { code: 'NO_SPACE', path: PATH });
  assert.throws(() => run({ at: numberOf('write'), fault: 'EIO' }), { code: 'IO', path: PATH });
});

test('a file that is there already is not written over', () => {
  const fs = new SimFileSystem();
  new PackWriter(fs, PATH, plainSealer).finish();
  assert.throws(() => new PackWriter(fs, PATH, plainSealer), { code: 'IO' });
});

test('an abandoned writer holds no file open', () => {
  const fs = new SimFileSystem();
  const writer = new PackWriter(fs, PATH, plainSealer);
  append(writer, 1, 1000);
  writer.abandon();
  writer.abandon();
  assert.deepEqual(fs.openPaths(), []);
});
