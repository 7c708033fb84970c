// Rows in bulk: line by line, once each, and read back as a data set.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { secureBytes, systemClock } from '../../src/base/index.ts';
import { KeyStore } from '../../src/http/index.ts';
import { openDataSource, readDataSource } from '../../src/lifecycle/index.ts';
import { produce } from './models.ts';
import { type Served, serve } from './support.ts';

const BLOCKS = { features: ['size', 'depth'], classes: ['zstd', 'lz4'], costs: 2, model: 'trees' };
const headers = { 'content-type': 'application/x-ndjson' };
const text = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
type Report = {
  accepted: number;
  repeated: number;
  rejected: number;
  errors: { line: number; message: string }[];
};

const define = (served: Served, payload: object, name = 'blocks') =>
  served.ask({ method: 'PUT', url: `/api/v1/sources/${name}`, payload });

async function send(served: Served, payload: string | Buffer, name = 'blocks'): Promise<Report> {
  return (await served.well({ method: 'POST', url: `/api/v1/ingest/${name}`, payload, headers })) as Report;
}

const sample = (i: number, more: object = {}) => ({
  ...{
    kind: 'sample',
    id: `s${i}`,
    features: { size: i / 10, depth: i % 3 === 0 ? null : i },
    label: 'zstd',
  },
  ...{ group: `file-${i % 4}`, time: i, cost: [1, 2], ...more },
});

test('rows come line by line, each counts once, and what is wrong is said by line', async (t) => {
  const served = await serve(t);
  assert.equal((await define(served, BLOCKS)).status, 200);
  const good = [0, 1, 2].map((i) => sample(i));
  const lines = [
    ...good.slice(0, 2).map((row) => JSON.stringify(row)),
    ...['', 'no json', '{"kind":"sample"}', JSON.stringify(sample(9, { label: 'brotli' }))],
    JSON.stringify(sample(9, { features: { size: 1 } })),
    JSON.stringify(sample(9, { surprise: 1 })),
    `{"kind":"sample","id":"${'x'.repeat(300_000)}"}`,
    JSON.stringify(sample(1, { label: 'lz4' })),
    JSON.stringify(good[2]),
  ];
  const first = await send(served, lines.join('\r\n'));
  assert.deepEqual([first.accepted, first.repeated, first.rejected], [3, 0, 7]);
  assert.deepEqual(
    first.errors.map(({ line, message }) => [line, message.split(':')[0]]),
    [
      [4, 'the line is no JSON'],
      [5, 'id'],
      [6, 'label'],
      [7, 'features.depth'],
      [8, 'the row'],
      [9, 'the line has more than 262144 bytes, or is no UTF-8'],
      [10, 'id'],
    ],
  );
  const again = await send(served, text([...good, sample(3)]));
  assert.deepEqual(again, { accepted: 1, repeated: 3, rejected: 0, errors: [] });
  const { sources } = (await served.well({ url: '/api/v1/sources' })) as {
    sources: { name: string; rows: number }[];
  };
  assert.deepEqual(
    sources.map(({ name, rows }) => [name, rows]),
    [['blocks', 4]],
  );
});

test('features and their outcomes are samples, which openDataSource reads from the address', async (t) => {
  const served = await serve(t);
  await define(served, BLOCKS);
  const count = 1200;
  const rows = Array.from({ length: count }, (_, i) => {
    const { features, group, time } = sample(i);
    return { kind: 'features', id: `b${i}`, features, group, time };
  });
  const outcomes = rows.map(({ id }, i) => ({
    kind: 'outcome',
    id,
    label: i % 2 === 0 ? 'zstd' : 'lz4',
    cost: [1, 2],
  }));
  // Some outcomes come before their features, and some features never get any.
  await send(served, text(outcomes.slice(0, 10)));
  await send(served, text([...rows, { ...rows[0], id: 'never' }]));
  await send(served, text(outcomes));
  const url = await served.server.listen();
  const dataset = await readDataSource(openDataSource(`${url}/api/v1/sources/blocks/samples`));
  assert.equal(dataset.length, count);
  const { features, label, group, time, cost } = dataset.sampleAt(3);
  assert.deepEqual(
    [[...features], label, group, time, [...(cost ?? [])]],
    [[0.3, Number.NaN], 'lz4', 'file-3', 3, [1, 2]],
  );
});

