// The scenarios of OpenFeature's specification (evaluation, evaluation details, metadata, hooks, context merging), through
// its own server SDK, with the specification's test flags; then our experiments as flags.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  type Client,
  type EvaluationContext,
  type EvaluationDetails,
  type FlagValue,
  type Hook,
  OpenFeature,
  type Provider,
} from '@openfeature/server-sdk';
import { ABTestManager, PilotfishProvider, type StaticFlag } from '../../src/lifecycle/index.ts';
import { SqliteState } from '../../src/lifecycle/registry/index.ts';

const TEMPLATE = { showImages: true, title: 'Check out these pics!', imagesPerPage: 100 };
const METADATA = { string: '1.0.2', integer: 2, boolean: true, float: 0.1 };

const flag = (variants: StaticFlag['variants'], defaultVariant: string, more: object = {}): StaticFlag => ({
  ...{ variants, defaultVariant },
  ...more,
});
const byEmail = {
  target: ({ email }: { email?: unknown }) => (email === 'ballmer@macrosoft.com' ? 'zero' : undefined),
};
const zero = (none: FlagValue, some: FlagValue, more: object = {}): StaticFlag =>
  flag({ zero: none, 'non-zero': some }, 'zero', more);

/** The specification's test-flags.json. */
const FLAGS: Readonly<Record<string, StaticFlag>> = {
  'boolean-flag': flag({ on: true, off: false }, 'on'),
  'string-flag': flag({ greeting: 'hi', parting: 'bye' }, 'greeting'),
  'integer-flag': flag({ one: 1, ten: 10 }, 'ten'),
  'float-flag': flag({ tenth: 0.1, half: 0.5 }, 'half'),
  'object-flag': flag({ empty: {}, template: TEMPLATE }, 'template'),
  'boolean-zero-flag': zero(false, true),
  'string-zero-flag': zero('', 'str'),
  'integer-zero-flag': zero(0, 1),
  'float-zero-flag': zero(0, 1),
  'object-zero-flag': zero({}, TEMPLATE),
  'boolean-targeted-zero-flag': zero(false, true, byEmail),
  'string-targeted-zero-flag': zero('', 'str', byEmail),
  'integer-targeted-zero-flag': zero(0, 1, byEmail),
  'float-targeted-zero-flag': zero(0, 1, byEmail),
  'object-targeted-zero-flag': zero({}, TEMPLATE, byEmail),
  'metadata-flag': flag({ on: true, off: false }, 'on', { metadata: METADATA }),
  'wrong-flag': flag({ one: 'uno', two: 'dos' }, 'one'),
  'boolean-disabled-flag': flag({ on: true, off: false }, 'on', { isDisabled: true }),
  'string-disabled-flag': flag({ greeting: 'hi', parting: 'bye' }, 'greeting', { isDisabled: true }),
  'context-aware': flag({ internal: 'INTERNAL', external: 'EXTERNAL' }, 'external', {
    target: ({ customer }: { customer?: unknown }) =>
      customer === false || customer === 'false' ? 'internal' : undefined,
  }),
};

async function connected(t: TestContext, provider: Provider): Promise<Client> {
  await OpenFeature.setProviderAndWait(provider);
  t.after(async () => {
    await OpenFeature.clearProviders();
    OpenFeature.setContext({});
  });
  return OpenFeature.getClient();
}

/** Asks by the type of the default. */
function details(
  client: Client,
  key: string,
  fallback: FlagValue,
  context: EvaluationContext = {},
): Promise<EvaluationDetails<FlagValue>> {
  if (typeof fallback === 'boolean') return client.getBooleanDetails(key, fallback, context);
  if (typeof fallback === 'string') return client.getStringDetails(key, fallback, context);
  if (typeof fallback === 'number') return client.getNumberDetails(key, fallback, context);
  return client.getObjectDetails(key, fallback, context);
}

