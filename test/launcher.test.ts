// The ways into the checkout: the launcher passes exit codes and signals on, under an old Node as well.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { root, run, temporaryFolder } from './support.ts';

const launcher = join(root, 'bin/pilotfish.js');
const runner = pathToFileURL(join(root, 'scripts/run-node.mjs')).href;

test('the launcher answers in the checkout', () => {
  const { code, stdout } = run(process.execPath, [launcher, '--version'], { cwd: root });
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

/** A parent that runs `child` through runToEnd and exits with its code. */
function parentOf(child: string, folder: string): string {
  writeFileSync(join(folder, 'child.mjs'), child);
  const parent = join(folder, 'parent.mjs');
  const call = `await runToEnd(process.execPath, [${JSON.stringify(join(folder, 'child.mjs'))}])`;
  writeFileSync(parent, `import { runToEnd } from '${runner}';\nprocess.exitCode = ${call};\n`);
  return parent;
}

test('an exit code comes through', (t) => {
  const folder = temporaryFolder(t);
  assert.equal(run(process.execPath, [parentOf('process.exit(10);', folder)], { cwd: folder }).code, 10);
});

test('a signal reaches the child, and the parent waits for what it does about it', async (t) => {
  const folder = temporaryFolder(t);
  const child =
    "process.on('SIGINT', () => process.exit(130));\nsetInterval(() => {}, 1000);\nconsole.log('up');";
  const parent = spawn(process.execPath, [parentOf(child, folder)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(parent.stdout, 'data');
  parent.kill('SIGINT');
  const [code] = await once(parent, 'close');
  assert.equal(code, 130);
});

test('a child that dies of a signal counts as in a shell', (t) => {
  const folder = temporaryFolder(t);
  const child = "process.kill(process.pid, 'SIGKILL');\nsetInterval(() => {}, 1000);";
  assert.equal(run(process.execPath, [parentOf(child, folder)], { cwd: folder }).code, 137);
});
