// Scenarios of MLflow's own client beyond the everyday, against this server and against MLflow's: what passes there and
// not here is a fault here; what fails there is a fault of the scenario.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { mlflow, mlflowAbsent } from '../../bench/server/contenders.ts';
import { serve } from '../http/support.ts';
import { temporaryFolder } from '../support.ts';
import { clientAbsent, ensureClient, runClient } from './mlflow-tools.ts';

/** Runs all scenarios; what did not pass, with what went wrong. */
async function failuresAt(t: TestContext, url: string): Promise<[string, string][] | undefined> {
  const client = ensureClient();
  if (client === null) {
    t.skip(clientAbsent);
    return undefined;
  }
  const report = Object.entries(await runClient<Record<string, string>>(client, 'mlflow_rest.py', url));
  assert.ok(report.length > 40);
  return report.filter(([, outcome]) => outcome !== 'ok');
}

test('every scenario passes here', async (t) => {
  const served = await serve(t);
  const failures = await failuresAt(t, await served.server.listen());
  if (failures === undefined) return;
  assert.deepEqual(failures, []);
  assert.deepEqual(
    served.log.filter(({ level }) => level === 'error'),
    [],
  );
});

test("every scenario passes at MLflow's own server", async (t) => {
  const server = mlflow();
  if (server === null) return t.skip(mlflowAbsent);
  const there = await server.start(temporaryFolder(t));
  t.after(() => there.stop());
  assert.deepEqual((await failuresAt(t, there.url)) ?? [], []);
});
