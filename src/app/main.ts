// The program: the command line on the streams, signals and environment of this process.
import packageJson from '../../package.json' with { type: 'json' };
import { systemClock } from '../base/index.ts';
import { runCommandLine, type Usage, type World, watchSignals } from '../cli/index.ts';
import { bytesLeft, composePorts } from './compose.ts';
import { readSettings } from './config.ts';
import { serverProgram } from './serve.ts';

const INTERRUPTED = 130;

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}

/** Runs the command line; resolves to the exit code. */
export async function main(argv: string[]): Promise<number> {
  const settings = readSettings();
  let usesStdin = false;
  let hangup: (() => void) | undefined;
  const world: World = {
    settings,
    ports: (choices) => composePorts(settings, choices),
    server: serverProgram(settings, packageJson.version),
    usage,
    bytesLeft,
    onHangup: (listener) => {
      hangup = listener;
      return () => {
        hangup = undefined;
      };
    },
    get stdin() {
      // Only when asked for: merely touching it may keep the process alive.
      usesStdin = true;
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    version: packageJson.version,
  };
  const controller = new AbortController();
  const giveUp = (): void => process.exit(INTERRUPTED);
  const takesHangup = (): boolean => {
    hangup?.();
    return hangup !== undefined;
  };
  const unwatch = watchSignals(process, { controller, clock: systemClock, giveUp, takesHangup });
  const code = await runCommandLine(argv, world, controller.signal);
  unwatch();
  // A producer that is still silent would keep the process waiting after an interrupt.
  if (usesStdin) process.stdin.destroy();
  // A reader that never reads would keep the process alive for what it will not take.
  if (code === INTERRUPTED && process.stdout.writableLength > 0) giveUp();
  return code;
}