test('values are resolved, with variant and reason', async (t) => {
  const client = await connected(t, new PilotfishProvider({ flags: FLAGS }));
  const cases: readonly [string, FlagValue, FlagValue, string][] = [
    ['boolean-flag', false, true, 'on'],
    ['string-flag', 'bye', 'hi', 'greeting'],
    ['integer-flag', 1, 10, 'ten'],
    ['float-flag', 0.1, 0.5, 'half'],
    ['object-flag', {}, TEMPLATE, 'template'],
    ['boolean-zero-flag', true, false, 'zero'],
    ['string-zero-flag', 'hi', '', 'zero'],
    ['integer-zero-flag', 1, 0, 'zero'],
    ['float-zero-flag', 0.1, 0, 'zero'],
    ['object-zero-flag', { a: 1 }, {}, 'zero'],
  ];
  for (const [key, fallback, value, variant] of cases) {
    const found = await details(client, key, fallback);
    assert.deepEqual(
      [found.flagKey, found.value, found.variant, found.reason],
      [key, value, variant, 'STATIC'],
    );
    assert.equal(found.errorCode, undefined);
  }
  assert.equal(await client.getBooleanValue('boolean-flag', false), true);
  assert.equal(await client.getStringValue('string-flag', 'bye'), 'hi');
  assert.equal(await client.getNumberValue('integer-flag', 1), 10);
  assert.deepEqual(await client.getObjectValue('object-flag', {}), TEMPLATE);
});

const TARGETED: readonly [string, FlagValue, FlagValue][] = [
  ['boolean-targeted-zero-flag', true, false],
  ['string-targeted-zero-flag', 'hi', ''],
  ['integer-targeted-zero-flag', 1, 0],
  ['float-targeted-zero-flag', 0.1, 0],
  ['object-targeted-zero-flag', { a: 1 }, {}],
];

test('targeting matches, or leaves the default, also with an empty or null context', async (t) => {
  const client = await connected(t, new PilotfishProvider({ flags: FLAGS }));
  for (const [key, fallback, value] of TARGETED) {
    for (const [context, reason] of [
      [{ email: 'ballmer@macrosoft.com' }, 'TARGETING_MATCH'],
      [{ email: 'ballmer@none.com' }, 'DEFAULT'],
      [{}, 'DEFAULT'],
      [{ email: null }, 'DEFAULT'],
    ] as const) {
      const found = await details(client, key, fallback, context);
      assert.deepEqual([found.value, found.reason], [value, reason]);
    }
  }
  const person = { fn: 'Sulisław', ln: 'Świętopełk', age: 29, customer: false };
  assert.equal((await details(client, 'context-aware', 'EXTERNAL', person)).value, 'INTERNAL');
  assert.equal((await details(client, 'context-aware', 'EXTERNAL', {})).value, 'EXTERNAL');
  const several = { email: 'ballmer@macrosoft.com', role: 'admin', age: 65, customer: false };
  const kept = structuredClone(several);
  assert.equal((await details(client, 'context-aware', 'false', several)).reason, 'TARGETING_MATCH');
  assert.deepEqual(several, kept);
});

test('errors leave the caller’s default, with a code and nothing thrown', async (t) => {
  const client = await connected(t, new PilotfishProvider({ flags: FLAGS }));
  const cases: readonly [string, FlagValue, string][] = [
    ['non-existent-flag', false, 'FLAG_NOT_FOUND'],
    ['non-existent-flag', 'bye', 'FLAG_NOT_FOUND'],
    ['non-existent-flag', 1, 'FLAG_NOT_FOUND'],
    ['non-existent-flag', 0.1, 'FLAG_NOT_FOUND'],
    ['non-existent-flag', { a: 1 }, 'FLAG_NOT_FOUND'],
    ['boolean-flag', 'bye', 'TYPE_MISMATCH'],
    ['boolean-flag', 1, 'TYPE_MISMATCH'],
    ['string-flag', false, 'TYPE_MISMATCH'],
    ['string-flag', 1, 'TYPE_MISMATCH'],
    ['string-flag', {}, 'TYPE_MISMATCH'],
    ['wrong-flag', 13, 'TYPE_MISMATCH'],
  ];
  for (const [key, fallback, code] of cases) {
    const found = await details(client, key, fallback);
    assert.deepEqual([found.value, found.reason, found.errorCode], [fallback, 'ERROR', code]);
  }
  assert.match((await details(client, 'error-flag', false)).errorMessage ?? '', /flag error-flag not found/);
  for (const [key, fallback] of [
    ['boolean-disabled-flag', false],
    ['string-disabled-flag', 'bye'],
  ] as const) {
    const found = await details(client, key, fallback);
    assert.deepEqual([found.value, found.reason], [fallback, 'DISABLED']);
  }
});

