import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packFresh, type Workbench } from '../../../test/golden/workbench.ts';
import { noise } from '../../../test/sim/noise.ts';
import { ManualClock, Rng } from '../../base/index.ts';
import { Repository } from '../session/index.ts';
import { type TarOptions, tarStream } from './tar.ts';

/** Aborts when the run serves signals for the `stopAt`th time. */
class Stopping extends ManualClock {
  readonly controller = new AbortController();
  #turns = 0;
  readonly #stopAt: number;

  constructor(stopAt: number) {
    super();
    this.#stopAt = stopAt;
  }

  override turn(): Promise<void> {
    this.#turns += 1;
    if (this.#turns === this.#stopAt) this.controller.abort();
    return super.turn();
  }
}

/** Writes an archive that is interrupted at its second pause; returns how many pieces there were until then. */
async function piecesUntilStopped(bench: Workbench, options: Partial<TarOptions> = {}): Promise<number> {
  const clock = new Stopping(2);
  const repository = new Repository(bench.options, { ...bench.ports, clock }, 'read');
  let pieces = 0;
  const archive = tarStream(repository, { snapshot: 'latest', signal: clock.controller.signal, ...options });
  await assert.rejects(
    async () => {
      for await (const _ of archive) pieces += 1;
    },
    { code: 'INTERRUPTED' },
  );
  repository.close();
  return pieces;
}

test('signals are served in the middle of a large file', async () => {
  const { bench } = await packFresh([{ path: 'large', bytes: noise(new Rng(1), 8_000_000) }]);
  assert.ok((await piecesUntilStopped(bench)) <= 64);
});

test('signals are served between entries that are left out', async () => {
  const { bench } = await packFresh(
    Array.from({ length: 300 }, (_, i) => ({ path: `${i}`, bytes: 'the same' })),
  );
  assert.equal(await piecesUntilStopped(bench, { isIncluded: () => false }), 0);
});
