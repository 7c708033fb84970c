// What a real MLflow 3.3.2 server answered, asked again: the same status, the same keys, the same types, the same words.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../support.ts';
import { type Answer, serve } from './support.ts';

type Exchange = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly req: Record<string, unknown> | null;
  readonly status: number;
  readonly ctype: string;
  readonly resp: unknown;
};

const exchanges = JSON.parse(
  readFileSync(join(root, 'test/vectors/mlflow-exchanges.json'), 'utf8'),
) as Exchange[];

/** They differ from server to server. */
const VARIES = /^(.*_timestamp|creation_time|last_update_time|run_id|run_uuid|artifact_uri|user_id)$/;

/** Values where they must be the same, types where they vary. */
function shapeOf(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [name, shapeOf(item, name)]),
    );
  }
  if (VARIES.test(key) && value !== '') return typeof value;
  // Python prints a set, in an order of its own.
  return key === 'message'
    ? String(value)
        .replace(/'\{.*\}'/, 'SET')
        .replaceAll(/[0-9a-f]{32}/g, 'ID')
    : value;
}

/** The only thing about tags and metrics that is not said: their order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}

for (const api of ['api', 'ajax-api']) {
  test(`the recorded exchanges, below /${api}`, async (t) => {
    const served = await serve(t, { version: '3.3.2.dev0' });
    let runId = '';
    for (const [at, { method, path, req, status, ctype, resp }] of exchanges.entries()) {
      const values = { ...req, ...(req !== null && 'run_id' in req ? { run_id: runId } : {}) };
      const url = path.replace('/api/', `/${api}/`);
      const answer: Answer =
        method === 'GET'
          ? await served.ask({
              method,
              url,
              query: Object.fromEntries(Object.entries(values).map(([k, v]) => [k, String(v)])),
            })
          : await served.ask({ method, url, payload: values });
      const what = `${at}: ${method} ${path} ${JSON.stringify(req)}`;
      assert.equal(answer.status, status, `${what}\n${answer.text}`);
      assert.equal(answer.type.replace('; charset=utf-8', ''), ctype.replace('; charset=utf-8', ''), what);
      const expected = typeof resp === 'string' ? resp : sorted(shapeOf(resp));
      assert.deepEqual(typeof resp === 'string' ? answer.text : sorted(shapeOf(answer.body)), expected, what);
      if (path.endsWith('runs/create'))
        runId = (answer.body as { run: { info: { run_id: string } } }).run.info.run_id;
    }
  });
}
