// What stands beside the loads: the disk's own rate, the memory of a server, a model asked without a server.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { root } from '../../scripts/process.ts';
import { NodeFileSystem, systemClock } from '../../src/base/index.ts';
import { ModelServer } from '../../src/lifecycle/index.ts';
import { type Load, loadOf, type Pace } from './load.ts';
import type { Memory } from './results.ts';
import { MODEL, rowOf } from './workloads.ts';

const PAGE_BYTES = 4096;

/** How often a second the disk makes one more page of a file durable. */
export function fsyncRate(folder: string, { seconds, operations }: Pace): Load {
  const path = join(folder, 'fsync');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  while (latenciesMs.length < operations && performance.now() < startMs + 1000 * seconds) {
    const sinceMs = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    latenciesMs.push(performance.now() - sinceMs);
  }
  closeSync(file);
  rmSync(path);
  return loadOf(latenciesMs, 0, (performance.now() - startMs) / 1000);
}

/** Memory of a process group, as Linux counts it; null elsewhere. */
export function memoryOf(group: number): Memory | null {
  const members = processes().filter((pid) => groupOf(pid) === group);
  if (members.length === 0) return null;
  const sum = (name: string): number => members.reduce((bytes, pid) => bytes + memoryLine(pid, name), 0);
  return { processes: members.length, residentBytes: sum('Rss'), shareBytes: sum('Pss') };
}

const processes = (): number[] =>
  existsSync('/proc/self/smaps_rollup') ? readdirSync('/proc').map(Number).filter(Number.isInteger) : [];

/** Processes come and go while they are listed. */
function procText(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

// After the name, which may hold anything: state, parent, group.
const groupOf = (pid: number): number => Number(/^.*\) \S+ \d+ (\d+)/s.exec(procText(pid, 'stat'))?.[1]);

const memoryLine = (pid: number, name: string): number =>
  1024 * Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(procText(pid, 'smaps_rollup'))?.[1] ?? 0);

/** The model, asked about one row after another within this process. */
export async function askInProcess({
  seconds,
  operations,
}: Pace): Promise<Load & { readonly answer: unknown }> {
  const fs = new NodeFileSystem();
  const server = new ModelServer({ modelDir: join(root, 'models'), fs, clock: systemClock });
  server.start();
  await server.load(MODEL);
  const row = rowOf(server.describe(MODEL).loaded?.inputs ?? 0);
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  while (latenciesMs.length < operations && performance.now() < startMs + 1000 * seconds) {
    const sinceMs = performance.now();
    await server.predict(MODEL, row);
    latenciesMs.push(performance.now() - sinceMs);
  }
  const elapsed = (performance.now() - startMs) / 1000;
  const answer = [...(await server.predict(MODEL, row)).values];
  await server.stop();
  return { ...loadOf(latenciesMs, 0, elapsed), answer };
}
