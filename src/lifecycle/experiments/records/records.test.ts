import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../../base/index.ts';
import { laboratory, running, unitsIn } from '../testing/laboratory.ts';
import type { ExperimentRecord } from './types.ts';

const more = {
  guardrails: [{ name: 'latencyMs', direction: 'lower' as const }],
  secondaryMetrics: [{ name: 'storedBytes', direction: 'lower' as const, denominator: 'rawBytes' }],
};

test('a record counts once by its id, and another by the same id is an error', async () => {
  const { manager } = laboratory();
  const id = await running(manager, more);
  const record = { id: 'r1', unit: 'user-1', values: { accuracy: 1 } };
  assert.deepEqual(await manager.recordMany(id, [record, record]), ['counted', 'repeated']);
  assert.equal(await manager.record(id, { ...record }), 'repeated');
  for (const other of [
    { ...record, values: { accuracy: 0 } },
    { ...record, unit: 'user-2' },
    { ...record, fellBack: true },
  ])
    await assert.rejects(manager.record(id, other), (error) => hasCode(error, 'EXISTS'));
  const { records, arms } = await manager.getExperimentResults(id);
  assert.deepEqual([records, arms[0]?.units, arms[1]?.units].sort(), [0, 1, 1]);
});

test('what makes no sense is refused, and nothing of its call is counted', async () => {
  const { manager } = laboratory();
  const id = await running(manager, more);
  const [own = ''] = await unitsIn(manager, id, 'v1', 1);
  const good = { id: 'good', unit: own, values: { accuracy: 1 } };
  const cases: readonly [string, ExperimentRecord][] = [
    ['NOT_FINITE', { unit: own, values: { accuracy: Number.NaN } }],
    ['NOT_FINITE', { unit: own, values: { accuracy: Number.POSITIVE_INFINITY } }],
    ['NOT_FINITE', { unit: own, values: { accuracy: '1' as unknown as number } }],
    ['USAGE', { unit: own, values: { accuracy: 1e200 } }],
    ['USAGE', { unit: own, values: { f1: 1 } }],
    ['USAGE', { unit: own, values: {} }],
    ['USAGE', { unit: own, values: null as unknown as Record<string, number> }],
    ['USAGE', { unit: '', values: { accuracy: 1 } }],
    ['USAGE', { values: { accuracy: 1 } }],
    ['USAGE', { unit: own, id: '', values: { accuracy: 1 } }],
    ['MISSING', { modelId: 'v3', values: { accuracy: 1 } }],
    ['USAGE', { unit: own, modelId: 'v2', values: { accuracy: 1 } }],
    ['USAGE', { unit: own, values: { storedBytes: 7 } }],
    ['USAGE', { unit: own, values: { storedBytes: 7, rawBytes: 0 } }],
    ['USAGE', { unit: own, values: { accuracy: 1 }, fellBack: 1 as unknown as boolean }],
  ];
  for (const [code, bad] of cases) {
    await assert.rejects(manager.recordMany(id, [good, bad]), (error) => {
      assert.ok(hasCode(error, code as 'USAGE'), `${JSON.stringify(bad)}: ${error}`);
      assert.match(String(error), /: record /, 'which of the two is said');
      return true;
    });
  }
  await assert.rejects(manager.recordMany(id, []), { code: 'USAGE' });
  await assert.rejects(manager.record(id, undefined as never), { code: 'USAGE' });
  await assert.rejects(
    manager.recordMany(
      id,
      Array.from({ length: 1001 }, () => good),
    ),
    (error) => hasCode(error, 'USAGE'),
  );
  await assert.rejects(manager.record('none', good), (error) => hasCode(error, 'MISSING'));
  assert.equal((await manager.getExperiment(id)).records, 0);
  assert.equal(await manager.record(id, good), 'counted');
});

test('a unit counts once, however many records it has, and its records by what they weigh', async () => {
  const { manager } = laboratory();
  const id = await running(manager, more);
  const [a = '', b = ''] = await unitsIn(manager, id, 'v2', 2);
  for (const accuracy of [1, 0, 0]) await manager.record(id, { unit: a, values: { accuracy } });
  await manager.record(id, { unit: b, values: { accuracy: 1 } });
  await manager.record(id, { unit: a, values: { storedBytes: 10, rawBytes: 100 } });
  await manager.record(id, { unit: b, values: { storedBytes: 300, rawBytes: 300, latencyMs: 5 } });
  const { arms, split } = await manager.getExperimentResults(id);
  assert.deepEqual(
    arms[1]?.metrics.map(({ metric, units, mean }) => [metric, units, mean]),
    [
      ['accuracy', 2, 0.5],
      ['latencyMs', 1, 5],
      ['storedBytes', 2, 0.775],
    ],
  );
  assert.deepEqual(split.units, [0, 2]);
});

