import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ABTestFramework, ABTestManager, DriftDetector, OnlineLearner, openRegistry } from '../src/index.ts';
import { temporaryFolder } from './support.ts';

/** As JavaScript without types has it: any method may be called with anything. */
type Untyped = Readonly<Record<string, (...given: unknown[]) => unknown>>;
const untyped = (value: unknown): Untyped => value as Untyped;

const JUNK = [undefined, null, 5, 'text', true, {}, [null]];
const VALUES = Array.from({ length: 30 }, (_, at) => at);
const MODELS = [
  { modelId: 'v1', isControl: true },
  { modelId: 'v2', isControl: false },
];
const METADATA = { name: 'm', version: 'v1', algorithm: 'a', framework: 'f' };

/** Every value but those that make sense there is refused as a mistake of the caller. */
async function refuses(
  call: (given: unknown) => unknown,
  { but = [] }: { readonly but?: readonly unknown[] } = {},
): Promise<void> {
  for (const given of JUNK.filter((each) => !but.includes(each))) {
    const what = `${call.toString()} with ${JSON.stringify(given)}`;
    await assert.rejects(async () => call(given), { name: 'PilotfishError', code: 'USAGE' }, what);
  }
}

function house(t: TestContext) {
  const folder = temporaryFolder(t);
  const directory = openRegistry(`${folder}/data`);
  t.after(() => directory.close());
  return { folder, state: directory.state, registry: directory.registry };
}

test('experiments say what to give to callers without types', async (t) => {
  const { folder, state } = house(t);
  const manager = new ABTestManager(state);
  await manager.createExperiment({ id: 'e', targetMetric: 'accuracy', models: MODELS });
  await manager.startExperiment('e');
  const { createExperiment: create, record } = bound(manager);
  const draft = { id: 'x', targetMetric: 'accuracy', models: MODELS };
  await refuses((given) => create?.(given));
  await refuses((given) => create?.({ ...draft, models: given }));
  await refuses((given) => create?.({ ...draft, targetMetric: given }), { but: ['text'] });
  for (const part of ['guardrails', 'secondaryMetrics', 'namespace', 'holdout'])
    await refuses((given) => create?.({ ...draft, [part]: given }), { but: [undefined, null] });
  await refuses((given) => record?.('e', given));
  await refuses((given) => record?.('e', { unit: 'u', values: given }));
  const framework = new ABTestFramework({ dataDir: `${folder}/framework` });
  t.after(() => framework.close());
  await framework.createExperiment('e');
  const { getVariant, recordResult } = bound(framework);
  await refuses((given) => getVariant?.('e', given));
  await refuses((given) => recordResult?.('e', 'u', given));
  await refuses((given) => recordResult?.('e', 'u', { success: given, latencyMs: 1 }), { but: [true] });
});

test('so does the detector of drift', async (t) => {
  const { state } = house(t);
  const detector = new DriftDetector(state);
  await detector.setBaseline({ size: VALUES });
  const { setBaseline, forget, recordRows, rowRecorder, getDriftReports, explain } = bound(detector);
  for (const given of ['0.05', null, {}])
    assert.throws(() => new DriftDetector(state, given as never), {
      code: 'USAGE',
      message: /a number from 0/,
    });
  await refuses((given) => setBaseline?.(given), { but: [JUNK[5]] });
  await refuses((given) => setBaseline?.({ other: given }), { but: [JUNK[6]] });
  await refuses((given) => setBaseline?.({ other: VALUES }, { models: given }), { but: [undefined] });
  for (const call of [forget, recordRows, rowRecorder, getDriftReports])
    await refuses((given) => call?.(given));
  await refuses((given) => explain?.('size', given), { but: [undefined] });
});

test('so do pipelines', async (t) => {
  const { state, registry } = house(t);
  const online = new OnlineLearner(state, registry);
  const learner = { kind: 'logistic', features: ['size'] } as const;
  await online.createPipeline({ pipelineId: 'p', name: 'P', learner });
  const { createPipeline: create, addSample } = bound(online);
  const draft = { pipelineId: 'x', name: 'X', learner };
  await refuses((given) => create?.(given));
  await refuses((given) => create?.({ ...draft, learner: given }));
  await refuses((given) => create?.({ ...draft, features: given }), { but: [undefined, null] });
  await refuses((given) => create?.({ ...draft, learner: { ...learner, features: given } }));
  await refuses((given) => addSample?.('p', given));
  await refuses((given) => addSample?.('p', { sampleId: 's', features: given }), { but: [JUNK[5]] });
});

test('so does the registry, and nothing is left of what was refused', async (t) => {
  const { registry } = house(t);
  const { registerModel: register } = bound(registry);
  await refuses((given) => register?.(given, Buffer.from('x')));
  await refuses((given) => register?.({ ...METADATA, version: given }, Buffer.from('x')), { but: ['text'] });
  await refuses((given) => register?.({ ...METADATA, tags: given }, Buffer.from('x')), {
    but: [undefined, null, JUNK[5]],
  });
  await refuses((given) => register?.(METADATA, given), { but: [JUNK[6]] });
  assert.deepEqual(await registry.listModels(), []);
});

/** The methods of an object, each with its `this`. */
function bound(of: object): Untyped {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(of));
  const from = untyped(of);
  return Object.fromEntries(
    names
      .filter((name) => name !== 'constructor' && typeof from[name] === 'function')
      .map((name) => [name, (...given: unknown[]) => from[name]?.apply(of, given)]),
  );
}
