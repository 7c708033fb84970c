// The tests must run under the pinned Node: an older one on PATH would otherwise be used without anyone noticing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { minimumMajor, pinnedPackage, pinnedVersion } from '../scripts/pinned-node.mjs';

test('the tests run under the pinned Node', (t) => {
  if (pinnedPackage() === null) return t.skip(`no pinned Node for ${process.platform}-${process.arch}`);
  assert.equal(process.versions.node, pinnedVersion());
});

test('the launcher and package.json ask for the same Node', () => {
  const launcher = readFileSync(new URL('../bin/pilotfish.js', import.meta.url), 'utf8');
  assert.match(launcher, new RegExp(`NEEDED_MAJOR = ${minimumMajor()};`));
});
