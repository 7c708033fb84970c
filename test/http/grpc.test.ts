// The Open Inference Protocol over gRPC: the same models, keys and limits as over REST.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ManualClock, secureBytes } from '../../src/base/index.ts';
import { KeyStore, type ServerOptions } from '../../src/http/index.ts';
import { bodyOf } from '../../src/http/inference/grpc-tensors.ts';
import { Place } from '../cli/support.ts';
import { root, temporaryFolder } from '../support.ts';
import { COLUMNS, release, shipModel } from './models.ts';
import { type Served, serve } from './support.ts';

type Message = Record<string, unknown>;
type Call = (
  request: object,
  metadata: Metadata,
  done: (error: ServiceError | null, message: Message) => void,
) => void;

const PROTO = join(root, 'src/http/inference/open_inference.proto');

class Asker {
  readonly #client: Client & Record<string, Call>;

  constructor(address: string) {
    const service = loadPackageDefinition(loadSync(PROTO, { keepCase: true, longs: Number, defaults: true }));
    const { GRPCInferenceService: Service } = service['inference'] as unknown as {
      readonly GRPCInferenceService: new (...args: unknown[]) => Client & Record<string, Call>;
    };
    this.#client = new Service(address, credentials.createInsecure());
  }

  ask(method: string, request: object = {}, key?: string): Promise<Message> {
    const metadata = new Metadata();
    if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
    return new Promise((resolve, reject) => {
      const call = this.#client[method] as Call;
      call.call(this.#client, request, metadata, (error, message) =>
        error ? reject(error) : resolve(message),
      );
    });
  }

  /** One that must be refused, so. */
  async refused(code: status, reason: RegExp, ...call: Parameters<Asker['ask']>): Promise<void> {
    await assert.rejects(this.ask(...call), ({ code: found, details }: ServiceError) => {
      assert.match(details, reason);
      assert.equal(status[found], status[code]);
      return true;
    });
  }

  close(): void {
    this.#client.close();
  }
}

async function open(t: TestContext, options: Partial<ServerOptions> = {}): Promise<[Asker, Served]> {
  const modelsDirectory = temporaryFolder(t);
  await shipModel(modelsDirectory, 'codec', 0.1);
  const served = await serve(t, { modelsDirectory, grpcPort: 0, ...options });
  await release(served.server, 'codec');
  await served.server.listen();
  const asker = new Asker(served.server.grpc as string);
  t.after(() => asker.close());
  return [asker, served];
}

const infer = (input: object, more: object = {}) => ({
  ...{ model_name: 'codec', inputs: [{ name: 'features', datatype: 'FP64', shape: [1, COLUMNS], ...input }] },
  ...more,
});
const ones = new Array<number>(COLUMNS).fill(1);

test('the server and a model say what they are', async (t) => {
  const [asker] = await open(t);
  assert.deepEqual(await asker.ask('ServerLive'), { live: true });
  assert.deepEqual(await asker.ask('ServerReady'), { ready: true });
  assert.deepEqual(await asker.ask('ServerMetadata'), {
    ...{ name: 'pilotfish', version: '0.0.0', extensions: ['model_repository'] },
  });
  assert.deepEqual(await asker.ask('ModelReady', { name: 'codec', version: '1' }), { ready: true });
  assert.deepEqual(await asker.ask('ModelMetadata', { name: 'codec' }), {
    ...{ name: 'codec', versions: ['1'], platform: 'pilotfish' },
    inputs: [{ name: 'features', datatype: 'FP64', shape: [-1, COLUMNS] }],
    outputs: [
      { name: 'values', datatype: 'FP64', shape: [-1, 4] },
      { name: 'label', datatype: 'BYTES', shape: [-1] },
    ],
  });
});

test('calls are counted with the requests of their routes', async (t) => {
  const [asker, served] = await open(t);
  await asker.ask('ModelReady', { name: 'codec' });
  await asker.refused(status.NOT_FOUND, /in production/, 'ModelReady', { name: 'other' });
  const { text } = await served.ask({ url: '/metrics' });
  for (const code of [200, 404]) {
    const counted = `pilotfish_http_requests_total{method="GET",route="/v2/models/:model/ready",status="${code}"} 1\n`;
    assert.ok(text.includes(counted), text);
  }
});

