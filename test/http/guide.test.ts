// The commands and the code of docs/guides/serving.md, run as they stand there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PilotfishClient } from '../../src/http/client.ts';
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

test('the commands of the serving guide', async (t) => {
  const place = new Place(t);
  place.write({ 'trees-1.json': constantModel(1), 'trees-2.json': constantModel(2) });
  const [
    install = '',
    start = '',
    register = '',
    testing = '',
    staging = '',
    production = '',
    infer = '',
    rollback = '',
    keys = '',
  ] = commands;
  assert.match(install, /^npm install fastify /);
  assert.equal(start, 'pilotfish serve --data data --port 5000');
  const { server } = await serve(t, { data: place.path('data') });
  const url = await server.listen();
  const run = async (command: string) => (await place.given(...wordsOf(command).slice(1))).stdout;
  const ask = async () => {
    await server.followed();
    const [, , path = '', , body = ''] = wordsOf(infer);
    return (await fetch(path.replace('http://127.0.0.1:5000', url), { method: 'POST', body })).text();
  };
  const told: string[] = [];
  for (const command of [register, testing, staging, production]) told.push(shapeOf(await run(command)));
  told.push(await ask());
  for (const command of [register, testing, staging, production]) {
    await run(command.replace('trees-1', 'trees-2').replace('v1.0.0', 'v2.0.0'));
  }
  assert.match(await ask(), /"model_version":"2"/);
  told.push(shapeOf(await run(rollback)));
  assert.equal(await ask(), told.at(-2));
  assert.deepEqual(told, outputs.slice(1).map(shapeOf));

  const [code = ''] = codeOf('ts');
  const body = code.replace(/^import .*\n/, '').replace('http://127.0.0.1:5000', url);
  const printed: unknown[] = [];
  const program = new Function('PilotfishClient', 'console', `return (async () => {${body}})()`);
  await program(PilotfishClient, { log: (value: unknown) => printed.push(value) });
  assert.deepEqual(printed, [[1]]);
  assert.match(keys, /^pilotfish keys create /);
});
