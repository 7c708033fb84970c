import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { ManualClock, readSmallFile } from '../../base/index.ts';
import { tensorBoardScalars, tensorBoardStart } from '../../learn/index.ts';
import { SummaryWriter } from './summary-writer.ts';

const clock = new ManualClock(1_700_000_000_000);
const ports = (fs: SimFileSystem) => ({ fs, clock, hostName: 'host' });
const NAME = '/runs/a/events.out.tfevents.1700000000.host';

test('the file is the start record and the scalars, in order', () => {
  const fs = new SimFileSystem();
  const writer = new SummaryWriter('/runs/a', ports(fs));
  assert.equal(writer.path, NAME);
  const scalar = (tag: string, value: number, step: number): Uint8Array =>
    tensorBoardScalars({ wallTimeSeconds: 1_700_000_000, step, scalars: { [tag]: value } });
  writer.addScalar('Loss/train', 0.5, 0);
  writer.addScalar('Loss/val', 0.25, 1);
  writer.close();
  writer.close();
  const expected = [
    tensorBoardStart(1_700_000_000),
    scalar('Loss/train', 0.5, 0),
    scalar('Loss/val', 0.25, 1),
  ];
  assert.deepEqual(readSmallFile(fs, NAME, 1e6), Buffer.concat(expected));
});

test('what was flushed is there without a close, and two writers of one second have two files', () => {
  const fs = new SimFileSystem();
  const [first, second] = [new SummaryWriter('/runs/a', ports(fs)), new SummaryWriter('/runs/a', ports(fs))];
  assert.notEqual(first.path, second.path);
  const start = tensorBoardStart(1_700_000_000).length;
  assert.equal(readSmallFile(fs, NAME, 1e6).length, start);
  first.addScalar('a', 1, 0);
  assert.equal(readSmallFile(fs, NAME, 1e6).length, start);
  first.flush();
  const flushed = readSmallFile(fs, NAME, 1e6).length;
  assert.ok(flushed > start);
  // Long runs do not wait for a flush of their own.
  for (let step = 0; step < 1000; step += 1) first.addScalar('a', step, step);
  assert.ok(readSmallFile(fs, NAME, 1e6).length > flushed);
});

test('a step that is none, and a writer that is closed', () => {
  const writer = new SummaryWriter('/runs/a', ports(new SimFileSystem()));
  assert.throws(() => writer.addScalar('a', 1, -1), { code: 'USAGE' });
  writer.close();
  assert.throws(() => writer.addScalar('a', 1, 0), { code: 'USAGE' });
});
