import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemHost } from './host.ts';

const ended = (): number => spawnSync(process.execPath, ['--version']).pid;

test('this process lives, one that ended does not', () => {
  assert.equal(systemHost.pid, process.pid);
  assert.equal(systemHost.isAlive(process.pid), true);
  assert.equal(systemHost.isAlive(ended()), false);
});

test('a process that belongs to someone else lives', () => {
  assert.equal(systemHost.isAlive(1), true);
});

test('the mark of a process stays the same while it lives', (t) => {
  if (process.platform !== 'linux') return t.skip('marks come from /proc, which only Linux has');
  const mark = systemHost.processMark(process.pid);
  assert.match(mark, /^\d+$/);
  assert.equal(systemHost.processMark(process.pid), mark);
  assert.equal(systemHost.processMark(ended()), '');
});

test('a name with spaces and brackets does not shift the fields', (t) => {
  if (process.platform !== 'linux') return t.skip('names of processes come from /proc, which only Linux has');
  const script = `
    process.title = 'a) b (c';
    const { systemHost } = await import('./src/base/host.ts');
    console.log(systemHost.processMark(process.pid));
    console.log((await import('node:fs')).readFileSync('/proc/self/stat', 'latin1'));
  `;
  const root = new URL('../..', import.meta.url).pathname;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
  const [mark, stat = ''] = child.stdout.toString().split('\n');
  assert.ok(stat.includes('(a) b (c'), stat);
  // Counted from the end of the line: the same field whatever the name is.
  const fields = readFileSync('/proc/self/stat', 'latin1').trim().split(' ').length;
  assert.equal(
    mark,
    stat
      .trim()
      .split(' ')
      .at(21 - fields),
  );
});

test('the name of the machine is not empty', () => {
  assert.notEqual(systemHost.name, '');
});
