// Holds the rules of the house against the whole project. The rules themselves are tested in rules.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { missingOptional } from '../../scripts/complete-lock.mjs';
import { loadCode, loadTexts, root } from './load.ts';
import { codeRules } from './rules.ts';
import type { Finding } from './source.ts';
import { dependencyRule, markerRule, placeRule } from './text.ts';

const code = loadCode();
const texts = [...code, ...loadTexts()];

function assertNone(findings: readonly Finding[]): void {
  const lines = findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
  if (lines.length > 0) assert.fail(`\n${lines.join('\n')}`);
}

for (const [sentence, rule] of Object.entries(codeRules)) test(sentence, () => assertNone(rule(code)));

test('no leftover markers', () => assertNone(markerRule(texts)));

test('no path of one machine', () => assertNone(placeRule(texts)));

test('every run-time dependency has a reason', () => {
  assertNone(dependencyRule(readFileSync(join(root, 'package.json'), 'utf8')));
});

test('npm ci accepts package-lock.json on every platform', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const names = missingOptional(packages).map((item) => item.name);
  assert.deepEqual(names, [], 'run `node scripts/complete-lock.mjs`');
});
