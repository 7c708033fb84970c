// Every example runs as its README says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { root, runWell } from './support.ts';

test('a room in one folder: its model regrets less than its rule, asked through a guard', () => {
  const { stdout } = runWell(process.execPath, ['examples/readahead-room/main.ts'], { cwd: root });
  const [rule = 0, model = 0] = [...stdout.matchAll(/regret ([0-9.]+) %/g)].map(([, percent]) =>
    Number(percent),
  );
  assert.match(stdout, /\(readahead@1\)/);
  assert.ok(model < rule / 2, stdout);
});
