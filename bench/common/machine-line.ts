// The machine in one line.
import type { Machine } from './machine.ts';

export const machineLine = ({
  cpu,
  cores,
  memoryBytes,
  system,
  kernel,
  fileSystem,
  node,
  loadBefore,
}: Machine): string =>
  [
    `${cpu}, ${cores} cores, ${(memoryBytes / 1024 ** 3).toFixed(0)} GiB memory`,
    `${system}, kernel ${kernel}, ${fileSystem}, Node ${node}`,
    `load ${loadBefore.toFixed(1)} before the start`,
  ].join('; ');
