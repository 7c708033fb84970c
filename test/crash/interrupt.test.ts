// Ctrl-C: nothing is committed, nothing is left behind, and the same command again goes on.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Rng } from '../../src/base/index.ts';
import { retry, workFiles } from './checks.ts';
import { callsOf } from './matrix.ts';
import { firstPack, secondPack } from './prepared.ts';
import { watched } from './watched.ts';
import { hastyClock, packSource, STATE } from './world.ts';

for (const prepared of [firstPack(), await secondPack()]) {
  test(`${prepared.name}, interrupted at any call`, async () => {
    const calls = await callsOf(prepared);
    let interrupted = 0;
    for (let at = 1; at <= calls.length; at += 1) {
      const world = prepared.world.fork(new Rng(1));
      const controller = new AbortController();
      const onCall = (_: string, number: number): void => {
        if (number === at) controller.abort();
      };
      const before = workFiles(world.disk);
      let error: unknown;
      await world
        .process((ports) =>
          packSource(
            {
              ...ports,
              fs: watched(ports.fs, { below: STATE, onCall }),
              clock: hastyClock(world, new Rng(at)),
            },
            { signal: controller.signal },
          ),
        )
        .catch((caught: unknown) => {
          error = caught;
        });
      assert.deepEqual(
        workFiles(world.disk).filter((name) => !before.includes(name)),
        [],
        `at ${calls[at - 1]}`,
      );
      if (error !== undefined) {
        assert.equal((error as { code?: string }).code, 'INTERRUPTED');
        interrupted += 1;
      }
      // The hasty clock ran ahead of the one of the next process.
      world.clock.advance(60_000_000);
      const added = error === undefined ? 1 : 0;
      const expected = { before: prepared.before, current: prepared.current, added: [added, added] as const };
      // So long after, other machines count as dead.
      await retry(
        world,
        expected,
        prepared.neighbours.filter((name) => /host\.77|cc-/.test(name)),
      );
    }
    assert.ok(interrupted > 10, `${interrupted} interruptions`);
  });
}
