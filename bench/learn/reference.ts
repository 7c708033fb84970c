// The native reference: compiled here and now by what compilers the machine has, loaded as Node addons.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from '../../scripts/process.ts';
import { findTool } from '../../test/full/tools.ts';

/** The gates hold against clang; gcc is shown beside it. */
export const compilerNames = ['clang', 'gcc'] as const;
export type CompilerName = (typeof compilerNames)[number];

/** Offset and view of values in the memory of the reference. */
export type Place<View> = { readonly offset: number; readonly view: View };

/** A kernel with its arguments. */
export interface Bound {
  /** Runs it once. */
  call(): number;
  /** Runs it so many times; nanoseconds a run. */
  loop(times: number): number;
}

interface Addon {
  makeArena(bytes: number): ArrayBuffer;
  call(kernel: number, args: number): number;
  loop(kernel: number, args: number, times: number): number;
  readonly kernels: Readonly<Record<string, number>>;
  readonly lanes: number;
}

const arenaBytes = 64 * 1024 * 1024;
const alignment = 64;

/** The kernels of bench/learn/native by one compiler, and the memory they work in. */
export class Reference {
  readonly compiler: CompilerName;
  readonly version: string;
  readonly lanes: number;
  readonly #addon: Addon;
  readonly #arena: ArrayBuffer;
  #next = 0;

  constructor(path: string, compiler: CompilerName, version: string) {
    this.#addon = createRequire(import.meta.url)(path) as Addon;
    this.#arena = this.#addon.makeArena(arenaBytes);
    this.compiler = compiler;
    this.version = version;
    this.lanes = this.#addon.lanes;
  }

  /** Copies values into the memory, or reserves zeros for so many. */
  floats(values: ArrayLike<number> | number): Place<Float32Array> {
    return this.#place(Float32Array, values);
  }

  ints(values: ArrayLike<number> | number): Place<Int32Array> {
    return this.#place(Int32Array, values);
  }

  bytes(values: ArrayLike<number> | number): Place<Uint8Array> {
    return this.#place(Uint8Array, values);
  }

  /** A kernel by name, with the arguments its C file lists. */
  bind(name: string, args: readonly number[]): Bound {
    const kernel = this.#addon.kernels[name];
    if (kernel === undefined) throw new Error(`the reference has no kernel ${name}`);
    const { offset } = this.ints(args);
    return {
      call: () => this.#addon.call(kernel, offset),
      loop: (times) => this.#addon.loop(kernel, offset, times),
    };
  }

  #place<View extends Float32Array | Int32Array | Uint8Array>(
    type: { new (buffer: ArrayBuffer, offset: number, length: number): View; BYTES_PER_ELEMENT: number },
    values: ArrayLike<number> | number,
  ): Place<View> {
    const length = typeof values === 'number' ? values : values.length;
    const offset = this.#next;
    const view = new type(this.#arena, offset, length);
    this.#next += Math.ceil((length * type.BYTES_PER_ELEMENT) / alignment) * alignment;
    if (typeof values !== 'number') view.set(values);
    return { offset, view };
  }
}

/** The headers of the Node that runs: beside its program, as its packages have them. */
function headers(): string | null {
  const folder = join(dirname(process.execPath), '../include/node');
  return existsSync(join(folder, 'node_api.h')) ? folder : null;
}

const flags: readonly string[] = [
  '-O3',
  // On ARM the lanes are 4 and the option has another name.
  ...(process.arch === 'arm64' ? ['-mcpu=native', '-DVL=4'] : ['-march=native', '-DVL=8']),
  '-fno-math-errno',
  '-fPIC',
  '-shared',
  ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
];

/** How the reference is compiled, for the report. */
export const compileCommand = (name: CompilerName): string => [name, ...flags].join(' ');

const versionOf = (path: string): string =>
  spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]?.trim() ?? 'unknown';

/** Compiles and loads the reference; null without this compiler or without headers. */
export function compileReference(name: CompilerName, folder: string): Reference | null {
  const path = findTool(name);
  const include = headers();
  if (path === null || include === null) return null;
  mkdirSync(folder, { recursive: true });
  const target = join(folder, `reference-${name}-${process.pid}.node`);
  const sources = globSync('bench/learn/native/*.c', { cwd: root }).sort();
  const args = [...flags, `-I${include}`, ...sources, '-o', target, '-lm'];
  const { status, stderr } = spawnSync(path, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} does not compile the reference:\n${stderr.slice(0, 4000)}`);
  const reference = new Reference(target, name, versionOf(path));
  // Loaded, it is not needed any more.
  rmSync(target);
  return reference;
}
