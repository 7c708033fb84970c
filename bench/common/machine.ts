// The machine a run took place on.
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly kernel: string;
  /** Of the disk that sets, repositories and restored trees lie on. */
  readonly fileSystem: string;
  readonly node: string;
  /** One minute's load average before the first run: whether it had the machine to itself. */
  readonly loadBefore: number;
}

/** Numbers the kernel gives file systems (statfs(2)). */
const fileSystems: Readonly<Record<number, string>> = {
  [0xef53]: 'ext4',
  [0x58465342]: 'xfs',
  [0x9123683e]: 'btrfs',
  [0x01021994]: 'tmpfs',
  [0x794c7630]: 'overlayfs',
  [0x2fc12fc1]: 'zfs',
};

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? platform();
  } catch {
    return platform();
  }
}

/** Describes the machine and the disk below the path. */
export function describeMachine(path: string): Machine {
  const { type } = statfsSync(path);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: systemName(),
    kernel: release(),
    fileSystem: fileSystems[type] ?? `type ${type.toString(16)}`,
    node: process.versions.node,
    loadBefore: loadavg()[0] ?? 0,
  };
}
