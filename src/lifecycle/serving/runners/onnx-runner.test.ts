import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock, type PilotfishError } from '../../../base/index.ts';
import { ModelServer } from '../server.ts';
import { constantModel, MemorySource, onnxModel } from '../testing/models.ts';
import { STUB_RUNTIME } from '../testing/runtime.ts';
import { recordGolden } from './golden.ts';

/** Rows whose sum the stub throws at, answers NaN to, or never answers. */
const THROWS = [-1, -1];
const NAN = [1, -1];
const HANGS = [1e6, 1e6];
const BUDGET_MS = 1000;

/** A stub that sums up, with an answer recorded: to zeros alone it would answer NaN. */
const summing = (text: string, input = [1, 2]) =>
  onnxModel(text, { 'golden.json': recordGolden((x) => [(x[0] as number) + (x[1] as number)], [input]) });

type Serving = { readonly server: ModelServer; readonly clock: ManualClock };

function serving(test: TestContext, source: MemorySource, onnxModule = STUB_RUNTIME): Serving {
  const clock = new ManualClock();
  const server = new ModelServer({ source, clock, onnxModule, onnxBudgetMs: BUDGET_MS });
  test.after(() => server.stop());
  server.start();
  return { server, clock };
}

const answerOf = (server: ModelServer, row: number[], name = 'a'): Promise<number | string> =>
  server.predict(name, row).then(
    ({ values }) => values[0] as number,
    (error: PilotfishError) => error.code,
  );

/** What was asked has been sent to the worker, and is waited for. */
const sent = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a foreign model answers from its thread, in batches, the floats behind its label', async (t) => {
  const here = serving(t, new MemorySource().put('a', '1', summing('{"inputs":2}')));
  const rows = Array.from({ length: 70 }, (_, i) => [i + 1, 0.5]);
  const answers = await Promise.all(rows.map((row) => answerOf(here.server, row)));
  assert.deepEqual(
    answers,
    rows.map(([a = 0]) => a + 0.5),
  );
  const { loaded } = here.server.describe('a');
  assert.deepEqual([loaded?.platform, loaded?.inputs, loaded?.outputs], ['onnx', 2, 1]);
  await assert.rejects(
    here.server.open('a').then((handle) => handle.predict([1, 2])),
    { code: 'UNSUPPORTED', message: /another thread/ },
  );
});

test('whole numbers of 64 bits come as numbers; the width may come from the recorded answers', async (t) => {
  const here = serving(t, new MemorySource().put('a', '1', summing('{"ints":true}')));
  assert.equal(await answerOf(here.server, [4, 5]), 9);
});

test('rows that make it throw or answer NaN are refused alone', async (t) => {
  const here = serving(t, new MemorySource().put('a', '1', summing('{"inputs":2}')));
  const rows = [[1, 2], THROWS, NAN, [3, 4]];
  const answers = await Promise.all(rows.map((row) => answerOf(here.server, row)));
  assert.deepEqual(answers, [3, 'INTERNAL', 'NOT_FINITE', 7]);
});

test('a row that makes it hang costs its own batch one budget; then it is started anew and answers', async (t) => {
  const source = new MemorySource().put('a', '1', summing('{"inputs":2}')).put('b', '1', constantModel(5));
  const { server, clock } = serving(t, source);
  await server.load('a');
  const [first, second, third] = [[1, 2], HANGS, [3, 4]].map((row) => answerOf(server, row));
  // Whatever the thread does, this one answers.
  assert.equal(await answerOf(server, [1, 2], 'b'), 5);
  await sent();
  clock.advance(BUDGET_MS);
  assert.equal(await first, 3, 'asked again alone');
  await sent();
  clock.advance(BUDGET_MS);
  assert.deepEqual([await second, await third], ['LIMIT', 7]);
  assert.equal(await answerOf(server, [5, 6]), 11);
});

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['broken', 'DAMAGED', /not a protobuf.*export it anew/],
  ['exits', 'DAMAGED', /exit 3/],
  ['{}', 'UNSUPPORTED', /golden\.json/],
];

for (const [text, code, message] of REFUSED) {
  test(`the model "${text}" is refused and the version before it serves`, async (t) => {
    const source = new MemorySource().put('a', '1', constantModel(1));
    const here = serving(t, source);
    await here.server.load('a');
    source.put('a', '2', onnxModel(text));
    const [failure] = await here.server.refresh();
    assert.equal(failure?.error.code, code);
    assert.match(failure?.error.message ?? '', message);
    assert.equal(await answerOf(here.server, [1, 2]), 1);
  });
}

test('a model that is not opened in time is refused, and the version before it serves', async (t) => {
  const source = new MemorySource().put('a', '1', constantModel(1)).put('a', '2', onnxModel('silent'));
  const { server, clock } = serving(t, source);
  const asked = answerOf(server, [1, 2]);
  await sent();
  clock.advance(30_000);
  assert.equal(await asked, 1);
  assert.equal(await answerOf(server, [1, 2]), 1);
  assert.deepEqual(source.opened, ['a 2', 'a 1'], 'it is not waited for again');
});

test('without the runtime the error says what to install, and native models serve', async (t) => {
  const source = new MemorySource().put('a', '1', onnxModel('{"inputs":2}')).put('b', '1', constantModel(5));
  const here = serving(t, source, 'onnxruntime-that-is-not-installed');
  await assert.rejects(here.server.predict('a', [1, 2]), {
    ...{ code: 'UNSUPPORTED', message: /npm install onnxruntime-that-is-not-installed/ },
  });
  assert.equal(await answerOf(here.server, [1, 2], 'b'), 5);
});
