import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, PilotfishError, seededBytes } from '../../base/index.ts';
import { eventsAfter, type SqliteState } from '../registry/index.ts';
import { house } from '../registry/testing/house.ts';
import { DriftDetector } from './detector.ts';
import type { DriftOptions } from './options.ts';
import { normals, record, scene } from './testing/scene.ts';
import type { DriftAlert } from './types.ts';

const DAY_MS = 86_400_000;

test('a shift is told once, with what was and what is', async () => {
  const { detector, clock } = scene();
  await detector.setBaseline({ size: normals(1, 2000) }, { models: ['codec'] });
  record(detector, 'size', normals(2, 2000));
  assert.deepEqual(await detector.check(), []);
  record(detector, 'size', normals(3, 2000, 2));
  const alerts = await detector.check();
  const [alert] = alerts as [DriftAlert];
  assert.ok(alerts.length <= 2, 'once, and once more where it grew more severe');
  const last = alerts.at(-1) as DriftAlert;
  assert.deepEqual(
    [alert.type, alert.featureName, alert.method, alert.models, last.severity],
    ['feature', 'size', 'ks', ['codec'], 'critical'],
  );
  assert.ok(last.score > 0.3 && last.scoreAtLeast < last.score && last.pValue < 1e-9 && last.psi > 0.3);
  assert.ok(last.psiLimit < 0.15 && last.psi > last.psiLimit);
  assert.ok(Math.abs(last.baselineStats.mean) < 0.1 && last.currentStats.mean > 0.8);
  assert.equal(last.baselineStats.bins.length, 11);
  for (const { histogram, count } of [last.baselineStats, last.currentStats])
    assert.equal(
      histogram.reduce((sum, each) => sum + each, 0),
      count,
    );
  assert.equal(alert.detectedAt.getTime(), clock.nowMs());
  assert.match(alert.message, /^feature size drifted at .* KS distance 0\.\d+, at least/);
  assert.match(last.recommendation, /roll the models back/);
  record(detector, 'size', normals(4, 2000, 2));
  assert.deepEqual(await detector.check(), [], 'a drift that goes on is not told again');
});

test('a drift is over when no window differs, and the next one is told', async () => {
  const { detector } = scene();
  await detector.setBaseline({ size: normals(1, 2000) });
  const severities = [];
  for (const shift of [2, 0, 2]) {
    record(detector, 'size', normals(9 + shift, 4000, shift));
    severities.push((await detector.check()).length > 0);
    severities.push((await detector.status())[0]?.severity ?? null);
  }
  assert.deepEqual(severities, [true, 'critical', false, null, true, 'critical']);
});

test('identical data never alarms, whatever its order and however often it comes', async () => {
  const kinds: Record<string, number[]> = {
    rising: Array.from({ length: 200 }, (_, i) => i),
    normal: normals(7, 200),
    constant: new Array<number>(200).fill(42),
    flag: Array.from({ length: 200 }, (_, i) => i % 2),
  };
  const { detector } = scene({ budget: { alarmsPerMillion: 1e4 } });
  await detector.setBaseline(kinds);
  for (const [name, values] of Object.entries(kinds))
    for (let i = 0; i < 40; i += 1) record(detector, name, values);
  assert.deepEqual(await detector.check(), []);
  assert.deepEqual(
    (await detector.status()).map(({ distance }) => distance),
    [0, 0, 0, 0],
  );
});

test('what is certain and small is below the floor', async () => {
  const alerts = [];
  for (const floor of [0.05, 0]) {
    const { state, clock } = house();
    const detector = new DriftDetector(state, floor, 8000, { clock, random: seededBytes(1) });
    await detector.setBaseline({ size: normals(1, 10_000) });
    record(detector, 'size', normals(2, 128_000, 0.075));
    alerts.push((await detector.check()).length);
  }
  assert.deepEqual(alerts, [0, 1]);
});

