// The commands and the code of docs/guides/ingest.md, and the settings of docs/operations, as they stand there.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readServeFile } from '../../src/cli/server/config-file.ts';
import { openDataSource, readDataSource } from '../../src/index.ts';
import { root, temporaryFolder } from '../support.ts';
import { serve } from './support.ts';

const page = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');
const codeOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\n\`\`\``, 'g'))].map(
    ([, code]) => code as string,
  );

test('the guide to ingest: define, send, read', async (t) => {
  const guide = page('guides/ingest.md');
  const [define = '', send = ''] = codeOf(guide, 'sh')[0]?.split('\n') ?? [];
  const served = await serve(t);
  const url = await served.server.listen();
  const here = (text: string): string => text.replace('http://127.0.0.1:5000', url);
  const address = (command: string): string => here(/http\S+/.exec(command)?.[0] ?? '');
  const typeOf = (command: string): string => /content-type: ([\w/-]+)/.exec(command)?.[1] ?? '';
  const body = /-d '(.*)'$/.exec(define)?.[1] ?? '';
  const ask = async (command: string, method: string, payload: string): Promise<string> => {
    const answer = await fetch(address(command), {
      method,
      headers: { 'content-type': typeOf(command) },
      body: payload,
    });
    assert.equal(answer.status, 200);
    return answer.text();
  };
  await ask(define, 'PUT', body);
  assert.match(send, /--data-binary @rows\.jsonl$/);
  assert.equal(await ask(send, 'POST', codeOf(guide, 'json')[0] ?? ''), codeOf(guide, 'text')[0]);
  const [code = ''] = codeOf(guide, 'ts');
  const dataset = await readDataSource(openDataSource(here(/'(http[^']+)'/.exec(code)?.[1] ?? '')));
  assert.deepEqual(
    [dataset.length, dataset.sampleAt(1).label, dataset.features.map(({ name }) => name)],
    [...[2, 'none', ['size_log', 'entropy']]],
  );
});

test('the settings that the pages on operations show can be used', async (t) => {
  const folder = temporaryFolder(t);
  const texts = ['operations/configuration.md', 'operations/alerts.md'].flatMap((name) =>
    codeOf(page(name), 'json'),
  );
  assert.equal(texts.length, 2);
  for (const text of texts) {
    writeFileSync(`${folder}/serve.json`, text);
    assert.ok((await readServeFile(`${folder}/serve.json`)).alerts?.['PilotfishModelAccuracyDropped']);
  }
});
