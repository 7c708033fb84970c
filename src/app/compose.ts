import { availableParallelism } from 'node:os';
import { secureBytes, systemClock, systemHost } from '../base/index.ts';
import type { RepositoryPorts } from '../blocks/index.ts';
import type { PortChoices, Settings } from '../cli/index.ts';
import { StdinFileSystem } from './stdin-file-system.ts';

/** More encode threads than this wait for the one that reads. */
const MAX_THREADS = 8;

/** Builds the parts repositories run on, from the machine and its settings. */
export function composePorts(settings: Settings, { log, threads }: PortChoices): RepositoryPorts {
  return {
    fs: new StdinFileSystem(),
    clock: systemClock,
    host: systemHost,
    random: secureBytes,
    log,
    index: 'sqlite',
    threads: threads ?? Math.min(availableParallelism(), MAX_THREADS),
    cacheDirectory: settings.cacheDirectory,
  };
}
