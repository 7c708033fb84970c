// The Open Inference Protocol, version 2: what is in production answers, and nothing else.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../support.ts';
import { COLUMNS, produce, release, shipModel } from './models.ts';
import { type Served, serve } from './support.ts';

/** A request with so many rows of the same number. */
const request = (rows: number, columns: number, value: number) => ({
  id: 'q',
  inputs: [
    {
      name: 'features',
      datatype: 'FP64',
      shape: [rows, columns],
      data: new Array(rows * columns).fill(value),
    },
  ],
});

type Inferred = {
  readonly outputs: readonly { readonly name: string; readonly shape: number[]; readonly data: unknown[] }[];
};

/** A server with a model that Pilotfish might have shipped. */
async function serveCodec(t: TestContext): Promise<Served> {
  const modelsDirectory = temporaryFolder(t);
  await shipModel(modelsDirectory, 'codec', 0.1);
  const served = await serve(t, { modelsDirectory });
  await release(served.server, 'codec');
  return served;
}

test('the server and a model say what they are', async (t) => {
  const served = await serveCodec(t);
  assert.deepEqual(await served.well({ url: '/v2/' }), {
    ...{ name: 'pilotfish', version: '0.0.0', extensions: ['model_repository'] },
  });
  assert.deepEqual(await served.well({ url: '/v2/health/live' }), { live: true });
  assert.deepEqual(await served.well({ url: '/v2/health/ready' }), { ready: true, live: true });
  const described = await served.well({ url: '/v2/models/codec' });
  assert.deepEqual(
    [described['name'], described['versions'], described['platform']],
    ['codec', ['1'], 'pilotfish'],
  );
  assert.deepEqual(await served.well({ url: '/v2/models/codec/versions/1/ready' }), {
    ...{ name: 'codec', ready: true, live: true },
  });
  // A version has a number and a text, and answers to both.
  assert.deepEqual(await served.well({ url: '/v2/models/codec/versions/v1' }), described);
  const index = (await served.ask({ method: 'POST', url: '/v2/repository/index', payload: {} })).body;
  assert.ok(JSON.stringify(index).includes('"name":"codec","version":"1","state":"READY"'));
});

test('rows go in, flat or nested, and as many answers come out', async (t) => {
  const served = await serveCodec(t);
  const columns = COLUMNS;
  const infer = (payload: object, path = '/v2/models/codec/infer') =>
    served.well({ method: 'POST', url: path, payload }) as Promise<unknown> as Promise<
      Inferred & { id: string; model_version: string }
    >;
  const { outputs, ...rest } = await infer(request(3, columns, 0.5));
  assert.deepEqual(rest, { id: 'q', model_name: 'codec', model_version: '1' });
  assert.deepEqual(
    outputs.map(({ name, shape }) => [name, shape[0]]),
    [
      ['values', 3],
      ['label', 3],
    ],
  );
  const direct = await served.server.models.predict('codec', new Array(columns).fill(0.5));
  assert.deepEqual(outputs[0]?.data.slice(0, direct.values.length), [...direct.values]);
  assert.deepEqual(outputs[1]?.data, [direct.label, direct.label, direct.label]);
  const row = new Array(columns).fill(0.5);
  const nested = { inputs: [{ name: 'x', datatype: 'FP32', shape: [3, columns], data: [row, row, row] }] };
  assert.deepEqual((await infer(nested, '/v2/models/codec/versions/1/infer')).outputs, outputs);
  const single = {
    inputs: [{ name: 'x', datatype: 'FP64', shape: [columns], data: row }],
    outputs: [{ name: 'label' }],
  };
  assert.deepEqual((await infer(single)).outputs, [
    { name: 'label', datatype: 'BYTES', shape: [1], data: [direct.label] },
  ]);
});

test('what is wrong with a request is said, with the status for it', async (t) => {
  const served = await serveCodec(t);
  const columns = COLUMNS;
  const tensor = { name: 'x', datatype: 'FP64', shape: [1, columns], data: new Array(columns).fill(0) };
  const cases: readonly [object, number, RegExp][] = [
    [{}, 400, /give `inputs` with one tensor/],
    [{ inputs: [tensor, tensor] }, 400, /one tensor/],
    [{ inputs: [{ ...tensor, shape: [1, columns + 1] }] }, 400, /values where its shape has/],
    [{ inputs: [{ ...tensor, shape: [1, 1], data: [1] }] }, 400, /where the model takes \[-1, \d+\]/],
    [{ inputs: [{ ...tensor, shape: [-1, columns] }] }, 400, /shape of whole numbers/],
    [{ inputs: [{ ...tensor, datatype: 'BYTES' }] }, 501, /models here take numbers/],
    [
      { inputs: [{ ...tensor, datatype: 'UINT8', data: new Array(columns).fill(256) }] },
      400,
      /256 is no UINT8/,
    ],
    [{ inputs: [{ ...tensor, data: new Array(columns).fill('1') }] }, 400, /"1" is no FP64/],
    [{ inputs: [tensor], outputs: [{ name: 'nope' }] }, 400, /no output "nope"/],
    [{ inputs: [{ ...tensor, data: new Array(columns).fill(null) }] }, 400, /give finite numbers/],
  ];
  for (const [payload, status, message] of cases) {
    const answer = await served.ask({ method: 'POST', url: '/v2/models/codec/infer', payload });
    assert.equal(answer.status, status, answer.text);
    assert.match(String(answer.body['error']), message);
  }
  for (const url of ['/v2/models/none', '/v2/models/codec/versions/7', '/v2/models/none/ready']) {
    assert.equal((await served.ask({ url })).status, 404);
  }
});

