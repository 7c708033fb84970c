// Real processes on one directory: many at once, and some that are killed.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { root, temporaryFolder } from '../../../test/support.ts';
import { Rng } from '../../base/index.ts';
import { openRegistry } from './data-directory.ts';

const WRITERS = 8;
const EACH = 8;
const KILLS = 2;

function writer(
  directory: string,
  count: number | 'forever',
  label: string,
): { child: ChildProcess; lines: string[] } {
  const script = fileURLToPath(new URL('./testing/writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory, String(count), label], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Compiling the sources is most of what a writer takes.
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, '.pilotfish/compile-cache') },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout ?? assert.fail() }).on('line', (line) => lines.push(line));
  return { child, lines };
}

test('eight processes that write at once get numbers without gaps, and one signing key', async (t) => {
  const path = temporaryFolder(t);
  const writers = Array.from({ length: WRITERS }, (_, at) => writer(path, EACH, String(at)));
  const codes = await Promise.all(writers.map(async ({ child }) => (await once(child, 'close'))[0]));
  assert.deepEqual(
    codes,
    codes.map(() => 0),
  );
  const { registry, state } = openRegistry(path);
  const versions = await registry.listModels();
  assert.deepEqual(
    versions.map(({ number }) => number),
    Array.from({ length: WRITERS * EACH }, (_, i) => i + 1),
  );
  const answered = writers.flatMap(({ lines }) => lines.filter((line) => line.startsWith('version')));
  assert.deepEqual(new Set(answered), new Set(versions.map(({ modelId }) => `version ${modelId}`)));
  assert.deepEqual((await registry.verify()).damaged, []);
  assert.equal((await registry.audit.verify()).entries, WRITERS * EACH + 1);
  await state.close();
});

test('a killed server loses nothing it answered', async (t) => {
  const path = temporaryFolder(t);
  const rng = new Rng(11);
  for (let round = 0; round < KILLS; round += 1) {
    const { child, lines } = writer(path, 'forever', String(round));
    const wanted = 2 + rng.below(30);
    await new Promise<void>((resolve) => {
      createInterface({ input: child.stdout ?? assert.fail() }).on('line', () => {
        if (lines.length >= wanted) resolve();
      });
    });
    child.kill('SIGKILL');
    await once(child, 'close');
    const { registry, tracking, state } = openRegistry(path);
    for (const line of lines.slice(1)) {
      const [kind, id = ''] = line.split(' ');
      if (kind === 'version') assert.equal((await registry.loadModel(id)).version.modelId, id);
      else assert.equal((await tracking.runs.get(id)).metrics.length, 1);
    }
    const numbers = (await registry.listModels()).map(({ number }) => number);
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, i) => i + 1),
    );
    await registry.audit.verify();
    await state.close();
  }
});