test('models are listed, unloaded and loaded', async (t) => {
  const [asker] = await open(t);
  const ready = { models: [{ name: 'codec', version: '1', state: 'READY', reason: '' }] };
  assert.deepEqual(await asker.ask('RepositoryIndex'), ready);
  await asker.ask('RepositoryModelUnload', { model_name: 'codec' });
  assert.deepEqual(await asker.ask('RepositoryIndex', { ready: true }), { models: [] });
  await asker.ask('RepositoryModelLoad', { model_name: 'codec' });
  assert.deepEqual(await asker.ask('RepositoryIndex', { ready: true }), ready);
});

test('numbers of every datatype mean the same, in their field and raw', async (t) => {
  const [asker, served] = await open(t);
  const direct = await served.server.models.predict('codec', ones);
  const raws: readonly [string, string, number[]][] = [
    ['BOOL', 'bool_contents', [1]],
    ['UINT8', 'uint_contents', [1]],
    ['UINT16', 'uint_contents', [1, 0]],
    ['UINT32', 'uint_contents', [1, 0, 0, 0]],
    ['UINT64', 'uint64_contents', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['INT8', 'int_contents', [1]],
    ['INT16', 'int_contents', [1, 0]],
    ['INT32', 'int_contents', [1, 0, 0, 0]],
    ['INT64', 'int64_contents', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['FP16', '', [0, 0x3c]],
    ['FP32', 'fp32_contents', [0, 0, 0x80, 0x3f]],
    ['FP64', 'fp64_contents', [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]],
  ];
  const values = Buffer.from(Float64Array.from(direct.values).buffer);
  const label = Buffer.from(direct.label as string);
  for (const [datatype, field, one] of raws) {
    const raw = Buffer.concat(ones.map(() => Buffer.from(one)));
    const packed = await asker.ask('ModelInfer', infer({ datatype }, { id: 'q', raw_input_contents: [raw] }));
    assert.deepEqual([packed['id'], packed['model_name'], packed['model_version']], ['q', 'codec', '1']);
    assert.deepEqual(packed['raw_output_contents'], [
      values,
      Buffer.concat([Buffer.from([label.length, 0, 0, 0]), label]),
    ]);
    if (field === '') continue;
    const data = datatype === 'BOOL' ? ones.map(() => true) : ones;
    const listed = await asker.ask('ModelInfer', infer({ datatype, contents: { [field]: data } }));
    const outputs = listed['outputs'] as { readonly contents: Message; readonly shape: number[] }[];
    assert.deepEqual(outputs[0]?.contents['fp64_contents'], [...direct.values], datatype);
    assert.deepEqual(outputs[1]?.contents['bytes_contents'], [label]);
    assert.deepEqual(outputs[0]?.shape, [1, 4]);
  }
});

test('halves are read to the bit', () => {
  const halves: readonly [number, number][] = [
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x0001, 2 ** -24],
    [0x83ff, -(2 ** -14 - 2 ** -24)],
    [0x0400, 2 ** -14],
    [0x7bff, 65_504],
    [0x7e00, Number.NaN],
  ];
  const raw = Buffer.from(halves.flatMap(([bits]) => [bits % 256, bits >> 8]));
  const tensor = { name: 'x', datatype: 'FP16', shape: [halves.length], contents: null };
  const rest = { model_name: 'm', model_version: '', id: '', outputs: [] };
  assert.deepEqual(bodyOf({ ...rest, inputs: [tensor], raw_input_contents: [raw] }), {
    inputs: [{ name: 'x', datatype: 'FP16', shape: tensor.shape, data: halves.map(([, value]) => value) }],
    outputs: [],
  });
});

test('what is wrong with a call is said, with the code for it', async (t) => {
  const [asker] = await open(t);
  const fp64 = { contents: { fp64_contents: ones } };
  const raw = Buffer.alloc(COLUMNS * 8);
  const cases: readonly [status, RegExp, object][] = [
    [status.INVALID_ARGUMENT, /give `inputs` with one tensor/, { model_name: 'codec' }],
    [status.INVALID_ARGUMENT, /give the name of a model/, { model_name: '' }],
    [status.INVALID_ARGUMENT, /values where its shape has/, infer({ contents: { fp32_contents: ones } })],
    [status.INVALID_ARGUMENT, /where the model takes/, infer({ shape: [COLUMNS, 1], ...fp64 })],
    [status.INVALID_ARGUMENT, /shape of whole numbers/, infer({ ...fp64, shape: [-1, COLUMNS] })],
    [status.INVALID_ARGUMENT, /infinite/, infer({ contents: { fp64_contents: ones.map(() => -Infinity) } })],
    [status.INVALID_ARGUMENT, /send it as raw/, infer({ datatype: 'FP16' })],
    [status.INVALID_ARGUMENT, /send one of them/, infer(fp64, { raw_input_contents: [raw] })],
    [status.INVALID_ARGUMENT, /2 raw contents for 1/, infer({}, { raw_input_contents: [raw, raw] })],
    [status.INVALID_ARGUMENT, /end amid a value/, infer({}, { raw_input_contents: [raw.subarray(1)] })],
    [status.INVALID_ARGUMENT, /no output "x"/, infer(fp64, { outputs: [{ name: 'x' }] })],
    [status.UNIMPLEMENTED, /models here take numbers/, infer({ datatype: 'BYTES' })],
    [status.NOT_FOUND, /no version of other\/x in production/, infer(fp64, { model_name: 'other/x' })],
    [status.NOT_FOUND, /./, infer(fp64, { model_version: '7' })],
    [
      status.RESOURCE_EXHAUSTED,
      /larger than max/,
      infer({}, { raw_input_contents: [Buffer.alloc(2 ** 24)] }),
    ],
  ];
  for (const [code, reason, request] of cases) await asker.refused(code, reason, 'ModelInfer', request);
  await asker.refused(status.NOT_FOUND, /in production/, 'ModelReady', { name: 'other' });
});

test('a name cannot lead elsewhere, nor what is said of it be long', async (t) => {
  const [asker] = await open(t);
  for (const name of ['', '.', '..', 'x'.repeat(5000)]) {
    for (const method of ['ModelMetadata', 'ModelReady']) {
      await asker.refused(status.INVALID_ARGUMENT, /give the name of a model/, method, { name });
    }
    if (name === '') continue;
    await asker.refused(status.INVALID_ARGUMENT, /name/, 'ModelMetadata', { name: 'codec', version: name });
  }
  await asker.refused(status.NOT_FOUND, /%2e%2e\/\u00fc\?/, 'ModelReady', { name: '%2e%2e/\u00fc?' });
  const outputs = [{ name: '\u{1f41f}'.repeat(2 ** 16) }];
  const request = infer({ contents: { fp64_contents: ones } }, { outputs });
  await asker.refused(
    status.INVALID_ARGUMENT,
    /^the model has no output ".{500,1000}$/u,
    'ModelInfer',
    request,
  );
});

test('a key is asked for, and its role counts', async (t) => {
  const [asker, served] = await open(t, { token: 'the-operator' });
  assert.deepEqual(await asker.ask('ServerLive'), { live: true });
  const codec = { name: 'codec' };
  await asker.refused(status.UNAUTHENTICATED, /who are you/, 'ModelMetadata', codec);
  await asker.refused(status.UNAUTHENTICATED, /not valid here/, 'ModelMetadata', codec, 'another');
  assert.deepEqual(await asker.ask('ModelReady', codec, 'the-operator'), { ready: true });
  const { state, registry } = served.server.directory;
  const clock = new ManualClock();
  const keys = await KeyStore.open({ state, audit: registry.audit, clock, random: secureBytes });
  const { key } = await keys.create({ name: 'ci', role: 'viewer', models: ['codec'] });
  await served.server.runChores();
  assert.deepEqual(await asker.ask('ModelReady', codec, key), { ready: true });
  await asker.refused(
    status.PERMISSION_DENIED,
    /not for the model trees/,
    'ModelReady',
    { name: 'trees' },
    key,
  );
  const load = { model_name: 'codec' };
  await asker.refused(status.PERMISSION_DENIED, /needs the role approver/, 'RepositoryModelLoad', load, key);
});

test('of a caller without a key no message is read: the headers are answered', async (t) => {
  const [, served] = await open(t, { token: 'the-operator' });
  const session = connect(`http://${served.server.grpc}`);
  t.after(() => session.destroy());
  for (const [authorization, code] of [
    ['Bearer wrong', status.UNAUTHENTICATED],
    [undefined, status.UNAUTHENTICATED],
  ] as const) {
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/inference.GRPCInferenceService/ModelInfer' },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
      ...(authorization === undefined ? {} : { authorization }),
    });
    stream.on('error', () => undefined);
    // The beginning of a message of 16 MiB, whose end never comes.
    stream.write(Buffer.from([0, 1, 0, 0, 0, 7]));
    const [headers] = (await once(stream, 'response')) as [Record<string, string>];
    assert.equal(Number(headers['grpc-status']), code);
    stream.close();
  }
});

