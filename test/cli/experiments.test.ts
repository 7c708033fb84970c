// `pilotfish experiments`: an A/B test from its draft to its result on a data directory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Place, parseOne } from './support.ts';

const create = ['experiments', 'create', 'prefetch', '--target', 'hits:higher', '--control', 'off'];

/** Runs one line of `pilotfish experiments` on the data directory of a place; values have no spaces. */
const on =
  (place: Place) =>
  async (line: string): Promise<string> =>
    (await place.given('experiments', ...line.split(' '), '--data', place.path('data'))).stdout;

const jsonLines = (count: number, of: (at: number) => object): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, at) => `${JSON.stringify(of(at))}\n`).join('\n'));

test('from a draft to a result', async (t) => {
  const place = new Place(t);
  const run = on(place);
  const options = '--target hits:higher --control off --treatment on=50% --guardrail latencyMs:lower:5%';
  assert.match(
    await run(`create prefetch ${options} --samples 100`),
    /^prefetch is a draft\. Judged from 100 units an arm on, at any time/,
  );
  assert.match(await run('start prefetch --reason planned'), /running {3}prefetch {2}0 records {2}planned/);
  const served = new Set<string>();
  for (let i = 0; i < 12; i += 1) served.add(await run(`assign prefetch user-${i}`));
  assert.deepEqual(served, new Set(['off\n', 'on\n']));
  const record = 'record prefetch --id r --unit u --value hits=1 --value latencyMs=5';
  assert.equal(await run(record), '1 record counted\n');
  assert.equal(await run(record), '0 records counted, 1 of before\n');
  const input = jsonLines(1200, (i) => ({
    ...{ id: `r${i}`, unit: `user-${i}`, values: { hits: i % 2, latencyMs: 5 + (i % 7) / 100 } },
  }));
  const piped = place.run(['experiments', 'record', 'prefetch', '--data', place.path('data')], { input });
  assert.deepEqual([piped.code, piped.stdout], [0, '1,200 records counted\n']);

  const text = await run('results prefetch');
  for (const part of [
    /^prefetch {2}running, 1,201 records\n/,
    /\noff \(control\) {2,}50 % +\d+ /,
    /target: hits, higher is better\n/,
    /\non +latencyMs +5\.\d+, at most 5\.\d+ +kept\n/,
    /\nsplit: \d+ \/ \d+ units, as intended/,
    /\ncontinue: no difference in hits is shown yet\n$/,
  ]) {
    assert.match(text, part);
  }
  const json = parseOne(await run('results prefetch --json')) as { recommendation: string; records: number };
  assert.deepEqual([json.recommendation, json.records], ['continue', 1201]);

  assert.match(await run('pause prefetch'), /paused/);
  assert.equal(await run('assign prefetch user-1'), 'off\n');
  assert.match(await run('cover prefetch --coverage 100%'), /paused/);
  assert.match(await run('stop prefetch'), /complete/);
  assert.match(await run('show prefetch'), /arms: off 50 % \(control\), on 50 %\n/);
  assert.match(await run('list --status complete'), /prefetch {2}1,201 records/);
  assert.equal(await run('list --status running'), '');
});

test('what was shown becomes evidence for a version, which can then be promoted', async (t) => {
  const place = new Place(t);
  const [run, data] = [on(place), place.path('data')];
  place.write({ 'model.onnx': 'a forest' });
  const models = (line: string) => place.inside(['models', ...line.split(' '), '--data', data]);
  await models('register model.onnx --name threats --as v2 --algorithm trees --framework xgboost');
  await models('promote threats v2 --to testing');
  await place.given(
    'models',
    'promote',
    'threats',
    'v2',
    '--to',
    'staging',
    '--evidence',
    'evaluation: .9',
    '--data',
    data,
  );
  assert.match((await models('promote threats v2 --to production')).stderr, /REFUSED.*experiment/);
  await run('create ab --target hits:higher --control v1 --treatment v2=50% --samples 100');
  await run('start ab');
  const early = await place.inside(['experiments', 'evidence', 'ab', 'threats', 'v2', '--data', data]);
  assert.match(early.stderr, /REFUSED: ab has shown nothing yet: an arm has 0 of 100 units/);
  for (const [model, step] of [
    ['v1', 10],
    ['v2', 2],
  ] as const) {
    const input = jsonLines(500, (i) => ({ modelId: model, values: { hits: i % step === 0 ? 1 : 0 } }));
    assert.equal(place.run(['experiments', 'record', 'ab', '--data', data], { input }).code, 0);
  }
  assert.match(
    await run('evidence ab threats v2'),
    /^passed experiment: ab: rollout, v2 is better in hits; hits of v2 \(\+400\.0 %\) after 1000 records/,
  );
  assert.match((await models('promote threats v2 --to production')).stdout, /production +threats 1 v2/);
});

