// MLflow's own Python client, for tests that talk with it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support.ts';
import { installPackages } from './tools.ts';

/** The client without the server; apart from the other oracles, because it wants an older protobuf. */
const PACKAGE = 'mlflow-skinny==3.3.2';
const venv = join(root, '.oracles/mlflow');
const python = join(venv, 'bin/python');
const LIMIT_MS = 8 * 60_000;

/** Why a test that needs it was skipped. */
export const clientAbsent = `the client of MLflow IS ABSENT and could not be installed (needs ${PACKAGE} of PyPI)`;

/** The interpreter that has the client; null where it cannot be had. */
export function ensureClient(): string | null {
  const isThere = () => existsSync(python) && spawnSync(python, ['-I', '-c', 'import mlflow']).status === 0;
  if (isThere()) return python;
  const system = '/usr/bin/python3';
  const canMake = () => spawnSync(system, ['-I', '-c', 'import ensurepip, venv']).status === 0;
  if (!canMake() && !(installPackages('python3-venv') && canMake())) return null;
  mkdirSync(join(root, '.oracles'), { recursive: true });
  const run = (program: string, ...args: string[]) =>
    spawnSync(program, ['-I', '-m', ...args], { stdio: 'ignore', timeout: LIMIT_MS }).status === 0;
  const isMade =
    run(system, 'venv', '--clear', venv) && run(python, 'pip', 'install', '--no-input', '--quiet', PACKAGE);
  return isMade && isThere() ? python : null;
}

/** Runs a script of this folder; what it prints, read as JSON. Throws with its last words when it fails. */
export async function runClient<T>(client: string, script: string, ...args: readonly string[]): Promise<T> {
  const child = spawn(client, ['-I', join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const [output, complaint] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  if ((await closed) === 0) return JSON.parse(Buffer.concat(output).toString()) as T;
  throw new Error(`${script} failed\n${Buffer.concat(complaint).toString().slice(-4000)}`);
}