test('the outcomes of a model are its accuracy and gain on /metrics, by the version that answers', async (t) => {
  const served = await serve(t);
  const { registry } = served.server.directory;
  await produce(registry, 'trees', 1);
  await served.server.followed();
  await define(served, BLOCKS);
  const judged = (from: number, version: string, right: number) =>
    Array.from({ length: 40 }, (_, i) => {
      const decision = i < right ? 'zstd' : 'lz4';
      return sample(from + i, { decision, rule: 'lz4', version });
    });
  const metrics = async () => (await served.ask({ url: '/metrics' })).text;
  await send(served, text(judged(0, '1', 30).slice(0, 20)));
  assert.doesNotMatch(await metrics(), /accuracy_ratio\{/);
  await send(served, text(judged(0, '1', 30)));
  // 30 of 40 right; cost 30 * 1 + 10 * 2 instead of 40 * 2.
  assert.match(await metrics(), /pilotfish_model_accuracy_ratio\{model="trees"\} 0\.75\n/);
  assert.match(await metrics(), /pilotfish_model_gain_ratio\{model="trees"\} 0\.375\n/);
  await send(served, text(judged(100, '2', 10)));
  assert.match(await metrics(), /accuracy_ratio\{model="trees"\} 0\.75\n/);
  await produce(registry, 'trees', 2);
  await served.server.followed();
  await served.server.runChores();
  assert.match(await metrics(), /accuracy_ratio\{model="trees"\} 0\.25\n/);
});

test('a source with rows keeps what its rows are, and forgets the oldest', async (t) => {
  const served = await serve(t);
  await define(served, BLOCKS);
  await send(served, text([0, 1, 2].map((i) => sample(i))));
  const other = await define(served, { ...BLOCKS, features: ['size'] });
  assert.deepEqual([other.status, (other.body['error'] as { code: string }).code], [409, 'REFUSED']);
  assert.equal((await define(served, { ...BLOCKS, model: null, keepRows: 4 })).body['rows'], 3);
  await send(served, text([3, 4, 5].map((i) => sample(i))));
  const { text: kept } = await served.ask({ url: '/api/v1/sources/blocks/samples' });
  assert.deepEqual(
    kept
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { time: number }).time),
    [2, 3, 4, 5],
  );
});

test('a key for some models is for the sources of those, also when they are made anew', async (t) => {
  const served = await serve(t);
  const { state, registry } = served.server.directory;
  const ports = { state, audit: registry.audit, clock: systemClock, random: secureBytes };
  const keys = await KeyStore.open(ports);
  const keyOf = async (models: string[]): Promise<string> =>
    (await keys.create({ name: 'sender', role: 'contributor', models })).key;
  const [own, other] = [await keyOf(['trees']), await keyOf(['other'])];
  await served.server.runChores();
  const ask = async (
    key: string,
    method: 'GET' | 'PUT' | 'POST',
    url: string,
    payload: object | string = {},
  ) => {
    const type = typeof payload === 'string' ? headers : {};
    const given = { authorization: `Bearer ${key}`, ...type };
    const body = method === 'GET' ? {} : { payload };
    return (await served.ask({ method, url: `/api/v1/${url}`, headers: given, ...body })).status;
  };
  assert.equal(await ask(own, 'PUT', 'sources/blocks', BLOCKS), 200);
  assert.equal(await ask(other, 'PUT', 'sources/blocks', { ...BLOCKS, model: 'other' }), 403);
  assert.equal(await ask(own, 'PUT', 'sources/free', { ...BLOCKS, model: null }), 403);
  for (const [key, status] of [
    [own, 200],
    [other, 403],
  ] as const) {
    assert.equal(await ask(key, 'POST', 'ingest/blocks', text([sample(1)])), status);
    assert.equal(await ask(key, 'GET', 'sources/blocks/samples'), status);
  }
});

test('what is no source is refused', async (t) => {
  const served = await serve(t);
  const cases: readonly [object, number][] = [
    [{ ...BLOCKS, features: [] }, 400],
    [{ ...BLOCKS, features: ['a', 'A'] }, 400],
    [{ ...BLOCKS, classes: ['one'] }, 400],
    [{ ...BLOCKS, keep: 1 }, 400],
  ];
  for (const [payload, status] of cases) assert.equal((await define(served, payload)).status, status);
  assert.equal((await define(served, BLOCKS, '..')).status, 404);
  const ask = (url: string, type: string) =>
    served.ask({ method: 'POST', url, payload: '{}', headers: { 'content-type': type } });
  assert.equal((await ask('/api/v1/ingest/none', 'application/x-ndjson')).status, 404);
  await define(served, BLOCKS);
  assert.equal((await ask('/api/v1/ingest/blocks', 'application/json')).status, 400);
  assert.equal((await served.ask({ url: '/api/v1/sources/none/samples' })).status, 404);
});

test('beyond eight bodies at once the next is told to wait; who hangs up gives room', async (t) => {
  const served = await serve(t);
  await define(served, BLOCKS);
  const url = await served.server.listen();
  const open = Array.from({ length: 8 }, (_, i) => {
    const sent = request(`${url}/api/v1/ingest/blocks`, { method: 'POST', headers });
    sent.on('error', () => undefined);
    sent.write(text([sample(i)]));
    return sent;
  });
  const post = () =>
    fetch(`${url}/api/v1/ingest/blocks`, { method: 'POST', headers, body: text([sample(100)]) });
  const until = async (status: number): Promise<Response> => {
    for (;;) {
      const answer = await post();
      if (answer.status === status) return answer;
    }
  };
  const refused = await until(429);
  assert.equal(refused.headers.get('retry-after'), '1');
  for (const sent of open) sent.destroy();
  assert.equal((await until(200)).status, 200);
});
