// MLflow's own Python client, and Prometheus' own checker, against the server.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { produce } from '../http/models.ts';
import { serve } from '../http/support.ts';
import { root } from '../support.ts';
import { absent, ensureTool, installPackages } from './tools.ts';

/** The client without the server; apart from the other oracles, because it wants an older protobuf. */
const PACKAGE = 'mlflow-skinny==3.3.2';
const venv = join(root, '.oracles/mlflow');
const python = join(venv, 'bin/python');
const script = join(root, 'test/full/mlflow_client.py');
const LIMIT_MS = 8 * 60_000;

/** The interpreter that has the client; null where it cannot be had. */
function ensureClient(): string | null {
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

test("MLflow's client finds everything where its own server has it", async (t) => {
  const client = ensureClient();
  if (client === null)
    return t.skip(`the client of MLflow IS ABSENT and could not be installed (needs ${PACKAGE} of PyPI)`);
  const served = await serve(t);
  const child = spawn(client, ['-I', script, await served.server.listen()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, complaint] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  assert.equal(
    await new Promise((resolve) => child.once('close', resolve)),
    0,
    Buffer.concat(complaint).toString(),
  );
  const report = JSON.parse(Buffer.concat(output).toString()) as { version: string; done: string[] };
  assert.equal(report.version, '3.3.2');
  assert.deepEqual(report.done, [
    ...[
      'registered_models',
      'model_versions',
      'searches',
      'times',
      'experiments',
      'runs',
      'artifacts',
      'logged_models',
      'fluent',
    ],
  ]);
  assert.deepEqual(
    served.log.filter(({ level }) => level === 'error'),
    [],
  );
});

test('promtool finds nothing wrong with the metrics', async (t) => {
  const promtool = ensureTool('promtool', 'prometheus');
  if (promtool === null) return t.skip(absent('promtool'));
  const served = await serve(t);
  await produce(served.server.directory.registry, 'trees', 1);
  await served.server.followed();
  const infer = { inputs: [{ name: 'x', datatype: 'FP64', shape: [2, 2], data: [0, 0, 0, 0] }] };
  await served.well({ method: 'POST', url: '/v2/models/trees/infer', payload: infer });
  await served.ask({ url: '/v2/models/none' });
  const { text } = await served.ask({ url: '/metrics' });
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
});
