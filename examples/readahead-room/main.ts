// Trains the room on made-up readers, saves the model as an artefact, and asks it through a guard.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FastRng, NodeFileSystem, sha256Hex, systemClock } from '../../src/base/index.ts';
import { featureSchemaOf, Guard, loadArtefact, saveArtefact } from '../../src/decisions/index.ts';
import { FEATURES } from './features.ts';
import { readaheadRoom } from './index.ts';
import { type Lesson, TABLE_FILE, trainTable } from './model.ts';
import { costsOf } from './teacher.ts';
import { SIZES } from './validator.ts';

/** Readers that jump about, and readers that go through: the longer the run, the farther they go on. */
function readers(seed: number, count: number): Lesson[] {
  const rng = new FastRng(seed);
  return Array.from({ length: count }, () => {
    const run = Math.floor(2 ** (8 * rng.next())) - 1;
    const usedBytes = rng.next() < 0.9 ? Math.floor(run * 40_000 * rng.next()) : 0;
    return { question: { run, bytes: 65_536 }, usedBytes };
  });
}

const [train, test] = [readers(1, 5000), readers(2, 2000)];
const folder = mkdtempSync(join(tmpdir(), 'readahead-'));
try {
  const fs = new NodeFileSystem();
  const schema = featureSchemaOf(FEATURES);
  const table = JSON.stringify(trainTable(train));
  saveArtefact(fs, folder, {
    manifest: {
      ...{ room: 'readahead', name: 'readahead', version: '1', family: 'table', topology: [8] },
      ...{ featureSchema: schema, date: '2026-01-01', metrics: {}, privacy: null, device: 'cpu' },
      lineage: {
        ...{ sets: [], tableSha256: sha256Hex(Buffer.from(JSON.stringify(train))), seed: 1, synthetic: true },
        ...{ command: 'node examples/readahead-room/main.ts', testEvaluations: 0, sealedGroups: 0 },
      },
    },
    files: new Map([[TABLE_FILE, Buffer.from(table)]]),
  });
  const guard = new Guard({ room: readaheadRoom, clock: systemClock });
  const total = (): number =>
    test.reduce((sum, { question, usedBytes }) => {
      const { value } = guard.ask(question);
      return sum + (costsOf(usedBytes)[SIZES.indexOf(value)] ?? 0);
    }, 0);
  const rule = total();
  guard.install(readaheadRoom.open(loadArtefact(fs, folder, schema)));
  const model = total();
  const oracle = test.reduce((sum, { usedBytes }) => sum + Math.min(...costsOf(usedBytes)), 0);
  const regret = (cost: number): string => `regret ${(100 * (cost / oracle - 1)).toFixed(1)} %`;
  console.log(`rule   ${regret(rule)}\nmodel  ${regret(model)} (${guard.installed})\noracle 0`);
} finally {
  rmSync(folder, { recursive: true });
}