test('metadata of a flag comes with its details, and none where it has none', async (t) => {
  const client = await connected(t, new PilotfishProvider({ flags: FLAGS }));
  const found = await details(client, 'metadata-flag', true);
  assert.deepEqual(found.flagMetadata, METADATA);
  assert.ok(Object.isFrozen(found.flagMetadata));
  for (const [key, fallback] of [
    ['boolean-flag', true],
    ['integer-flag', 23],
    ['float-flag', 2.3],
    ['string-flag', 'value'],
  ] as const) {
    assert.deepEqual((await details(client, key, fallback)).flagMetadata, {});
  }
});

test('hooks run in order and hear what was resolved', async (t) => {
  const client = await connected(t, new PilotfishProvider({ flags: FLAGS }));
  const calls: [string, unknown?, unknown?, unknown?][] = [];
  const told = (stage: string, { value, reason, errorCode }: EvaluationDetails<FlagValue>): void =>
    void calls.push([stage, value, reason, errorCode]);
  const hook: Hook = {
    before: () => void calls.push(['before']),
    after: (_context, resolved) => told('after', resolved),
    error: () => void calls.push(['error']),
    finally: (_context, resolved) => told('finally', resolved),
  };
  client.addHooks(hook);
  await details(client, 'boolean-flag', false);
  assert.deepEqual(calls.splice(0), [
    ['before'],
    ['after', true, 'STATIC', undefined],
    ['finally', true, 'STATIC', undefined],
  ]);
  await details(client, 'missing-flag', 'uh-oh');
  assert.deepEqual(calls.splice(0), [['before'], ['error'], ['finally', 'uh-oh', 'ERROR', 'FLAG_NOT_FOUND']]);
  await details(client, 'wrong-flag', 13);
  assert.deepEqual(calls.splice(0), [['before'], ['error'], ['finally', 13, 'ERROR', 'TYPE_MISMATCH']]);
  client.clearHooks();
  await client.getBooleanDetails('boolean-flag', false, {}, { hooks: [hook] });
  assert.deepEqual(
    calls.map(([stage]) => stage),
    ['before', 'after', 'finally'],
  );
});

test('the provider sees the contexts of all levels, the nearest first', async (t) => {
  const seen: Record<string, unknown>[] = [];
  const target = (context: Record<string, unknown>) => {
    seen.push({ ...context });
    return undefined;
  };
  const client = await connected(
    t,
    new PilotfishProvider({ flags: { some: flag({ on: true }, 'on', { target }) } }),
  );
  const own = { API: 'API value', key: 'API' };
  OpenFeature.setContext(own);
  await details(client, 'some', false);
  client.setContext({ Client: 'Client value', key: 'Client' });
  await details(client, 'some', false);
  await details(client, 'some', false, { Invocation: 'Invocation value', key: 'Invocation' });
  client.addHooks({ before: () => ({ Hook: 'Hook value', key: 'Hook' }) });
  await details(client, 'some', false, { Invocation: 'Invocation value', key: 'Invocation' });
  const client1 = { ...own, Client: 'Client value', key: 'Client' };
  const invocation = { ...client1, Invocation: 'Invocation value', key: 'Invocation' };
  assert.deepEqual(seen, [own, client1, invocation, { ...invocation, Hook: 'Hook value', key: 'Hook' }]);
});

