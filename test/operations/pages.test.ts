import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OPERATIONS_PAGES } from '../../scripts/operations-pages.ts';
import { root } from '../support.ts';

for (const [path, page] of Object.entries(OPERATIONS_PAGES)) {
  test(`${path} is what the code says`, async () => {
    const written = readFileSync(join(root, path), 'utf8');
    assert.equal(written, await page(), 'make it anew: node scripts/operations-pages.ts');
  });
}
