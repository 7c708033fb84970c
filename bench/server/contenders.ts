// The servers: ours as users run it, and MLflow's own.
import { type ChildProcess, type SpawnOptionsWithStdioTuple, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../../scripts/process.ts';
import { type Target, Wire } from './load.ts';

/** A server that answers. */
export interface Running extends Target {
  /** Of the process that was started; it may have children. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Contender {
  readonly id: 'pilotfish' | 'mlflow';
  readonly label: string;
  readonly command: string;
  /** Starts it on a data directory that is empty. */
  start(folder: string): Promise<Running>;
}

const START_MS = 90_000;
const STOP_MS = 15_000;

/** A server that ends at the latest when this process does. */
function running(child: ChildProcess, target: Target): Running {
  const { pid = 0 } = child;
  const end = (signal: NodeJS.Signals): void => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, signal);
  };
  const terminate = (): void => end('SIGTERM');
  process.once('exit', terminate);
  const stop = async (): Promise<void> => {
    process.off('exit', terminate);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    terminate();
    const timer = setTimeout(() => end('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  };
  return { ...target, pid, stop };
}

// Each leads a process group of its own, so that its workers end with it.
const options = (folder: string): SpawnOptionsWithStdioTuple<'ignore', 'pipe', 'ignore'> => ({
  ...{ cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
  env: { ...process.env, NODE_OPTIONS: '', MLFLOW_DISABLE_TELEMETRY: 'true' },
});

/** Pilotfish by this launcher, with the models that come with it. */
export function pilotfish(launcher: string, label: string): Contender {
  const start = async (folder: string): Promise<Running> => {
    const args = ['serve', '--data', join(folder, 'data'), '--port', '0', '--json'];
    const child = spawn(process.execPath, [launcher, ...args], options(folder));
    for await (const line of createInterface({ input: child.stdout }))
      return running(child, { url: (JSON.parse(line) as { url: string }).url, keepsAlive: true });
    throw new Error(`${launcher} ended without an address`);
  };
  return { id: 'pilotfish', label, command: 'pilotfish serve --data DIR --port 0', start };
}

/** The launcher of the checkout, which runs the sources. */
export const checkoutLauncher = join(root, 'bin/pilotfish.js');

/** Compiles the checkout into the folder, laid out as npm installs it. @returns its launcher */
export function compiledLauncher(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['bin', 'models', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  const compiler = join(root, 'node_modules/ts7/bin/tsc');
  const args = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the checkout does not compile\n${stdout.slice(-4000)}`);
  return join(folder, 'bin/pilotfish.js');
}

const MLFLOW = 'mlflow==3.3.2';
// It allows later ones, which lack what it imports.
const SQLALCHEMY = 'SQLAlchemy<2.1';
const venv = join(root, '.oracles/mlflow-server');
const INSTALL_MS = 8 * 60_000;

/** MLflow's server, installed from PyPI if need be; null where it cannot be had. */
export function mlflow(): Contender | null {
  const program = join(venv, 'bin/mlflow');
  const run = (command: string, ...args: string[]): boolean =>
    spawnSync(command, ['-I', ...args], { stdio: 'ignore', timeout: INSTALL_MS }).status === 0;
  const isThere = (): boolean =>
    existsSync(program) && run(join(venv, 'bin/python'), '-c', 'import flask, mlflow.store.db.utils');
  const install = (): boolean =>
    run('/usr/bin/python3', '-m', 'venv', '--clear', venv) &&
    run(join(venv, 'bin/python'), '-m', 'pip', 'install', '--no-input', '--quiet', MLFLOW, SQLALCHEMY);
  if (!isThere() && !(install() && isThere())) return null;
  const start = async (folder: string): Promise<Running> => {
    const port = await freePort();
    const store = `sqlite:///${join(folder, 'mlflow.db')}`;
    const args = ['server', '--backend-store-uri', store, '--host', '127.0.0.1', '--port', String(port)];
    const child = spawn(program, args, options(folder));
    // A full pipe would stop it.
    child.stdout.resume();
    // It lets connections that are kept wait for 40 ms, for what is left of an answer: new ones are faster.
    const server = running(child, { url: `http://127.0.0.1:${port}`, keepsAlive: false });
    await answering(child, server);
    return server;
  };
  const command = 'mlflow server --backend-store-uri sqlite:///FILE --host 127.0.0.1 --port PORT';
  return { id: 'mlflow', label: 'MLflow 3.3.2', command, start };
}

/** Why its column is empty. */
export const mlflowAbsent = `MLflow IS ABSENT and could not be installed (needs python3-venv and ${MLFLOW} of PyPI): nothing was compared with it`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(child: ChildProcess, target: Target): Promise<void> {
  const wire = new Wire(target);
  for (const endMs = Date.now() + START_MS; Date.now() < endMs && child.exitCode === null; await pause(200)) {
    const reply = await wire.ask({ method: 'GET', path: '/health' }).catch(() => null);
    if (reply?.status === 200) return wire.close();
  }
  throw new Error(`MLflow's server ended, or did not answer at ${target.url} within ${START_MS / 1000} s`);
}