test('a provider whose experiments cannot be read is not ready, and says so at every question', async (t) => {
  const state = new SqliteState({ path: ':memory:' });
  await state.close();
  await assert.rejects(
    OpenFeature.setProviderAndWait(new PilotfishProvider({ manager: new ABTestManager(state) })),
  );
  t.after(() => OpenFeature.clearProviders());
  const client = OpenFeature.getClient();
  assert.equal(client.providerStatus, 'ERROR');
  const waits = new PilotfishProvider({ flags: FLAGS });
  waits.initialize = () => new Promise(() => undefined);
  OpenFeature.setProvider(waits);
  for (const fallback of [false, 'bye', 1, 0.1, { a: 1 }]) {
    const found = await details(client, 'boolean-flag', fallback);
    assert.deepEqual([found.value, found.reason, found.errorCode], [fallback, 'ERROR', 'PROVIDER_NOT_READY']);
  }
});

test('a fatal error of the provider is told as such', async (t) => {
  const fatal = new PilotfishProvider({ flags: FLAGS });
  fatal.initialize = () => Promise.reject(Object.assign(new Error('gone'), { code: 'PROVIDER_FATAL' }));
  await assert.rejects(OpenFeature.setProviderAndWait(fatal));
  t.after(() => OpenFeature.clearProviders());
  const found = await details(OpenFeature.getClient(), 'boolean-flag', false);
  assert.deepEqual([found.value, found.reason, found.errorCode], [false, 'ERROR', 'PROVIDER_FATAL']);
});

test('an experiment is a flag: the unit is the targeting key', async (t) => {
  const state = new SqliteState({ path: ':memory:' });
  t.after(() => state.close());
  const manager = new ABTestManager(state);
  const client = await connected(t, new PilotfishProvider({ manager, flags: FLAGS }));
  await manager.createExperiment({
    id: 'depth',
    targetMetric: 'hits',
    models: [
      { modelId: 'v1', isControl: true, trafficPct: 50, value: 4 },
      { modelId: 'v2', isControl: false, trafficPct: 50, value: 16 },
    ],
  });
  const plain = { id: 'plain', targetMetric: 'hits' };
  const models = [
    { modelId: 'v1', isControl: true },
    { modelId: 'v2', isControl: false },
  ];
  await manager.createExperiment({ ...plain, models });
  const ask = (fallback: FlagValue, targetingKey: string, id = 'depth') =>
    details(client, id, fallback, { targetingKey });
  assert.deepEqual((await ask(1, 'user-1')).reason, 'DISABLED');
  assert.deepEqual((await ask(1, 'user-1')).value, 1);
  await manager.startExperiment('depth');
  await manager.startExperiment('plain');
  for (let i = 0; i < 20; i += 1) {
    const unit = `user-${i}`;
    const modelId = await manager.getModelAssignment('depth', unit);
    const found = await ask(1, unit);
    assert.deepEqual(
      [found.value, found.variant, found.reason],
      [modelId === 'v1' ? 4 : 16, modelId, 'SPLIT'],
    );
    const isTreated = (await manager.getModelAssignment('plain', unit)) === 'v2';
    assert.equal((await ask(false, unit, 'plain')).value, isTreated);
    assert.equal((await ask('', unit, 'plain')).value, isTreated ? 'v2' : 'v1');
  }
  assert.equal((await details(client, 'depth', 1)).errorCode, 'TARGETING_KEY_MISSING');
  assert.equal((await ask(1, 'x'.repeat(300))).errorCode, 'INVALID_CONTEXT');
  assert.equal((await ask('', 'user-1')).errorCode, 'TYPE_MISMATCH');
  await manager.pauseExperiment('depth');
  assert.deepEqual([(await ask(1, 'user-1')).value, (await ask(1, 'user-1')).reason], [4, 'DEFAULT']);
});
