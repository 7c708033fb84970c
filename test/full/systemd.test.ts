// systemd reads the example unit, and judges how little its service may do.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { root, run } from '../support.ts';
import { absent, ensureTool } from './tools.ts';

const unit = join(root, 'examples/systemd/pilotfish.service');
/** Exposure from 0, none, to 100; systemd calls up to 20 safe. */
const MOST_EXPOSURE = 20;

test('systemd-analyze: the unit is sound and hardly exposed', (t) => {
  const analyze = ensureTool('systemd-analyze', 'systemd');
  if (analyze === null) return t.skip(absent('systemd-analyze'));
  for (const args of [['verify'], ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`]]) {
    const { code, stdout, stderr } = run(analyze, [...args, unit], { cwd: root });
    assert.equal(code, 0, `${stdout}${stderr}`);
  }
});
