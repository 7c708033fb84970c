import { statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { NodeFileSystem, secureBytes, systemClock, systemHost } from '../base/index.ts';
import { MAX_DEFAULT_THREADS, type RepositoryPorts } from '../blocks/index.ts';
import type { PortChoices, Settings } from '../cli/index.ts';

/** Builds the parts repositories run on, from the machine and its settings. */
export function composePorts(settings: Settings, { log, threads }: PortChoices): RepositoryPorts {
  return {
    fs: new NodeFileSystem(),
    clock: systemClock,
    host: systemHost,
    random: secureBytes,
    log,
    index: 'sqlite',
    threads: threads ?? Math.min(availableParallelism(), MAX_DEFAULT_THREADS),
    cacheDirectory: settings.cacheDirectory,
  };
}

/** Bytes a user may still write on the device of a path. */
export function bytesLeft(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
