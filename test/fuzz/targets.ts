// Every parser of stored bytes. A new format gets a line in one of these tables.
import { Rng } from '../../src/base/index.ts';
import { PASSWORD, Workbench } from '../golden/workbench.ts';
import { randomTree } from '../sim/sources.ts';
import { fileTargets } from './file-targets.ts';
import { packTargets } from './pack-targets.ts';
import type { Target } from './target.ts';
import { treeTargets } from './tree-targets.ts';

/** The files of a small repository with everything in it whose names fit. */
async function filesOf(bench: Workbench, name: RegExp): Promise<Buffer[]> {
  for (let seed = 0; seed < 3; seed += 1) {
    bench.build(randomTree(new Rng(seed), { files: 8, maxFileBytes: 3000 }));
    await bench.pack({ tags: ['a', 'tag'] });
  }
  return [...bench.files()].filter(([path]) => name.test(path)).map(([, bytes]) => bytes);
}

/** The parsers with their samples. */
export async function targets(): Promise<Target[]> {
  const packs = await filesOf(new Workbench(), /^store/);
  const snapshots = await filesOf(new Workbench(), /^snapshots/);
  const configs = await filesOf(new Workbench({ password: PASSWORD }), /^config/);
  return [...packTargets(packs), ...treeTargets, ...fileTargets({ snapshots, configs })];
}