test('while calls under way are answered, the server says that it is not ready', async (t) => {
  const clock = new ManualClock();
  const [asker, served] = await open(t, { clock });
  await asker.ask('ServerLive');
  const session = connect(`http://${served.server.grpc}`);
  t.after(() => session.destroy());
  session.on('error', () => undefined);
  const path = '/inference.GRPCInferenceService/ServerLive';
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  stream.on('error', () => undefined).write(Buffer.alloc(1));
  await new Promise((resolve) => session.ping(resolve));
  const closed = served.server.close();
  assert.deepEqual(
    await Promise.all(
      ['/ready', '/v2/health/ready', '/health'].map(async (url) => (await served.ask({ url })).status),
    ),
    [503, 503, 200],
  );
  clock.advance(10_000);
  await closed;
});

test('calls count against the limit of their client', async (t) => {
  const [asker] = await open(t, { requestsPerSecond: 2, clock: new ManualClock() });
  const calls = Array.from({ length: 5 }, () => asker.ask('ModelReady', { name: 'codec' }));
  const codes = (await Promise.allSettled(calls)).map((answer) =>
    answer.status === 'rejected' ? status[(answer.reason as ServiceError).code] : 'OK',
  );
  const busy = 'RESOURCE_EXHAUSTED';
  assert.deepEqual(codes.sort(), ['OK', 'OK', busy, busy, busy]);
  await asker.refused(status.RESOURCE_EXHAUSTED, /slow down/, 'ModelReady', { name: 'codec' });
});