test('a constant that moves, a flag that is set more often, errors that become more', async () => {
  const { detector } = scene();
  await detector.setBaseline({
    constant: new Array(500).fill(7),
    flag: Array.from({ length: 5000 }, (_, i) => +(i % 10 === 0)),
  });
  const [few, many] = [0.1, 0.3].map((rate) => (i: number) => +((i * 7919) % 1000 < rate * 1000));
  await detector.setBaseline(
    { codec: Array.from({ length: 5000 }, (_, i) => few?.(i) ?? 0) },
    { type: 'concept' },
  );
  await detector.setBaseline({ codec: normals(1, 1000) }, { type: 'prediction' });
  for (let i = 0; i < 400; i += 1) {
    detector.recordFeature('constant', 8);
    detector.recordFeature('flag', many?.(i) ?? 0);
    detector.recordError('codec', many?.(i) === 1);
  }
  for (const value of normals(2, 400, 3)) detector.recordPrediction('codec', value);
  const alerts = await detector.check();
  const firsts = ['constant', 'flag', 'codec'].map(
    (name) => alerts.find(({ featureName }) => featureName === name)?.method,
  );
  assert.deepEqual(firsts, ['ks', 'fisher', 'fisher']);
  assert.deepEqual([...new Set(alerts.map(({ type }) => type))].sort(), ['concept', 'feature', 'prediction']);
});

test('errors that become fewer are no alarm', async () => {
  const { detector } = scene();
  await detector.setBaseline(
    { codec: Array.from({ length: 5000 }, (_, i) => +(i % 3 === 0)) },
    { type: 'concept' },
  );
  await detector.setBaseline({ loss: normals(1, 2000) }, { type: 'concept' });
  for (let i = 0; i < 4000; i += 1) detector.recordError('codec', 0);
  for (const loss of normals(2, 1000, -2)) detector.recordError('loss', loss);
  assert.deepEqual(await detector.check(), []);
  for (const loss of normals(2, 1000, 2)) detector.recordError('loss', loss);
  assert.ok(
    (await detector.check()).every(({ featureName, method }) => featureName === 'loss' && method === 'ks'),
  );
  assert.equal(
    (await detector.status()).find(({ featureName }) => featureName === 'loss')?.severity,
    'critical',
  );
});

test('baselines, half-filled windows and open drifts survive a restart', async () => {
  const runs: unknown[] = [];
  for (const restarts of [false, true]) {
    const { open } = scene();
    let detector = open();
    await detector.setBaseline({ size: normals(1, 2000) });
    const alerts = [];
    const stream = [...normals(2, 950), ...normals(3, 777, 0.7), ...normals(4, 1500)];
    for (let at = 0; at < stream.length; at += 130) {
      record(detector, 'size', stream.slice(at, at + 130));
      for (const { severity, score, currentStats } of await detector.check())
        alerts.push([severity, score, currentStats.mean]);
      if (restarts) {
        detector = open();
        await detector.load();
      }
    }
    runs.push([alerts, await detector.explain('size')]);
    assert.ok(alerts.length > 0);
  }
  assert.deepEqual(runs[0], runs[1]);
});

test('alarms are kept for a stated time, with names that do not collide', async () => {
  const { open, clock, state } = scene({ retentionDays: 2 });
  const detector = open();
  const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
  await detector.setBaseline(Object.fromEntries(names.map((name) => [name, normals(1, 500)])));
  const start = new Date(clock.nowMs());
  for (const name of names) record(detector, name, normals(2, 200, 5));
  const alerts = await detector.getDriftReports(start);
  assert.equal(new Set(alerts.map(({ id }) => id)).size, 20);
  assert.deepEqual(await open().getDriftReports(start), alerts);
  clock.advance(3 * DAY_MS);
  assert.deepEqual(await detector.getDriftReports(start), []);
  assert.deepEqual(await detector.totals(), { critical: 20 });
  record(detector, 'f0', normals(3, 4000));
  record(detector, 'f0', normals(3, 200, -5));
  const { length } = await detector.check();
  const row = await state.read((sql) => sql.get('SELECT count(*) AS n FROM drift_alerts'));
  assert.equal(row?.['n'], length, 'older ones are deleted when new ones come');
});

