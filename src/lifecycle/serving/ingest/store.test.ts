import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { house } from '../../registry/testing/house.ts';
import { IngestStore } from './store.ts';
import type { IngestDefinition, IngestRow } from './types.ts';

const DEFINITION: IngestDefinition = {
  ...{ features: ['x'], classes: ['a', 'b'], costs: 0, model: null, keepRows: 1000 },
};

function store() {
  const { state, registry, clock } = house();
  return { rows: new IngestStore({ state, audit: registry.audit, clock }), registry };
}

const sample = (id: number): IngestRow => ({
  kind: 'sample',
  id: String(id),
  features: { x: id },
  label: 'a',
});

test('however rows are sent, in whatever pieces and how often, each is there once, in the order they first came', async () => {
  const pieces = fc.array(fc.array(fc.nat({ max: 8 }), { maxLength: 6 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(pieces, async (all) => {
      const { rows } = store();
      const source = await rows.define('s', DEFINITION);
      let accepted = 0;
      for (const ids of all) {
        const report = await rows.add(source, ids.map(sample));
        accepted += report.accepted;
        assert.deepEqual([report.accepted + report.repeated, report.conflicts], [ids.length, []]);
      }
      const found: number[] = [];
      for await (const { features } of rows.source('s').samples()) found.push((features as { x: number }).x);
      const wanted = [...new Set(all.flat())];
      assert.deepEqual([found, accepted, (await rows.get('s')).rows], [wanted, wanted.length, wanted.length]);
    }),
    { numRuns: 40 },
  );
});

test('rows that were checked against what a source no longer is are refused', async () => {
  const { rows, registry } = store();
  const before = await rows.define('s', DEFINITION);
  await rows.define('s', { ...DEFINITION, features: ['y'] });
  await assert.rejects(rows.add(before, [sample(1)]), { code: 'CHANGED' });
  await assert.rejects(rows.add({ ...before, name: 'none' }, []), { code: 'MISSING' });
  const defined = (await registry.audit.entries()).filter(({ action }) => action === 'source.define');
  assert.equal(defined.length, 2);
});
