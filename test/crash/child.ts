// A writer of its own process: takes one job per line of stdin, answers one line each.
import { createInterface } from 'node:readline';
import {
  type FileSystem,
  hasCode,
  MIB,
  NodeFileSystem,
  secureBytes,
  silentLog,
  systemClock,
  systemHost,
} from '../../src/base/index.ts';
import { Repository, type RepositoryPorts } from '../../src/blocks/index.ts';
import { watched } from './watched.ts';
import { packSource } from './world.ts';

export interface Job {
  readonly repository: string;
  readonly source: string;
  readonly cacheDirectory: string;
  /** The process kills itself before this call on the repository. */
  readonly killAt?: number;
  /** Only opens for writing, and does not end before it is told to. */
  readonly hold?: true;
}

export interface Answer {
  readonly snapshot?: string | undefined;
  readonly errors?: readonly unknown[];
  /** Calls made on the repository. */
  readonly calls?: number;
  readonly failure?: string;
}

/** The real parts, with small packs so that a small tree takes several. */
export function realPorts(cacheDirectory: string, fs: FileSystem = new NodeFileSystem()): RepositoryPorts {
  const sizes = { arenaBytes: 32 * MIB, resemblanceBytes: MIB, packBytes: MIB / 4 };
  const machine = { clock: systemClock, host: systemHost, random: secureBytes };
  return { fs, ...machine, log: silentLog, index: 'sqlite', threads: 1, cacheDirectory, sizes };
}

async function work({ repository, source, cacheDirectory, killAt, hold }: Job): Promise<Answer> {
  let calls = 0;
  const onCall = (_: string, number: number): void => {
    calls = number;
    if (number === killAt) process.kill(process.pid, 'SIGKILL');
  };
  const ports = realPorts(cacheDirectory, watched(new NodeFileSystem(), { below: repository, onCall }));
  if (hold === true) {
    new Repository({ path: repository }, ports, 'write');
    return {};
  }
  const { snapshot, errors } = await packSource(ports, { paths: [Buffer.from(source)] }, repository);
  return { snapshot, errors, calls };
}

function failureOf(error: unknown): Answer {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { failure: hasCode(error) ? `${error.code} ${text}` : text };
}

if (import.meta.main) {
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await work(JSON.parse(line) as Job).catch(failureOf);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
