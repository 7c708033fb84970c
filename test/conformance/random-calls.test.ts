import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FileSystem, makeDirectories, NodeFileSystem, Rng } from '../../src/base/index.ts';
import { SimFileSystem } from '../sim/disk.ts';
import { readTree } from '../sim/tree-state.ts';
import { randomCall } from './random-calls.ts';

const RUNS = 150;
const CALLS_PER_RUN = 60;
/** Calls play deep inside, because links and `..` lead them out of where they begin. */
const DEEP = 'up/up/up/room';

/** What is there, without what may differ: times, owners. */
function shape(fs: FileSystem, root: string): string[] {
  const lines: string[] = [];
  for (const [path, { kind, mode, sha256, target, sameAs }] of readTree(fs, root)) {
    lines.push([path, kind, mode.toString(8), sha256, target, sameAs].join(' '));
  }
  return lines;
}

function compare(seed: number, scratch: string): void {
  const real = new NodeFileSystem();
  const sim = new SimFileSystem({ umask: process.umask() });
  const top = `${scratch}/${seed}`;
  makeDirectories(sim, `/top/${DEEP}`);
  makeDirectories(real, `${top}/${DEEP}`);
  const [a, b] = [new Rng(seed), new Rng(seed)];
  for (let i = 0; i < CALLS_PER_RUN; i += 1) {
    const onMachine = randomCall(real, `${top}/${DEEP}`, a);
    assert.equal(randomCall(sim, `/top/${DEEP}`, b), onMachine, `seed ${seed}, call ${i}`);
  }
  assert.deepEqual(shape(sim, '/top'), shape(real, top), `seed ${seed}`);
}

test('random calls do the same on the simulated disk as on a Linux machine', (t) => {
  if (process.platform !== 'linux') return t.skip('the simulated disk answers with the errnos of Linux');
  const scratch = mkdtempSync(join(tmpdir(), 'pilotfish-random-'));
  try {
    for (let seed = 0; seed < RUNS; seed += 1) compare(seed, scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
