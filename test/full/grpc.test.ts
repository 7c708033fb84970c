// A client that Debian's tools for gRPC make of the .proto file, against the server.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { COLUMNS, release, shipModel } from '../http/models.ts';
import { serve } from '../http/support.ts';
import { root, temporaryFolder } from '../support.ts';
import { absent, installPackages } from './tools.ts';

const PYTHON = '/usr/bin/python3';
const PACKAGE = 'python3-grpc-tools';
const script = join(root, 'test/full/inference_client.py');
const proto = join(root, 'src/http/inference/open_inference.proto');

function isThere(): boolean {
  return spawnSync(PYTHON, ['-I', '-c', 'import grpc, grpc_tools.protoc']).status === 0;
}

test('a client of other tools finds the protocol as its file has it', async (t) => {
  if (!isThere() && !(installPackages(PACKAGE) && isThere())) return t.skip(absent(PACKAGE));
  const modelsDirectory = temporaryFolder(t);
  await shipModel(modelsDirectory, 'codec', 0.1);
  const { server } = await serve(t, { modelsDirectory, grpcPort: 0 });
  await release(server, 'codec');
  await server.listen();
  const places = [server.grpc as string, proto, temporaryFolder(t), String(COLUMNS)];
  const child = spawn(PYTHON, ['-I', script, ...places], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const [output, complaint] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  assert.equal(await ended, 0, Buffer.concat(complaint).toString());
  const { values, label } = await server.models.predict('codec', new Array(COLUMNS).fill(0.5));
  assert.deepEqual(JSON.parse(Buffer.concat(output).toString()), {
    ...{ live: true, ready: true, name: 'pilotfish', modelReady: true, refused: 'NOT_FOUND' },
    inputs: [['features', 'FP64', [-1, COLUMNS]]],
    answer: ['q', 'codec', '1'],
    values: [...values, ...values],
    labels: [label, label],
    raw: [...values, ...values],
  });
});
