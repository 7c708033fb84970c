// The core lives without what advises it: a copy of the tree without the learned rooms and the surfaces still
// compiles, and its tests still pass. What the core would need from them could not be deleted.
import assert from 'node:assert/strict';
import { cpSync, existsSync, globSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { compiler, root, run, temporaryFolder } from './support.ts';

const core = ['base', 'signals', 'blocks', 'overlay', 'tunnel', 'transfer'];
// The quick ones; all tests of the core run beside this file anyway, with the other rooms in reach.
const smoke = ['base', 'signals', 'blocks/seal', 'blocks/codec', 'blocks/chunk', 'blocks/pack'];

function copyCore(folder: string): void {
  const copy = (path: string) => cpSync(join(root, path), join(folder, path), { recursive: true });
  for (const room of core) if (existsSync(join(root, 'src', room))) copy(`src/${room}`);
  // Tests of the core use these; what of them is not used is not compiled, it may need the other rooms.
  for (const path of ['test', 'scripts', 'package.json', 'tsconfig.json']) copy(path);
  const settings = { extends: './tsconfig.json', include: ['src/**/*.ts'] };
  writeFileSync(join(folder, 'tsconfig.core.json'), JSON.stringify(settings));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
}

test('the core compiles and works without learn, decisions, lifecycle and http', (t) => {
  const folder = temporaryFolder(t);
  copyCore(folder);
  const types = run(process.execPath, [compiler, '-p', 'tsconfig.core.json'], { cwd: folder });
  assert.equal(types.code, 0, `the core does not compile alone:\n${types.stdout}`);

  const files = globSync(
    smoke.map((room) => `src/${room}/**/*.test.ts`),
    { cwd: folder },
  );
  assert.ok(files.length > 0);
  const tests = run(process.execPath, ['--test', ...files], { cwd: folder });
  assert.equal(tests.code, 0, `tests of the core fail alone:\n${tests.stdout}`);
});