test('a unit outside the experiment is said to be so, and not counted', async () => {
  const { manager } = laboratory();
  const id = await running(manager, { coverage: 0.01 });
  assert.equal(await manager.record(id, { id: 'r', unit: 'user-1', values: { accuracy: 1 } }), 'outside');
  assert.equal((await manager.getExperiment(id)).records, 0);
  // Growing coverage may take the unit in; its record is then as new.
  await manager.setCoverage(id, 1);
  assert.equal(await manager.record(id, { id: 'r', unit: 'user-1', values: { accuracy: 1 } }), 'counted');
});

test('records without a unit are units of their own and say nothing of the split', async () => {
  const { manager } = laboratory();
  const id = await running(manager);
  for (let i = 0; i < 3000; i += 1000)
    await manager.recordMany(
      id,
      Array.from({ length: 1000 }, () => ({ modelId: 'v1', values: { accuracy: 1 } })),
    );
  const { arms, split } = await manager.getExperimentResults(id);
  assert.deepEqual([arms[0]?.units, split.units, split.isMismatch], [3000, [0, 0], false]);
});

test('what fell back is told per arm, and counts by what served in the second view', async () => {
  const { manager } = laboratory();
  const id = await running(manager);
  const control = await unitsIn(manager, id, 'v1', 40);
  const treated = await unitsIn(manager, id, 'v2', 40);
  const of = (unit: string, accuracy: number, fellBack: boolean) => ({
    unit,
    values: { accuracy },
    fellBack,
  });
  await manager.recordMany(
    id,
    control.map((unit, i) => of(unit, i % 2, false)),
  );
  // Every other treatment fell back, and did as badly as the control's worst.
  await manager.recordMany(
    id,
    treated.map((unit, i) => of(unit, i % 2, i % 2 === 0)),
  );
  const { arms, target, asTreated } = await manager.getExperimentResults(id);
  assert.deepEqual(
    arms.map(({ fallbackShare }) => +(fallbackShare ?? 1).toFixed(9)),
    [0, 0.5],
  );
  assert.equal(target[0]?.effect, 0);
  assert.ok(Math.abs((asTreated?.[0]?.effect ?? 0) - (1 - 20 / 60)) < 1e-12);
});

test('archiving forgets units and records, and keeps the result', async () => {
  const { manager, state } = laboratory();
  const id = await running(manager);
  await manager.record(id, { id: 'r', unit: 'user-1', values: { accuracy: 1 } });
  const before = await manager.getExperimentResults(id);
  await manager.completeExperiment(id);
  await manager.archiveExperiment(id);
  assert.deepEqual({ ...(await manager.getExperimentResults(id)), status: 'running' }, before);
  const kept = await state.read(async (sql) => [
    ...(await sql.all('SELECT * FROM ab_records')),
    ...(await sql.all('SELECT * FROM ab_units')),
  ]);
  assert.deepEqual(kept, []);
});

test('no name of a unit or record is kept', async () => {
  const { manager, state } = laboratory();
  const id = await running(manager);
  await manager.record(id, { id: 'order-of-alice', unit: 'alice@example.org', values: { accuracy: 1 } });
  const tables = ['ab_experiments', 'ab_records', 'ab_units', 'ab_sums', 'events', 'audit'];
  const text = await state.read(async (sql) => {
    const all = await Promise.all(tables.map((table) => sql.all(`SELECT * FROM ${table}`)));
    return all.flat().map((row) =>
      Object.values(row)
        .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : String(cell)))
        .join(),
    );
  });
  assert.ok(!text.join().includes('alice'));
});

test('a full disk refuses records, and loses none of those it took', async () => {
  const { manager, state } = laboratory();
  const id = await running(manager);
  const pages = await state.write(async (sql) =>
    Number((await sql.get('PRAGMA page_count'))?.['page_count']),
  );
  await state.write((sql) => sql.get(`PRAGMA max_page_count = ${pages + 8}`));
  const taken: ExperimentRecord[] = [];
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 5000; i += 1) {
      const record = { id: `r${i}`, unit: `user-${i}`, values: { accuracy: 1 } };
      await manager.record(id, record);
      taken.push(record);
    }
  };
  await assert.rejects(fill(), (error) => hasCode(error, 'NO_SPACE'));
  await state.write((sql) => sql.get('PRAGMA max_page_count = 1000000'));
  assert.equal((await manager.getExperiment(id)).records, taken.length);
  const again = await manager.recordMany(id, taken.slice(0, 1000));
  assert.deepEqual(new Set(again), new Set(['repeated']));
  assert.equal(await manager.record(id, { id: 'next', unit: 'next', values: { accuracy: 1 } }), 'counted');
  const { arms } = await manager.getExperimentResults(id);
  assert.equal(
    arms.reduce((sum, { units }) => sum + units, 0),
    taken.length + 1,
  );
});
