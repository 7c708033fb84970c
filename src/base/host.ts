import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who and where we are, and whether another process still lives. An argument, so that tests can say. */
export interface Host {
  readonly name: string;
  readonly pid: number;
  /** Equal for processes whose pids mean the same; containers may share a host name but not this. Default: the name. */
  readonly processScope?: string;
  /** A text that differs between two processes that had the same pid (start time), or '' where unknown. */
  processMark(pid: number): string;
  /** False only when the process certainly does not exist on this machine. */
  isAlive(pid: number): boolean;
}

/** Field 22 of /proc/PID/stat: start time since boot. The name in field 2 may hold spaces and brackets. */
function startTicks(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    // No /proc on this platform, or no such process: the pid alone has to do.
    return '';
  }
}

/** The number of our pid namespace; '0' where there are none. */
function pidNamespace(): string {
  try {
    return /[0-9]+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    // No /proc on this platform.
    return '0';
  }
}

/** This machine. */
export const systemHost: Host = {
  name: hostname(),
  pid: process.pid,
  processScope: `${hostname()}-${pidNamespace()}`,
  processMark: startTicks,
  isAlive(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  },
};
