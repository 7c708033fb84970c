// The models that are shipped: whole, learnt only from what may be shipped, and known to their rooms.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock, NodeFileSystem } from '../src/base/index.ts';
import { NEUTRAL_CODEC_QUESTION } from '../src/blocks/index.ts';
import {
  CODEC_SCHEMA,
  CodecAdviser,
  codecRoom,
  Guard,
  loadArtefact,
  WORKSHOPS,
} from '../src/decisions/index.ts';
import { root } from './support.ts';

const folder = join(root, 'models');

test('every shipped model is whole and says where it comes from', () => {
  const rooms = WORKSHOPS.map(({ room }) => room);
  for (const name of readdirSync(folder)) {
    assert.ok(rooms.includes(name), `models/${name} belongs to no room`);
    const { manifest } = loadArtefact(new NodeFileSystem(), join(folder, name));
    assert.equal(manifest.room, name);
    assert.ok(manifest.lineage.sets.length > 0 && manifest.lineage.sealedGroups > 0);
    for (const { path, use } of manifest.lineage.sets) assert.equal(use, 'train+ship', path);
    assert.equal(manifest.lineage.synthetic, false);
  }
});

test('the codec model answers legally where it serves, and serves only where it earned it', () => {
  const artefact = loadArtefact(new NodeFileSystem(), join(folder, 'codec'), CODEC_SCHEMA);
  const model = codecRoom.open(artefact);
  const question = {
    ...{ number: 1, rawBytes: 65_536, fileKind: 2, fileOffsetBytes: 0, isLeaf: true, siblingRatio: 0.4 },
    ...{ sampleEntropyBits: 5, probeRatio: 0.6, cpuPressure: 0 },
  };
  for (const [name, rate] of Object.entries({ '10M': 1e7, '100M': 1e8, '1G': 1e9, '10G': 1e10 })) {
    const asked = { ...question, linkBitsPerSecond: rate };
    assert.ok(codecRoom.isLegal(model.choose(asked), asked));
    const advantage = artefact.manifest.metrics[`advantage${name}`] ?? 0;
    assert.equal(model.serves?.(asked), advantage > 0, name);
  }
});

test('the shipped model really answers where it serves', () => {
  const artefact = loadArtefact(new NodeFileSystem(), join(folder, 'codec'), CODEC_SCHEMA);
  const guard = new Guard({ room: codecRoom, clock: new ManualClock() });
  guard.install(codecRoom.open(artefact));
  const adviser = new CodecAdviser(guard);
  // Small blocks on a fast link: there looking is for free and choosing is worth most.
  for (let number = 1; number <= 12; number += 1) {
    adviser.codec({ ...NEUTRAL_CODEC_QUESTION, number, rawBytes: 1000 * number, linkBitsPerSecond: 1e9 });
  }
  const { questions, answeredByModel } = adviser.report();
  assert.deepEqual([questions, answeredByModel], [12, 12]);
});