const ONE_LOOK = {
  targetMetric: 'hits',
  models: [
    { modelId: 'a', isControl: true },
    { modelId: 'b', isControl: false },
  ],
  analysis: { method: 'fixed', samplesPerArm: 2000 },
};

test('shares that are left out, files, and what does not parse', async (t) => {
  const place = new Place(t);
  const data = ['--data', place.path('data')];
  place.write({
    'e.json': JSON.stringify(ONE_LOOK),
    'bad.json': '{',
  });
  const more = ['--treatment', 'on', '--secondary', 'latencyMs.p5:lower', '--json'];
  const made = parseOne((await place.given(...create, ...more, ...data)).stdout) as {
    arms: { trafficPct: number }[];
    secondary: { quantile: number }[];
  };
  assert.equal(made.secondary[0]?.quantile, 0.05);
  assert.deepEqual(
    made.arms.map(({ trafficPct }) => trafficPct),
    [90, 10],
  );
  assert.match(
    (await place.given('experiments', 'create', 'file', '--from', 'e.json', ...data)).stdout,
    /Judged once, when every arm has 2000 units/,
  );
  place.write({ 'odd.json': '{"guardrail":[]}', 'none.json': '{"guardrails":[{}]}' });
  const failing: readonly (readonly [string[], RegExp])[] = [
    [[...create, '--treatment', 'on=100%', ...data], /USAGE: the treatments take all units/],
    [
      [...create, '--treatment', 'on=80%', '--treatment', 'more=50%', ...data],
      /USAGE: the treatments take all units/,
    ],
    [[...create, '--treatment', 'on=0.5', ...data], /can mean 50% or 0.5%/],
    [[...create, '--treatment', 'on', ...data], /EXISTS/],
    [
      [...create.slice(0, 3), '--target', 'hits', '--control', 'a', '--treatment', 'b', ...data],
      /NAME:higher or NAME:lower/,
    ],
    [[...create.slice(0, 3), ...data], /needs --target, --control and --treatment/],
    [['experiments', 'create', 'x', '--from', 'bad.json', ...data], /holds no experiment as JSON/],
    [['experiments', 'start', 'none', ...data], /MISSING: there is no experiment none/],
    [
      ['experiments', 'record', 'prefetch', '--unit', 'u', '--value', 'hits=', ...data],
      /such as accuracy=0.95/,
    ],
    [['experiments', 'record', 'prefetch', '--unit', 'u', ...data], /a record needs --value or --fell-back/],
    [
      ['experiments', 'record', 'prefetch', '--id', 'u', '--from', 'f', ...data],
      /--from has all of its records/,
    ],
    [
      ['experiments', 'record', 'prefetch', '--unit', 'u', '--value', 'hits=1', ...data],
      /REFUSED: experiment prefetch is draft/,
    ],
    [
      ['experiments', 'create', 'b', '--from', 'odd.json', ...data],
      /odd\.json has guardrail: give targetMetric, /,
    ],
    [['experiments', 'create', 'b', '--from', 'none.json', ...data], /none\.json has no targetMetric/],
    [['experiments', 'create', 'b', '--from', 'e.json', '--alpha', '0.1', ...data], /--from has all/],
    [['experiments', 'list', '--status', 'odd', ...data], /--status odd cannot be used/],
  ];
  for (const [args, message] of failing) {
    const ended = await place.inside(args);
    assert.equal(ended.code, 1, args.join(' '));
    assert.match(ended.stderr, message);
  }
});
