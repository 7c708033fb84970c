// What the field's tools said when their answers were recorded, they say today.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { root } from '../support.ts';
import { readers, records, scriptOf, slowRecords } from './oracles/records.ts';
import { testRecord } from './oracles/rerun.ts';

const names = (pattern: string, suffix: string): string[] =>
  globSync(pattern, { cwd: root })
    .map((path) => basename(path, suffix))
    .sort();

test('every script and every record has its test', () => {
  const all = [...records, ...slowRecords];
  assert.deepEqual(
    names(join('test/full/oracles', '*.py'), '.py'),
    [...new Set([...all.map(scriptOf), ...readers])].sort(),
  );
  assert.deepEqual(names(join('test/vectors', '*.json'), '.json'), all.map(({ record }) => record).sort());
});

for (const recorded of records) testRecord(recorded);
