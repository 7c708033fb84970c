// What tests that start programs share.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

interface Owner {
  after(work: () => void): void;
}

/** An empty folder that is gone when the test is over. */
export function temporaryFolder(test: Owner): string {
  const path = mkdtempSync(join(tmpdir(), 'pilotfish-test-'));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface RunOptions {
  cwd: string;
  /** Variables on top of the inherited ones. */
  env?: Record<string, string>;
}

/** What a program printed and how it ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

// `npm test` leaves its settings in the environment, and node:test says there that its reporter reads our stdout.
function cleanEnvironment(): NodeJS.ProcessEnv {
  const inherited =
    /^(npm_(lifecycle|package|command|config_(local_)?prefix)|INIT_CWD|NODE_TEST_CONTEXT|NODE_OPTIONS)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)));
}

/** Runs a program to its end, without stdin. */
export function run(command: string, args: readonly string[], { cwd, env = {} }: RunOptions): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

/** The same, for programs that must succeed: their output is in the message when they do not. */
export function runWell(command: string, args: readonly string[], options: RunOptions): Ended {
  const ended = run(command, args, options);
  if (ended.code === 0) return ended;
  throw new Error(`${command} ${args.join(' ')} ended with ${ended.code}\n${ended.stdout}${ended.stderr}`);
}

/** The compiler that checks types; `.bin/tsc` may be another one. */
export const compiler = join(root, 'node_modules/ts7/bin/tsc');
