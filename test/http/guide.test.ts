// The commands and the code of docs/guides/serving.md, run as they stand there.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PilotfishClient } from '../../src/http/client/index.ts';
import { MlflowClient } from '../../src/index.ts';
import { Place } from '../cli/support.ts';
import { root } from '../support.ts';
import { constantModel } from './models.ts';
import { serve } from './support.ts';

const guide = readFileSync(join(root, 'docs/guides/serving.md'), 'utf8');
const codeOf = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\n\`\`\``, 'g'))].map(
    ([, code]) => code as string,
  );
const commands = codeOf('sh').flatMap((code) => code.trim().split('\n'));
const outputs = codeOf('text').flatMap((text) => text.split('\n'));

/** An output with its times and sizes made the same. */
const shapeOf = (output: string): string =>
  output
    .trim()
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, 'TIME')
    .replace(/\d+ bytes/, 'N bytes');

/** The words of a command; those in quotes are one. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');

/** Runs a piece of the guide with what it imports and prints. */
async function printedBy(code: string, names: Readonly<Record<string, unknown>>): Promise<unknown[]> {
  const printed: unknown[] = [];
  const body = code.replace(/^import .*\n/, '');
  const given = { ...names, console: { log: (value: unknown) => printed.push(value) } };
  await new Function(...Object.keys(given), `return (async () => {${body}})()`)(...Object.values(given));
  return printed;
}

test('the commands of the serving guide', async (t) => {
  const place = new Place(t);
  place.write({ 'trees-1.json': constantModel(1), 'trees-2.json': constantModel(2) });
  const [
    install = '',
    start = '',
    register = '',
    promote = '',
    infer = '',
    rollback = '',
    out = '',
    keys = '',
  ] = commands;
  assert.match(install, /^npm install fastify /);
  assert.equal(start, 'pilotfish serve --data data --port 5000');
  const [{ server }, elsewhere] = [await serve(t, { data: place.path('data') }), await serve(t)];
  const [url, mlflow] = [await server.listen(), await elsewhere.server.listen()];
  const here = (text: string) =>
    text.replace('http://127.0.0.1:5000', url).replace('http://127.0.0.1:5001', mlflow);
  const run = async (command: string) => (await place.given(...wordsOf(here(command)).slice(1))).stdout;
  const ask = async () => {
    await server.followed();
    const [, , path = '', , body = ''] = wordsOf(infer);
    return (await fetch(here(path), { method: 'POST', body })).text();
  };
  const told = [shapeOf(await run(register)), shapeOf(await run(promote)), await ask()];
  for (const command of [register, promote])
    await run(command.replace('trees-1', 'trees-2').replace('v1.0.0', 'v2.0.0'));
  assert.match(await ask(), /"model_version":"2"/);
  told.push(shapeOf(await run(rollback)), shapeOf(await run(out)));
  assert.equal(await ask(), told[2]);
  assert.deepEqual(told, outputs.slice(1).map(here).map(shapeOf));
  assert.match(keys, /^pilotfish keys create /);

  const [client = '', logging = ''] = codeOf('ts').map(here);
  assert.deepEqual(await printedBy(client, { PilotfishClient }), [[1]]);
  const path = logging.replace('trees-1.json', place.path('trees-1.json'));
  assert.deepEqual(await printedBy(path, { MlflowClient }), [32]);
});

test('what the server says when it starts with the models that come with it', async (t) => {
  const place = new Place(t);
  const child = place.start(['serve', '--data', 'data', '--port', '0', '--models', join(root, 'models')]);
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  assert.equal(
    line
      .toString()
      .replace(/127\.0\.0\.1:\d+/, '127.0.0.1:5000')
      .trim(),
    outputs[0],
  );
});
