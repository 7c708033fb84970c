// Runs the programs that are measured, and measures them: wall clock here, processor time and memory by GNU time,
// which adds up a program and all programs it waited for.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

/** A program to run. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables on top of the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What one run of a program took; null where no GNU time was there to tell. */
export interface Usage {
  readonly wallSeconds: number;
  /** User and system time of the program and of those it started. */
  readonly cpuSeconds: number | null;
  /** Of the largest single process. */
  readonly peakBytes: number | null;
}

const limitMs = 2 * 60 * 60_000;
const maxOutputBytes = 256 * 1024 * 1024;

// `npm run` and `node --test` leave their settings in the environment, users theirs; a tool that is measured runs as
// if it were started for the first time.
const leftBehind =
  /^(npm_(lifecycle|package|command|config_(local_)?prefix)|INIT_CWD$|NODE_(OPTIONS|TEST_CONTEXT)|PILOTFISH_|RESTIC_|BORG_|ZSTD_|TAR_OPTIONS)/;

function environment(own: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !leftBehind.test(name));
  return { ...Object.fromEntries(inherited), ...own };
}

/** Runs a program that must succeed; resolves to its standard output. */
export function runWell({ program, args, cwd, env }: Command): string {
  const { status, stdout, stderr, error, signal } = spawnSync(program, args, {
    cwd,
    env: environment(env),
    encoding: 'utf8',
    maxBuffer: maxOutputBytes,
    timeout: limitMs,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  const end = signal === null ? `exit code ${status}` : signal;
  throw new Error(
    `${program} ${args.join(' ')} ended with ${end}\n${stdout.slice(-2000)}${stderr.slice(-4000)}`,
  );
}

/** True when the program at the path is GNU time. */
export function isGnuTime(path: string): boolean {
  const { stdout, stderr } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return /GNU/.test(`${stdout}${stderr}`);
}

/** Measures programs; without GNU time only their wall clock. */
export class Meter {
  readonly #time: string | null;

  constructor(gnuTime: string | null) {
    this.#time = gnuTime;
  }

  get isComplete(): boolean {
    return this.#time !== null;
  }

  /** Runs a program that must succeed. */
  measure(command: Command): Usage & { readonly stdout: string } {
    const folder = mkdtempSync(join(tmpdir(), 'pilotfish-bench-'));
    try {
      const report = join(folder, 'time');
      const started = performance.now();
      const stdout = runWell(this.#wrapped(command, report));
      const wallSeconds = (performance.now() - started) / 1000;
      return { wallSeconds, ...this.#read(report), stdout };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #wrapped(command: Command, report: string): Command {
    if (this.#time === null) return command;
    const args = ['-q', '-o', report, '-f', '%U %S %M', '--', command.program, ...command.args];
    return { ...command, program: this.#time, args };
  }

  #read(report: string): { cpuSeconds: number | null; peakBytes: number | null } {
    if (this.#time === null) return { cpuSeconds: null, peakBytes: null };
    const [user = Number.NaN, system = Number.NaN, kib = Number.NaN] = readFileSync(report, 'utf8')
      .trim()
      .split(' ')
      .map(Number);
    return { cpuSeconds: user + system, peakBytes: kib * 1024 };
  }
}
