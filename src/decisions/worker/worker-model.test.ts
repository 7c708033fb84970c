import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { ManualClock, PilotfishError } from '../../base/index.ts';
import type { Room } from '../contract/index.ts';
import { Guard } from '../guard/index.ts';
import { WorkerModel, type WorkerModelOptions } from './worker-model.ts';

type Question = { readonly size: number };
type Value = 'small' | 'medium' | 'large';
const VALUES: readonly Value[] = ['small', 'medium', 'large'];

const room: Room<Question, Value> = {
  name: 'sizes',
  features: [],
  fallback: 'small',
  heuristic: () => 'medium',
  isLegal: (value): value is Value => VALUES.includes(value as Value),
  open: () => {
    throw new PilotfishError('UNSUPPORTED', 'not here');
  },
};

/** Long enough for the slowest machine: only what never answers is waited for in vain. */
const PATIENT_MS = 60_000;

const moduleOf = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

type Setting = { readonly guard: Guard<Question, Value>; readonly model: WorkerModel<Question, Value> };

/** A guard over a worker that runs `source`. */
async function guarded(
  test: TestContext,
  source: string,
  options: Partial<WorkerModelOptions<Question, Value>> = {},
): Promise<Setting & { clock: ManualClock; isReady: boolean }> {
  const clock = new ManualClock();
  const model = new WorkerModel<Question, Value>({
    version: 'foreign@1',
    module: moduleOf(source),
    clock,
    slots: 2,
    features: ({ size }, out) => {
      out[0] = size;
      out[1] = -1;
    },
    values: VALUES,
    budgetMs: PATIENT_MS,
    ...options,
  });
  test.after(() => model.close());
  const isReady = await model.ready();
  const guard = new Guard({ room, clock });
  guard.install(model);
  return { guard, model, clock, isReady };
}

const asked = ({ guard }: Setting, size = 0): unknown[] => {
  const { value, source, reason } = guard.ask({ size });
  return [value, source, reason];
};

test('a worker answers with the index of a value, from the features of the question', async (t) => {
  const setting = await guarded(t, 'export const choose = (x) => (x.length === 2 && x[1] === -1 ? x[0] : 9)');
  assert.equal(setting.isReady, true);
  for (let i = 0; i < 300; i += 1) {
    assert.deepEqual(asked(setting, i % 3), [VALUES[i % 3], 'foreign@1', 'model']);
  }
});

test('NaN, no number, an index of nothing, a promise: not legal', async (t) => {
  const source = 'const all = [NaN, "1", 3, -1, 0.5, undefined, Promise.resolve(1)];';
  const setting = await guarded(t, `${source} export const choose = (x) => all[x[0]]`);
  for (let i = 0; i < 7; i += 1) {
    setting.guard.breaker.reset();
    assert.deepEqual(asked(setting, i), ['medium', 'heuristic', 'illegal'], `${i}`);
  }
});

test('one that throws is an exception, and may be well again at the next question', async (t) => {
  const setting = await guarded(t, 'export const choose = (x) => { if (x[0] === 1) throw 1; return 2; }');
  assert.deepEqual(asked(setting, 1), ['medium', 'heuristic', 'exception']);
  assert.deepEqual(asked(setting, 0), ['large', 'foreign@1', 'model']);
});

test('one that hangs is over budget, is terminated, and a new worker answers afterwards', async (t) => {
  const source = 'export const choose = (x) => { while (x[0] === 1); return 2; }';
  const setting = await guarded(t, source, { budgetMs: 1000 });
  assert.deepEqual(asked(setting, 1), ['medium', 'heuristic', 'over-budget']);
  assert.equal(await setting.model.ready(), true);
  assert.deepEqual(asked(setting), ['large', 'foreign@1', 'model']);
});

test('one that always hangs is waited for as often as the breaker lets it, and no more', async (t) => {
  const setting = await guarded(t, 'export const choose = () => { for (;;); }', { budgetMs: 5 });
  for (let i = 0; i < 5; i += 1) {
    assert.equal(asked(setting)[2], 'over-budget');
    await setting.model.ready();
  }
  for (let i = 0; i < 100; i += 1) assert.equal(asked(setting)[2], 'breaker-open');
  setting.clock.advance(60_000);
  assert.equal(asked(setting)[2], 'over-budget', 'the probe of the breaker');
  assert.equal(asked(setting)[2], 'breaker-open');
});

test('one that ends its thread is over budget', async (t) => {
  const setting = await guarded(t, 'export const choose = () => process.exit(0)', { budgetMs: 5 });
  assert.deepEqual(asked(setting), ['medium', 'heuristic', 'over-budget']);
});

test('what cannot be loaded never answers and never throws', async (t) => {
  for (const source of ['throw 1', 'export const choose = 7', 'import "node:nothing"', 'syntax error']) {
    const setting = await guarded(t, source);
    assert.equal(setting.isReady, false, source);
    assert.deepEqual(asked(setting), ['medium', 'heuristic', 'exception'], source);
  }
});

test('one that never finishes loading does not serve; after ten seconds that is a failure', async (t) => {
  const clock = new ManualClock();
  const model = new WorkerModel<Question, Value>({
    ...{ version: 'foreign@1', module: moduleOf('for (;;);'), clock, slots: 2, values: VALUES },
    features: () => undefined,
  });
  t.after(() => model.close());
  const guard = new Guard({ room, clock });
  guard.install(model);
  assert.equal(guard.ask({ size: 0 }).reason, 'not-served');
  const isReady = model.ready();
  clock.advance(10_001);
  assert.equal(await isReady, false, 'whoever waits is not left waiting');
  assert.equal(guard.ask({ size: 0 }).reason, 'exception');
  assert.equal(guard.ask({ size: 0 }).reason, 'not-served', 'another worker was started');
});

test('after close the rule answers', async (t) => {
  const setting = await guarded(t, 'export const choose = () => 2');
  await setting.model.close();
  assert.deepEqual(asked(setting), ['medium', 'heuristic', 'exception']);
  await setting.model.close();
});

test('without slots, values or time there is no model', () => {
  const sound = {
    ...{ version: 'foreign@1' as const, module: moduleOf(''), clock: new ManualClock(), slots: 2 },
    ...{ features: () => undefined, values: VALUES },
  };
  for (const wrong of [
    { slots: 0 },
    { slots: 1.5 },
    { values: [] },
    { budgetMs: 0 },
    { budgetMs: Number.NaN },
  ])
    assert.throws(() => new WorkerModel({ ...sound, ...wrong }), { code: 'USAGE' });
});

test('a worker keeps no process alive, sees no environment and prints nothing', () => {
  const source = `export const choose = () => {
    console.log("noise");
    console.error("noise");
    return Object.keys(process.env).length === 0 ? 1 : 0;
  }`;
  const program = `
    import { WorkerModel } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL('../../base/index.ts', import.meta.url).href)};
    const model = new WorkerModel({
      version: 'foreign@1', module: new URL(${JSON.stringify(moduleOf(source).href)}), clock: systemClock,
      slots: 1, features: () => undefined, values: ['seen', 'empty'], budgetMs: ${PATIENT_MS},
    });
    await model.ready();
    console.log(model.choose({}));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: PATIENT_MS,
    env: { NODE_OPTIONS: '' },
  });
  assert.deepEqual([status, stdout, stderr], [0, 'empty\n', '']);
});