test('monitoring tells at every interval, and a last time when it is stopped', async () => {
  const { detector, clock, lines } = scene({ checkIntervalMs: 60_000 });
  await detector.setBaseline({ size: normals(1, 500) });
  const told: DriftAlert[] = [];
  detector.setAlertCallback((alert) => {
    told.push(alert);
    throw new PilotfishError('USAGE', 'no');
  });
  const stop = new AbortController();
  const ended = detector.monitorAllFeatures({ signal: stop.signal });
  record(detector, 'size', normals(2, 200, 5));
  assert.equal(told.length, 0);
  clock.advance(60_000);
  await detector.check();
  assert.equal(told.length, 1);
  assert.match(lines.join(), /the callback failed/);
  record(detector, 'size', normals(2, 4000));
  record(detector, 'size', normals(3, 400, -5));
  stop.abort();
  await ended;
  assert.ok(told.length >= 2);
});

test('an alarm goes to the models that read the feature, by the policy; one that fails hinders no other', async () => {
  const asked: string[] = [];
  const { open, registry, state, lines } = scene({
    policy: { critical: 'rollback', low: 'notify' },
    respond: async (response, { model }) => {
      asked.push(`${response} ${model}`);
      if (model === 'similar') throw new PilotfishError('REFUSED', 'no version before');
      return 'back at version 1';
    },
  });
  const detector = open();
  await detector.setBaseline(
    { size: normals(1, 500) },
    { models: ['similar', 'codec'], actor: 'ops', reason: 'new' },
  );
  record(detector, 'size', normals(2, 200, 5));
  const alerts = await detector.check();
  assert.deepEqual(asked, ['rollback similar', 'rollback codec']);
  assert.deepEqual(
    alerts[0]?.actions.map(({ model, state: end, detail }) => [model, end, detail]),
    [
      ['similar', 'failed', 'no version before'],
      ['codec', 'done', 'back at version 1'],
    ],
  );
  assert.deepEqual((await open().getDriftReports(new Date(0)))[0]?.actions, alerts[0]?.actions);
  assert.match(lines.join(), /rollback of similar failed/);
  const entries = (await registry.audit.entries()).filter(({ action }) => action.startsWith('drift.'));
  assert.deepEqual(
    entries.map(({ action, actor }) => [action, actor]),
    [
      ['drift.baseline', 'ops'],
      ['drift.alert', 'drift'],
      ['drift.respond', 'drift'],
    ],
  );
  const [event] = (await eventsAfter(state, 0)).filter(({ entity }) => entity === 'DRIFT_ALERT');
  assert.equal(event?.data['severity'], 'critical');
});

test('another process that sets a baseline anew is heard, and what was recorded meanwhile is not mixed with it', async () => {
  const { open, lines } = scene();
  const [first, second] = [open(), open()];
  await first.setBaseline({ size: normals(1, 500) });
  await second.setBaseline({ size: normals(2, 600, 5) });
  record(first, 'size', normals(3, 150, 5));
  await first.check();
  assert.match(lines.join(), /was changed by another process/);
  assert.deepEqual(
    (await first.status()).map(({ baselineCount, count }) => [baselineCount, count]),
    [[600, 0]],
  );
  await second.forget(['size']);
  record(first, 'size', normals(3, 150, 5));
  await first.check();
  assert.deepEqual(await first.status(), []);
});

