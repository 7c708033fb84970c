// Real processes on one data directory: two that record at once, and one that is killed.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { root, temporaryFolder } from '../../../../test/support.ts';
import { openRegistry } from '../../registry/index.ts';
import { ABTestManager } from '../manager.ts';
import { running } from '../testing/laboratory.ts';

const EACH = 60;

function recorder(...args: readonly string[]): { child: ChildProcess; lines: string[]; some: Promise<void> } {
  const script = fileURLToPath(new URL('../testing/recorder.ts', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, '.pilotfish/compile-cache') },
  });
  const lines: string[] = [];
  const { promise: some, resolve } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout ?? assert.fail() }).on('line', (line) => {
    lines.push(line);
    if (lines.length >= EACH) resolve();
  });
  return { child, lines, some };
}

async function opened(t: TestContext) {
  const path = temporaryFolder(t);
  const { state } = openRegistry(path);
  t.after(() => state.close());
  const manager = new ABTestManager(state);
  return { path, manager, id: await running(manager) };
}

test('a killed process loses no record it was answered, and none is counted twice when it is sent again', async (t) => {
  const { path, manager, id } = await opened(t);
  const { child, lines, some } = recorder(path, id, 'a', 'forever');
  await some;
  child.kill('SIGKILL');
  await once(child, 'close');
  const before = (await manager.getExperiment(id)).records;
  const send = (record: string) => {
    const at = Number(record.split('-')[1]);
    return manager.record(id, { id: record, unit: `user-${at % 50}`, values: { accuracy: 1 } });
  };
  // What was answered was counted; what was under way may have been.
  const again = await Promise.all(lines.map(send));
  assert.deepEqual(new Set(again), new Set(['repeated']));
  assert.ok(before >= lines.length);
  const { arms, records } = await manager.getExperimentResults(id);
  assert.equal(records, before);
  assert.ok(arms.every(({ metrics }) => metrics[0]?.mean === 1));
});

test('two processes that record at once, in part the same, agree on the sums', async (t) => {
  const { path, manager, id } = await opened(t);
  const writers = [
    recorder(path, id, 'a', String(EACH)),
    recorder(path, id, 'b', String(EACH)),
    recorder(path, id, 'a', String(EACH)),
  ];
  const codes = await Promise.all(
    writers.map(async ({ child }) => (await once(child, 'close'))[0] as number),
  );
  assert.deepEqual(codes, [0, 0, 0]);
  const { records, arms, split } = await manager.getExperimentResults(id);
  assert.equal(records, 2 * EACH);
  assert.equal(
    arms.reduce((sum, { units }) => sum + units, 0),
    50,
  );
  assert.equal(
    split.units.reduce((sum, count) => sum + count, 0),
    50,
  );
});
