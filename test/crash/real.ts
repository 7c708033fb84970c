// Real processes on a real disk.
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { must, NodeFileSystem, Rng } from '../../src/base/index.ts';
import { type Repository, restore, verify } from '../../src/blocks/index.ts';
import { treeVersions } from '../sim/sources.ts';
import { buildTree, removeTree, type Source } from '../sim/tree.ts';
import { readTree, type TreeState, treeDifferences } from '../sim/tree-state.ts';
import { type Answer, type Job, realPorts } from './child.ts';
import { opened } from './world.ts';

export const fs = new NodeFileSystem();

/** A child process that packs when asked to. */
export class Writer {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly ended: Promise<unknown>;

  constructor() {
    const path = fileURLToPath(new URL('./child.ts', import.meta.url));
    this.#process = spawn(process.execPath, [path], { stdio: ['pipe', 'pipe', 'inherit'] });
    // A process that was killed reads no more.
    this.#process.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#process.stdout });
    this.ended = once(this.#process, 'close');
  }

  get pid(): number {
    return must(this.#process.pid, 'the process was started');
  }

  /** The answer, or undefined when the process ended instead. */
  async ask(job: Job): Promise<Answer | undefined> {
    const answer = once(this.#lines, 'line').then(([line]) => JSON.parse(String(line)) as Answer);
    this.#process.stdin.write(`${JSON.stringify(job)}\n`);
    return Promise.race([answer, this.ended.then(() => undefined)]);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Lets the process end by itself. */
  async end(): Promise<void> {
    this.#process.stdin.end();
    await this.ended;
  }
}

/** What can be built on any machine, by anyone. */
const isPlain = (source: Source): boolean =>
  !('node' in source) && (process.platform === 'linux' || typeof source.path === 'string');

/** Versions of a tree on the real disk. */
export function realVersions(seed: number, count: number, maxFileBytes = 20_000): Source[][] {
  const options = { files: 14, maxFileBytes, privileged: false, xattrs: false };
  return treeVersions(new Rng(seed), count, options).map((version) => version.filter(isPlain));
}

/** Puts a version in place of what is there. */
export function place(source: string, version: readonly Source[]): TreeState {
  if (
    fs
      .readDirectory(source.slice(0, source.lastIndexOf('/')))
      .some((name) => source.endsWith(`/${name.toString()}`))
  ) {
    removeTree(fs, source);
  }
  buildTree(fs, source, version);
  return readTree(fs, source);
}

/** Opens the repository as another process would, after whatever happened to the last one. */
export function openedHere<T>(
  at: { repository: string; cacheDirectory: string },
  work: (repository: Repository) => Promise<T> | T,
): Promise<T> {
  return opened(realPorts(at.cacheDirectory), 'read', work, at.repository);
}

export async function assertRestoresTo(
  repository: Repository,
  snapshot: string,
  at: { target: string; expected: TreeState },
): Promise<void> {
  const { errors } = await restore(repository, { snapshot, target: at.target });
  assert.deepEqual(errors, []);
  const actual = readTree(fs, at.target);
  removeTree(fs, at.target);
  assert.deepEqual(treeDifferences(at.expected, actual), []);
}

export async function assertVerifies(repository: Repository): Promise<void> {
  const { damage } = await verify(repository, { data: true });
  assert.deepEqual(damage, []);
}
