// Runs the command line as users do, through the launcher, on repositories in temporary folders.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { composePorts } from '../../src/app/compose.ts';
import { readSettings } from '../../src/app/config.ts';
import { runCommandLine, type World } from '../../src/cli/index.ts';
import type { Stream } from '../../src/cli/world.ts';
import { type Ended, root, temporaryFolder } from '../support.ts';

export const launcher = join(root, 'bin/pilotfish.js');

interface Owner {
  after(work: () => void): void;
}

/** A stream that keeps what is written to it. */
class Kept extends Writable {
  text = '';
  readonly #stop: AbortController | undefined;

  /** With `stop`, the command is interrupted as soon as it writes. */
  constructor(stop?: AbortController) {
    super();
    this.#stop = stop;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
    this.#stop?.abort();
  }
}

/** A folder to work in, with the command line set up for it. */
export class Place {
  readonly folder: string;
  readonly #test: Owner;

  constructor(test: Owner) {
    this.#test = test;
    this.folder = temporaryFolder(test);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Writes files; keys are paths below the folder. */
  write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content);
    }
  }

  get environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(PILOTFISH_|NODE_TEST_CONTEXT|NODE_OPTIONS)/.test(name),
    );
    return {
      ...Object.fromEntries(inherited),
      // Compiling the sources is half of what a short command takes.
      NODE_COMPILE_CACHE: join(root, '.pilotfish/compile-cache'),
      PILOTFISH_REPO: this.path('repo'),
      PILOTFISH_CACHE_DIR: this.path('cache'),
    };
  }

  /** Runs one command line to its end. */
  run(
    args: readonly string[],
    options: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv } = {},
  ): Ended {
    const ended = spawnSync(process.execPath, [launcher, ...args], {
      cwd: this.folder,
      env: { ...this.environment, ...options.env },
      input: options.input ?? '',
      encoding: 'buffer',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (ended.error !== undefined) throw ended.error;
    return { code: ended.status, stdout: ended.stdout.toString(), stderr: ended.stderr.toString() };
  }

  /** Runs one that must succeed. */
  runWell(...args: string[]): Ended {
    const ended = this.run(args);
    assert.equal(ended.code, 0, `${args.join(' ')} ended with ${ended.code}\n${ended.stdout}${ended.stderr}`);
    return ended;
  }

  /** Runs one that must succeed and print one JSON object. */
  json<Result = Record<string, unknown>>(...args: string[]): Result {
    return parseOne(this.runWell(...args, '--json').stdout) as Result;
  }

  /** Runs one in this process, which takes a tenth of the time; for what is not about processes. */
  async inside(args: readonly string[], stop?: AbortController): Promise<Ended> {
    const settings = readSettings(this.environment);
    const [stdout, stderr] = [new Kept(stop), new Kept()];
    const world: World = {
      settings,
      ports: (choices) => composePorts(settings, choices),
      usage: () => ({ cpuSeconds: 0, peakRssBytes: 0 }),
      stdin: process.stdin,
      stdout: stdout as unknown as Stream,
      stderr: stderr as unknown as Stream,
      version: '0.0.0',
    };
    const before = process.cwd();
    process.chdir(this.folder);
    try {
      const code = await runCommandLine(args, world, (stop ?? new AbortController()).signal);
      return { code, stdout: stdout.text, stderr: stderr.text };
    } finally {
      process.chdir(before);
    }
  }

  /** What a test starts from: a command that must succeed. */
  async given(...args: string[]): Promise<Ended> {
    const ended = await this.inside(args);
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  }

  /** Starts one without waiting for its end; it does not outlive the test. */
  start(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [launcher, ...args], { cwd: this.folder, env: this.environment });
    this.#test.after(() => child.kill('SIGKILL'));
    return child;
  }

  /** Path of the only pack, or of the largest. */
  pack(): string {
    const store = this.path('repo/store');
    const names = readdirSync(store).filter((name) => name.endsWith('.pack'));
    const sizes = new Map(names.map((name) => [name, readFileSync(join(store, name)).length]));
    const [largest] = names.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
    assert.ok(largest !== undefined, 'there is a pack');
    return join(store, largest);
  }

  /** Names of the locks held. */
  locks(): string[] {
    return readdirSync(this.path('repo/locks'));
  }
}

/** Stdout with `--json` is one object and nothing else. */
export function parseOne(stdout: string): unknown {
  assert.match(stdout, /^\{.*\}\n$/s);
  return JSON.parse(stdout);
}

/** Contents of a folder by path; null stands for a directory. */
export function contents(folder: string): Map<string, string | null> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), entry.isDirectory() ? null : readFileSync(path, 'base64')];
    }),
  );
}

/** Bytes that do not compress, the same every time. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Waits for the end of a started program; collects what it prints. */
export async function ended(child: ChildProcess): Promise<Ended & { signal: string | null }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}
