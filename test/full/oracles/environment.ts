// The Python tools that results of learn/ are compared with. Debian's packages serve as they are; what Debian lacks
// comes from PyPI into a folder that git does not see.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../../support.ts';
import { findTool, installPackages } from '../tools.ts';

/** Python modules, and where each comes from. */
const tools = {
  torch: { module: 'torch', home: 'debian' },
  xgboost: { module: 'xgboost', home: 'debian' },
  sklearn: { module: 'sklearn', home: 'debian' },
  numpy: { module: 'numpy', home: 'debian' },
  scipy: { module: 'scipy', home: 'debian' },
  statsmodels: { module: 'statsmodels', home: 'debian' },
  'xgboost-3': { module: 'xgboost', home: 'pypi' },
  onnxruntime: { module: 'onnxruntime', home: 'pypi' },
  onnx: { module: 'onnx', home: 'pypi' },
  optuna: { module: 'optuna', home: 'pypi' },
  river: { module: 'river', home: 'pypi' },
  safetensors: { module: 'safetensors', home: 'pypi' },
  tensorboard: { module: 'tensorboard', home: 'pypi' },
  // It pins what the others have outgrown.
  gbstats: { module: 'gbstats', home: 'gbstats' },
} as const;

export type OracleName = keyof typeof tools;

/** All tools, in the order in which they are named to the user. */
export const oracleNames = Object.keys(tools) as readonly OracleName[];

/** An interpreter that has the tool, or why there is none. */
export type Interpreter =
  | { readonly python: string; readonly absent?: never }
  | { readonly absent: string; readonly python?: never };

const debianPython = '/usr/bin/python3';
const folder = join(root, '.oracles');

/** An environment made from PyPI: its folder, and what is in it. */
interface Venv {
  readonly path: string;
  readonly requirements: string;
}
const venvs = {
  pypi: { path: join(folder, 'venv'), requirements: join(import.meta.dirname, 'requirements.txt') },
  gbstats: {
    path: join(folder, 'gbstats'),
    requirements: join(import.meta.dirname, 'requirements-gbstats.txt'),
  },
} as const satisfies Readonly<Record<string, Venv>>;
const pythonOf = ({ path }: Venv): string => join(path, 'bin/python');
const limitMs = 8 * 60_000;

// One thread, so that a run gives the same bits again and other tests keep their core.
const environment = {
  ...process.env,
  CUDA_VISIBLE_DEVICES: '',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  TF_CPP_MIN_LOG_LEVEL: '3',
};

/** Runs Python; `-I` keeps it from taking a script called torch.py for the module torch. */
function python(program: string, args: readonly string[], stdin = '') {
  return spawnSync(program, ['-I', ...args], {
    cwd: root,
    env: environment,
    input: stdin,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    timeout: limitMs,
  });
}

function hasModule(program: string, name: OracleName): boolean {
  const look = `import importlib.util as u, sys; sys.exit(u.find_spec('${tools[name].module}') is None)`;
  return existsSync(program) && python(program, ['-c', look]).status === 0;
}

function isCurrent({ path, requirements }: Venv): boolean {
  const installed = join(path, 'requirements.txt');
  return existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(requirements, 'utf8');
}

// What was installed is noted last, so that a run that was broken off counts for nothing.
const makeVenv = `cmp -s "$2" "$1/requirements.txt" || {
  "$3" -I -m venv --clear "$1" &&
  "$1/bin/python" -I -m pip install --no-input --disable-pip-version-check --quiet --requirement "$2" &&
  cp "$2" "$1/requirements.txt"
}`;

/** The environment with exactly the pinned versions; made again when they change. */
function ensureVenv(venv: Venv): boolean {
  if (isCurrent(venv)) return true;
  if (!existsSync(debianPython) && !installPackages('python3')) return false;
  const canMake = python(debianPython, ['-c', 'import ensurepip, venv']).status === 0;
  if (!canMake && !installPackages('python3-venv')) return false;
  mkdirSync(folder, { recursive: true });
  const make = ['sh', '-c', makeVenv, 'sh', venv.path, venv.requirements, debianPython];
  // Several test files may want it at the same time; the lock ends with its holder.
  const [program = '', ...args] =
    findTool('flock') === null ? make : ['flock', join(folder, 'lock'), ...make];
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: limitMs });
  return status === 0;
}

/** The interpreter that has the tool, after installing it where that is possible and allowed. */
export function ensureOracle(name: OracleName): Interpreter {
  const { home } = tools[name];
  if (home !== 'debian') {
    const venv = venvs[home];
    if (ensureVenv(venv) && hasModule(pythonOf(venv), name)) return { python: pythonOf(venv) };
    return { absent: absent(name, 'python3-venv and PyPI') };
  }
  const isThere = hasModule(debianPython, name) || installPackages(`python3-${name}`);
  if (isThere && hasModule(debianPython, name)) return { python: debianPython };
  return { absent: absent(name, `root, apt-get and Debian's python3-${name}`) };
}

const absent = (name: string, needs: string): string =>
  `${name} IS ABSENT and could not be installed (needs ${needs}): nothing was compared with it`;

/** The version of a tool that is there. */
export function oracleVersion(program: string, name: OracleName): string {
  const { module } = tools[name];
  return python(program, ['-c', `import ${module}; print(${module}.__version__)`]).stdout.trim();
}

/** What a script is given. */
export interface OracleInput {
  readonly args?: readonly string[];
  readonly stdin?: string;
}

/** Runs a script; what it prints, read as JSON. Throws with its last words when it fails. */
export function runOracle<T>(program: string, script: string, { args = [], stdin }: OracleInput = {}): T {
  const { status, stdout, stderr, error } = python(program, [script, ...args], stdin);
  if (error !== undefined) throw error;
  if (status === 0) return JSON.parse(stdout) as T;
  throw new Error(`${basename(script)} ended with code ${status}\n${stderr.slice(-4000)}`);
}

/** Path of a script in this folder. */
export const oracleScript = (name: string): string => join(import.meta.dirname, `${name}.py`);
