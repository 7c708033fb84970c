// MLflow's own Python client, and Prometheus' own checker, against the server.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { produce } from '../http/models.ts';
import { serve } from '../http/support.ts';
import { clientAbsent, ensureClient, runClient } from './mlflow-tools.ts';
import { absent, ensureTool } from './tools.ts';

test("MLflow's client finds everything where its own server has it", async (t) => {
  const client = ensureClient();
  if (client === null) return t.skip(clientAbsent);
  const served = await serve(t);
  const url = await served.server.listen();
  const report = await runClient<{ version: string; done: string[] }>(client, 'mlflow_client.py', url);
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
