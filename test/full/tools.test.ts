// The tools that Pilotfish is compared with can be had on this machine.
import assert from 'node:assert/strict';
import test from 'node:test';
import { run } from '../support.ts';
import { absent, ensureTool } from './tools.ts';

const tools = [
  { name: 'zstd', aptPackage: 'zstd', ask: '--version' },
  { name: 'restic', aptPackage: 'restic', ask: 'version' },
  { name: 'borg', aptPackage: 'borgbackup', ask: '--version' },
];

for (const { name, aptPackage, ask } of tools) {
  test(`${name} runs`, (t) => {
    const path = ensureTool(name, aptPackage);
    if (path === null) return t.skip(absent(name));
    const { code, stdout } = run(path, [ask], { cwd: '/' });
    assert.equal(code, 0);
    t.diagnostic(stdout.trim());
  });
}
