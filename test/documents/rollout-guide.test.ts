// The code of docs/guides/rollout.md is a program that prints what the page says it prints, and its plan is the one shown.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Place } from '../cli/support.ts';
import { root, runWell, temporaryFolder } from '../support.ts';

const page = readFileSync(join(root, 'docs/guides/rollout.md'), 'utf8');
const [, program = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];

/** Which decisions are the model's is drawn: what follows of it differs from run to run. */
const undrawn = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'TIME')
    .replaceAll(/\d\.\d+ of \d+/g, 'MEAN of COUNT')
    .replaceAll(/harm p 0\.0\d+/g, 'harm P');

test('the code of the page prints what stands behind each line', async (t) => {
  const folder = temporaryFolder(t);
  const local = program.replace(
    /'pilotfish\/(\w+)'/g,
    (_, room) => `'${join(root, 'src', room, 'index.ts')}'`,
  );
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'program.ts'), local);
  const promised = [...program.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text]) => text);
  const { stdout } = runWell(process.execPath, ['program.ts'], { cwd: folder });
  assert.deepEqual(stdout.trimEnd().split('\n'), promised);
  assert.equal(promised.length, 3);
  const [, shown] = /^\$ pilotfish rollout status [^\n]*\n(.*?)^```$/ms.exec(page) ?? [];
  const status = await new Place(t).inside(['rollout', 'status', 'spring', '--data', join(folder, 'data')]);
  assert.equal(undrawn(status.stdout), undrawn(shown ?? ''));
});

test('the plan of the page is the one that ships', async (t) => {
  const [, shown] = /^\$ pilotfish rollout plan [^\n]*\n(.*?)^```$/ms.exec(page) ?? [];
  const regions = ['--region', 'eu', '--region', 'us'];
  const { stdout } = await new Place(t).inside(['rollout', 'plan', '--plan', 'document-002', ...regions]);
  assert.equal(stdout, shown);
});
