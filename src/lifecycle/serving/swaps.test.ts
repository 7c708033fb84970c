// The promise of a hot swap, by exact counts: no question is lost, and no answer is of two versions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimFileSystem } from '../../../test/sim/disk.ts';
import { FastRng, ManualClock } from '../../base/index.ts';
import { saveArtefact } from '../../decisions/index.ts';
import { ModelServer, type Prediction } from './index.ts';
import { constantLearner, draftOf } from './testing/models.ts';

const QUESTIONS = 10_000;
const SWAPS = 100;

/** A server with versions 0 to `SWAPS` on its disk, each of which answers its own number; 0 is current. */
function numbered(): { server: ModelServer; pathOf: (version: number) => string } {
  const fs = new SimFileSystem();
  const pathOf = (version: number): string => `/new/v${version}.pt`;
  saveArtefact(fs, '/models/threats', draftOf(constantLearner(0), { version: '0' }));
  for (let version = 1; version <= SWAPS; version += 1) {
    saveArtefact(fs, pathOf(version), draftOf(constantLearner(version), { version: String(version) }));
  }
  const server = new ModelServer({ modelDir: '/models', fs, clock: new ManualClock(), maxQueue: QUESTIONS });
  server.start();
  return { server, pathOf };
}

test('100 swaps under 10 000 questions in flight: every one is answered, by one version, in turn', async () => {
  const { server, pathOf } = numbered();
  await server.load('threats');
  const rng = new FastRng(7);
  const answers: Promise<Prediction>[] = [];
  const ask = (count: number): void => {
    for (let i = 0; i < count; i += 1) answers.push(server.predict('threats', [i, 1]));
  };
  // All that the queue holds before the first swap, then as many again between the swaps.
  ask(QUESTIONS / 2);
  for (let version = 1; version <= SWAPS; version += 1) {
    const swap = server.hotSwapModel('threats', { newModelPath: pathOf(version) });
    const during = rng.below(QUESTIONS / 2 / SWAPS + 1);
    ask(during);
    const { previous } = await swap;
    assert.equal(previous, String(version - 1));
    ask(QUESTIONS / 2 / SWAPS - during);
  }
  assert.equal(answers.length, QUESTIONS);
  const settled = await Promise.all(answers);
  const mixed = settled.filter(({ version, values }) => values.length !== 1 || values[0] !== Number(version));
  assert.equal(mixed.length, 0);
  // Who asks later is never answered by an older version.
  for (const [at, { version }] of settled.entries()) {
    assert.ok(at === 0 || Number(version) >= Number(settled[at - 1]?.version), `question ${at}`);
  }
  assert.equal(settled[0]?.version, '0');
  assert.equal((await server.predict('threats', [0, 0])).version, String(SWAPS));
  await server.stop();
  assert.equal(server.memoryBytes, 0);
});

test('a hundred rollbacks under questions go back the way the swaps came', async () => {
  const { server, pathOf } = numbered();
  for (let version = 1; version <= SWAPS; version += 1) {
    await server.hotSwapModel('threats', { newModelPath: pathOf(version) });
  }
  for (let version = SWAPS - 1; version >= 0; version -= 1) {
    const before = [server.predict('threats', [1, 2]), server.predict('threats', [3, 4])];
    const report = await server.rollbackModel('threats');
    assert.deepEqual(report, { model: 'threats', version: String(version), previous: String(version + 1) });
    const after = await server.predict('threats', [1, 2]);
    assert.deepEqual([after.version, after.values[0]], [String(version), version]);
    for (const { version: asked, values } of await Promise.all(before)) {
      assert.equal(values[0], Number(asked));
      assert.equal(asked, String(version + 1));
    }
  }
  await assert.rejects(server.rollbackModel('threats'), { code: 'MISSING' });
});

test('what is neither current nor a rollback away is let go of', async () => {
  const { server, pathOf } = numbered();
  await server.load('threats');
  const one = server.memoryBytes;
  for (let version = 1; version <= 10; version += 1) {
    await server.hotSwapModel('threats', { newModelPath: pathOf(version) });
    await server.predict('threats', [1, 2]);
  }
  assert.ok(server.memoryBytes < 3 * one, `${server.memoryBytes} bytes where one version takes ${one}`);
});

test('swaps that come at once are made one after the other; of too many the last are refused', async () => {
  const { server, pathOf } = numbered();
  const swaps = Array.from({ length: 20 }, (_, i) =>
    server.hotSwapModel('threats', { newModelPath: pathOf(i + 1) }),
  );
  const settled = await Promise.allSettled(swaps);
  const made = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value.version] : []));
  assert.deepEqual(
    made,
    Array.from({ length: 16 }, (_, i) => String(i + 1)),
  );
  for (const each of settled.slice(16)) {
    assert.equal(each.status === 'rejected' && (each.reason as { code: string }).code, 'LIMIT');
  }
  assert.equal((await server.predict('threats', [0, 0])).version, '16');
});
