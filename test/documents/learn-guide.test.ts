// The code of docs/guides/learn.md, block after block, is one program: it passes the type checks and prints what the
// page says it prints.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compiler, root, runWell, temporaryFolder } from '../support.ts';

const page = readFileSync(join(root, 'docs/guides/learn.md'), 'utf8');
const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
const program = blocks
  .join('\n')
  .replace(/'pilotfish\/(\w+)'/g, (_, room) => `'${join(root, 'src', room, 'index.ts')}'`);

/** A folder with the program and what the compiler and Node must know of it. */
function programFolder(owner: Parameters<typeof temporaryFolder>[0]): string {
  const folder = temporaryFolder(owner);
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      typeRoots: [join(root, 'node_modules/@types')],
      allowJs: false,
      rewriteRelativeImportExtensions: false,
    },
    include: ['program.ts'],
  };
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  writeFileSync(join(folder, 'program.ts'), program);
  return folder;
}

test('the code of the page passes the type checks', (t) => {
  runWell(process.execPath, [compiler, '--noEmit', '-p', '.'], { cwd: programFolder(t) });
});

test('the code of the page prints what stands behind each line', (t) => {
  const calls = program.match(/console\.log\(/g)?.length;
  const promised = [...program.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, text]) => text);
  assert.ok(blocks.length >= 8 && promised.length >= blocks.length);
  assert.equal(promised.length, calls, 'every output is promised');
  const { stdout } = runWell(process.execPath, ['program.ts'], { cwd: programFolder(t) });
  assert.deepEqual(stdout.trimEnd().split('\n'), promised);
});