test('bad input is refused before anything changes', async () => {
  const { detector, state, open } = scene({ maxStreams: 2 });
  const fine = normals(1, 100);
  for (const [samples, code] of [
    [{}, 'EMPTY'],
    [{ a: [] }, 'EMPTY'],
    [{ a: fine, b: [...fine, Number.NaN] }, 'NOT_FINITE'],
    [{ a: [...fine, 1e300, -1e300] }, 'NOT_FINITE'],
    [{ '': fine }, 'USAGE'],
    [{ a: fine, b: fine, c: fine }, 'LIMIT'],
  ] as const) {
    await assert.rejects(detector.setBaseline(samples), { code });
  }
  await assert.rejects(detector.setBaseline({ b: [...fine, Number.NaN] }), { message: /"b" is NaN/ });
  await assert.rejects(detector.setBaseline({ a: fine }, { type: 'colour' as never }), { code: 'USAGE' });
  assert.deepEqual(await detector.status(), []);
  await detector.setBaseline({ a: fine });
  assert.throws(() => detector.recordFeature('b', 1), { code: 'MISSING', message: /set one \(setBaseline/ });
  assert.throws(() => open().recordFeature('a', 1), { code: 'MISSING' });
  for (const value of [Number.NaN, Infinity])
    assert.throws(() => detector.recordFeature('a', value), { code: 'NOT_FINITE' });
  assert.throws(() => detector.rowRecorder(['a'])([1, 2]), { code: 'SHAPE' });
  assert.throws(() => detector.recordRows([{ a: 1 }, { a: 2, b: 3 }]), { code: 'MISSING' });
  assert.equal((await detector.status())[0]?.count, 0);
  await assert.rejects(detector.getDriftReports(new Date('no')), { code: 'USAGE' });
  await assert.rejects(detector.forget(['b']), { code: 'MISSING' });
  for (const [threshold, windowSize, options] of [
    [-1, 1000, {}],
    [0.05, 10, {}],
    [0.05, 1000, { severities: { high: 0.5 } }],
    [0.05, 1000, { policy: { critical: 'explode' } }],
    [0.05, 1000, { policy: { fatal: 'notify' } }],
    [0.05, 1000, { budget: { alarmsPerMillion: 0 } }],
  ] as const) {
    assert.throws(() => new DriftDetector(state, threshold, windowSize, options as DriftOptions), {
      code: 'USAGE',
    });
  }
});

test('what was found waits while the state cannot be written', async () => {
  const { state, clock } = scene();
  let isFull = false;
  const port = {
    read: state.read.bind(state),
    write: (work: never) =>
      isFull
        ? Promise.reject(new PilotfishError('NO_SPACE', 'the device is full: make room'))
        : state.write(work),
    ...{
      onCommit: state.onCommit.bind(state),
      backup: state.backup.bind(state),
      close: state.close.bind(state),
    },
  };
  const detector = new DriftDetector(port as SqliteState, 0.05, 200, { clock, random: seededBytes(1) });
  await detector.setBaseline({ size: normals(1, 500) });
  record(detector, 'size', normals(2, 200, 5));
  isFull = true;
  await assert.rejects(detector.check(), { code: 'NO_SPACE' });
  isFull = false;
  assert.equal((await detector.check()).length, 1);
  assert.deepEqual(await detector.check(), []);
});

test('rows are recorded as values one by one are', async () => {
  const names = ['a', 'b'];
  const rows = normals(1, 3000).map((value, i) => Float64Array.of(value, value + (i > 1500 ? 1 : 0)));
  const told = [];
  for (const byRow of [true, false]) {
    const { detector } = scene();
    await detector.setBaseline({ a: normals(5, 1000), b: normals(6, 1000) });
    const take = detector.rowRecorder(names);
    for (const row of rows) {
      if (byRow) take(row);
      else for (const [i, name] of names.entries()) detector.recordFeature(name, row[i] as number);
    }
    told.push(
      (await detector.check()).map(({ featureName, severity, score }) => [featureName, severity, score]),
    );
  }
  assert.deepEqual(told[0], told[1]);
  assert.ok(told[0]?.every(([name]) => name === 'b') && told[0].length > 0);
});

test('a clock that stands still and a new one tell the same', async () => {
  const clock = new ManualClock(0);
  const { state } = house();
  const detector = new DriftDetector(state, 0.05, 200, { clock, random: seededBytes(1) });
  await detector.setBaseline({ size: normals(1, 500) });
  record(detector, 'size', normals(2, 200, 5));
  assert.equal((await detector.check()).length, 1);
  assert.equal((await detector.explain('size')).falseAlarmsPerMonth, null);
});