test('a model is unloaded and loaded again; one that left production no longer answers', async (t) => {
  const served = await serveCodec(t);
  const post = (url: string) => served.ask({ method: 'POST', url, payload: {} });
  const isReady = async () =>
    JSON.stringify((await post('/v2/repository/index')).body).includes(
      '"name":"codec","version":"1","state":"READY"',
    );
  assert.equal((await post('/v2/repository/models/codec/unload')).status, 200);
  assert.equal(await isReady(), false);
  assert.equal((await post('/v2/repository/models/codec/load')).status, 200);
  assert.equal(await isReady(), true);
  const stage = { name: 'codec', version: '1', stage: 'Archived', archive_existing_versions: false };
  assert.equal((await served.mlflow('POST', 'model-versions/transition-stage', stage)).status, 200);
  await served.server.followed();
  assert.equal((await served.ask({ url: '/v2/models/codec' })).status, 404);
});

test('what is in production answers: a promotion, a rollback, and a version whose bytes were changed', async (t) => {
  const data = temporaryFolder(t);
  const served = await serve(t, { data });
  const { registry } = served.server.directory;
  const ask = async (of = served) => {
    const inputs = [{ name: 'x', datatype: 'FP64', shape: [1, 2], data: [0, 0] }];
    const answer = (await of.well({
      method: 'POST',
      url: '/v2/models/trees/infer',
      payload: { inputs },
    })) as unknown as Inferred & {
      model_version: string;
    };
    return [answer.model_version, answer.outputs[0]?.data[0]];
  };
  await produce(registry, 'trees', 1);
  await served.server.followed();
  assert.deepEqual(await ask(), ['1', 1]);
  await produce(registry, 'trees', 2);
  await served.server.followed();
  assert.deepEqual(await ask(), ['2', 2]);
  await registry.rollbackModel('trees');
  await served.server.followed();
  assert.deepEqual(await ask(), ['1', 1]);
  const third = await produce(registry, 'trees', 3);
  registry.store.remove((await registry.getModel(third)).fileHash ?? '');
  await served.server.followed();
  assert.deepEqual(await ask(), ['1', 1]);
  assert.equal((await registry.getModel(third)).health, 'damaged');
  // A server that never saw a better one finds it in the log of promotions.
  await served.server.close();
  assert.deepEqual(await ask(await serve(t, { data })), ['1', 1]);
});

test('a version that cannot be asked is said once to be so, and keeps no other from answering', async (t) => {
  const served = await serve(t);
  const { registry } = served.server.directory;
  await registry.models.create({ name: 'words', policy: 'open' });
  const metadata = {
    name: 'words',
    version: 'v1',
    algorithm: 'none',
    framework: 'none',
    filePath: 'words.txt',
  };
  const modelId = await registry.registerModel(metadata, Buffer.from('words'));
  await registry.promoteModel(modelId, 'production');
  await produce(registry, 'trees', 1);
  for (let look = 0; look < 3; look += 1) await served.server.followed();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const said = served.log.filter(({ level, model }) => level === 'warn' && model === 'words');
  assert.deepEqual(new Set(said.map(({ code }) => code)), new Set(['UNSUPPORTED']));
  assert.ok(said.length <= 2, `${said.length} times`);
  assert.deepEqual(served.server.served, ['trees']);
  assert.equal((await served.ask({ url: '/v2/models/words/ready' })).status, 501);
});

test('shipped models: lineage and evidence come along; one that loses against the rule is kept, not served', async (t) => {
  const modelsDirectory = temporaryFolder(t);
  await shipModel(modelsDirectory, 'codec', 0.1);
  await shipModel(modelsDirectory, 'loser', -0.1);
  const data = temporaryFolder(t);
  for (let start = 0; start < 2; start += 1) {
    const served = await serve(t, { data, modelsDirectory });
    const { registry } = served.server.directory;
    const known = await registry.listModels();
    assert.deepEqual(
      known.map(({ name, version, status }) => [name, version, status]),
      [
        ['codec', 'v1', 'staging'],
        ['loser', 'v1', 'draft'],
      ],
    );
    assert.match(known[0]?.lineage?.datasetHash ?? '', /^[0-9a-f]{64}$/);
    const evidence = await registry.transitions.evidenceOf({ name: 'loser', version: 1 });
    assert.deepEqual(
      evidence.map(({ kind, passed }) => [kind, passed]),
      [['evaluation', false]],
    );
    assert.deepEqual(served.server.served, [], 'nobody has tried them here');
    await served.server.close();
  }
});
