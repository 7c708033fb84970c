import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normals, record, scene } from './testing/scene.ts';

test('a month without credit left tells only what is all but certain', async () => {
  const counts = [];
  for (const alarmsPerMonth of [1000, 1e-6]) {
    const { detector } = scene({ budget: { alarmsPerMillion: 1000, alarmsPerMonth } });
    await detector.setBaseline({ slight: normals(1, 2000), gross: normals(1, 2000) });
    record(detector, 'slight', normals(2, 1000, 0.3));
    record(detector, 'gross', normals(3, 1000, 3));
    counts.push((await detector.check()).map(({ featureName }) => featureName));
  }
  assert.ok(counts[0]?.includes('slight') && counts[0].includes('gross'));
  assert.ok(!counts[1]?.includes('slight'));
});

test('what was spent of a month survives a restart', async () => {
  const { open, state } = scene({ budget: { alarmsPerMillion: 2e4, alarmsPerMonth: 100 } });
  let detector = open();
  await detector.setBaseline({ size: normals(1, 2000) });
  const left = [];
  for (let i = 0; i < 3; i += 1) {
    record(detector, 'size', normals(2 + i, 1000));
    await detector.check();
    const row = await state.read((sql) => sql.get('SELECT alarms FROM drift_credit'));
    left.push(Number(row?.['alarms']));
    detector = open();
    await detector.load();
  }
  const [first = 0, second = 0, third = 0] = left;
  assert.ok(first < 100 && second < first && third < second && third >= 0, String(left));
});

test('explain: what another threshold would have told, and what to change', async () => {
  const { detector, clock } = scene();
  await detector.setBaseline({ swing: normals(1, 500), walk: normals(1, 5000), calm: normals(1, 5000) });
  let level = 0;
  for (const [i, value] of normals(2, 32_000).entries()) {
    if (i % 4000 === 0) level = i % 8000 === 0 ? 0 : 0.8;
    if (i % 100 === 0) clock.advance(1000);
    detector.recordFeature('swing', value + level);
    detector.recordFeature('calm', value);
  }
  let last = 0;
  for (const value of normals(3, 4000)) {
    last = 0.9 * last + value * Math.sqrt(1 - 0.81);
    detector.recordFeature('walk', last);
  }
  const swing = await detector.explain('swing');
  const alarms = swing.thresholds.map((each) => each.alarms);
  assert.ok(alarms[0] !== undefined && alarms[0] >= 2);
  assert.ok(alarms.at(-1) === 0);
  assert.ok(swing.certain > 2 && swing.comparisons > 100);
  assert.match(swing.advice.join('\n'), /raise the threshold \(ML_DRIFT_THRESHOLD\) from 0\.05 to/);
  assert.match(swing.advice.join('\n'), /review the baseline: 500 values/);
  assert.ok((swing.falseAlarmsPerMonth ?? 0) > 0);
  const walk = await detector.explain('walk');
  assert.ok((walk.autocorrelation ?? 0) > 0.8);
  assert.match(walk.advice.join('\n'), /values follow each other .* record one in (1\d|2\d)/);
  assert.deepEqual((await detector.explain('calm')).advice, ['nothing to change']);
  await assert.rejects(detector.explain('nobody'), { code: 'MISSING' });
});
