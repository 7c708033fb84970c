// The learning benchmark beside the native reference: every row computes the same in C, every section runs. No times.
import assert from 'node:assert/strict';
import test, { after, describe } from 'node:test';
import { gateRow, runRow, tolerance } from '../../bench/learn/contest.ts';
import { compileReference, compilerNames, type Reference } from '../../bench/learn/reference.ts';
import { gates, rowNames } from '../../bench/learn/rows/task.ts';
import { makeSection, sectionNames } from '../../bench/learn/sections/sections.ts';
import { temporaryFolder } from '../support.ts';
import { absent, ensureTool } from './tools.ts';

const folder = temporaryFolder({ after });
const references: Reference[] = [];
const shortPace = { warmMs: 1, batchMs: 0.01, rounds: 3 };

for (const name of compilerNames) {
  test(`${name} compiles the reference`, (t) => {
    if (ensureTool(name) === null) return t.skip(absent(name));
    const reference = compileReference(name, folder);
    if (reference === null) return t.skip('the headers of Node ARE ABSENT: nothing was compared with C');
    references.push(reference);
    t.diagnostic(reference.version);
    return undefined;
  });
}

describe('rows', () => {
  for (const name of rowNames) {
    test(`${name} agrees with C`, (t) => {
      if (references.length === 0) return t.skip(absent('a C compiler'));
      const detail = runRow(name, references, shortPace);
      assert.equal(Object.keys(detail.differences).length, references.length);
      for (const difference of Object.values(detail.differences)) assert.ok(difference <= tolerance);
      const { ratio, gate } = gateRow(detail);
      assert.equal(gate, gates[name]);
      assert.equal(ratio === null, !references.some(({ compiler }) => compiler === 'clang'));
      return undefined;
    });
  }
});

describe('sections', () => {
  for (const name of sectionNames) {
    test(name, async (t) => {
      const setting = { isQuick: true, references, workplace: folder, say: () => undefined };
      const { findings, absent: missing } = await makeSection[name](setting);
      for (const line of missing) t.diagnostic(line);
      assert.ok(findings.length > 0);
      for (const { name: what, product } of findings) assert.ok(product > 0, `${what}: ${product}`);
    });
  }
});