test('calls under way are answered when the server ends, later ones are not', async (t) => {
  const [asker, served] = await open(t);
  await asker.ask('ServerLive');
  const rows = 4096;
  const shape = [rows, COLUMNS];
  const raw = Buffer.alloc(rows * COLUMNS * 8);
  const answer = asker.ask('ModelInfer', infer({ shape }, { raw_input_contents: [raw] }));
  const request = asker.ask('ServerReady');
  await request;
  await served.server.close();
  assert.equal(((await answer)['raw_output_contents'] as Buffer[])[0]?.length, rows * 4 * 8);
  await asker.refused(status.UNAVAILABLE, /./, 'ServerLive');
});

test('a caller who never ends is cut off when the time to drain is over', async (t) => {
  const clock = new ManualClock();
  const [asker, served] = await open(t, { clock });
  await asker.ask('ServerLive');
  const session = connect(`http://${served.server.grpc}`);
  t.after(() => session.destroy());
  session.on('error', () => undefined);
  await once(session, 'connect');
  const path = '/inference.GRPCInferenceService/ServerLive';
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  const ended = new Promise((resolve) => stream.once('close', resolve).on('error', () => undefined));
  stream.write(Buffer.alloc(1));
  // Sent after it on the same connection, so that the server has the first when this comes back.
  await new Promise((resolve) => session.ping(resolve));
  const closed = served.server.close();
  let isOpen = true;
  void closed.then(() => {
    isOpen = false;
  });
  await asker.refused(status.UNAVAILABLE, /./, 'ServerLive');
  assert.ok(isOpen, 'it waits');
  clock.advance(10_000);
  await Promise.all([closed, ended]);
});

test('a port that is taken is said', async (t) => {
  const [, served] = await open(t);
  const grpcPort = Number(/[0-9]+$/.exec(served.server.grpc as string)?.[0]);
  const other = await serve(t, { grpcPort });
  await assert.rejects(other.server.listen(), /choose another --grpc-port/);
});

test('the command says where gRPC is, and ends with it', async (t) => {
  const place = new Place(t);
  const child = place.start(['serve', '--data', 'data', '--port', '0', '--grpc-port', '0', '--json']);
  const [line] = (await once(child.stdout as Readable, 'data')) as [Buffer];
  const asker = new Asker((JSON.parse(String(line)) as { grpc: string }).grpc);
  t.after(() => asker.close());
  assert.deepEqual(await asker.ask('ServerLive'), { live: true });
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('without its packages it says which', (t) => {
  const place = new Place(t);
  place.write({
    'absent.mjs': `import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => next(name.replace(/^@grpc/, '@absent'), context) });`,
  });
  const env = { NODE_OPTIONS: `--import ${place.path('absent.mjs')}` };
  const { code, stderr } = place.run(['serve', '--data', 'data', '--grpc-port', '0'], { env });
  assert.match(stderr, /npm install @grpc\/grpc-js @grpc\/proto-loader/);
  assert.notEqual(code, 0);
  assert.ok(!existsSync(place.path('data')), 'nothing was begun');
});
