import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Results } from '../bench/store/results.ts';
import { readmeFigures, withFigures } from '../scripts/readme-figures.ts';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

test('the figures of the README are those of the committed benchmark', () => {
  const readme = read('README.md');
  const results = JSON.parse(read('docs/benchmarks/store.json')) as Results;
  assert.equal(readme, withFigures(readme, readmeFigures(results)), 'run `node scripts/readme-figures.ts`');
});

test('every page the README points at is there', () => {
  const links = [...read('README.md').matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path as string);
  assert.ok(links.length > 5);
  for (const path of links.filter((link) => !link.startsWith('http'))) {
    assert.ok(existsSync(fileURLToPath(new URL(`../${path}`, import.meta.url))), path);
  }
});
