// The example of a rollout, on files that are the same everywhere.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FastRng, KIB, Rng } from '../src/base/index.ts';
import { WORDS } from './sim/file-bytes.ts';
import { noise } from './sim/noise.ts';
import { root, run, runWell, temporaryFolder } from './support.ts';

const EXAMPLE = 'examples/rollout/main.ts';

type Side = { count: number; mean: number };
type Walk = {
  phase: string;
  stages: { share: number; shadow?: { count: number }; model: Side; rule: Side; pValue: number }[];
  breach?: { reason: string; decision: number };
  after: { decisions: number; byModel: number };
};
type Model = { relativeCost: number; walk: Walk };
type Told = {
  models: [Model, Model];
  registry: { version: string; status: string }[];
  audit: { action: string; subject: string }[];
};

/** Text of phrases that return, as in prose. */
function prose(rng: FastRng, length: number): Buffer {
  const word = () => WORDS[rng.below(WORDS.length)] ?? '';
  const phrases = Array.from({ length: 400 }, () => Array.from({ length: 2 + rng.below(6) }, word).join(' '));
  const line = () => phrases[Math.floor(phrases.length * rng.next() ** 2)] ?? '';
  return Buffer.from(Array.from({ length: length / 8 }, line).join(' ')).subarray(0, length);
}

/** Prose, and one in four that looks like it to a rule which does not look. */
function files(folder: string): void {
  mkdirSync(folder);
  const [fast, rng] = [new FastRng(1), new Rng(1)];
  for (let i = 0; i < 120; i += 1) {
    const length = (22 + fast.below(8)) * KIB;
    writeFileSync(join(folder, `${i}`), fast.below(4) === 0 ? noise(rng, length) : prose(fast, length));
  }
}

test('a rollout: the bad model is found by its receipts alone, the good one serves, both can be looked at', (t) => {
  const folder = temporaryFolder(t);
  const [data, keep] = [join(folder, 'files'), join(folder, 'kept')];
  files(data);
  const { stdout } = runWell(process.execPath, [EXAMPLE, '--json', '--data', data, '--keep', keep], {
    cwd: root,
  });
  const { models, registry, audit } = JSON.parse(stdout) as Told;
  for (const { relativeCost } of models) assert.ok(relativeCost < 1, 'its own evaluation says it is better');
  const [{ walk: bad }, { walk: good }] = models;
  assert.equal(bad.phase, 'rolled-back');
  assert.match(bad.breach?.reason ?? '', /cost is worse than under the rule beside it/);
  assert.deepEqual(
    bad.stages.map(({ share }) => share),
    [0, 0.05],
  );
  const canary = bad.stages[1] as Walk['stages'][number];
  assert.equal(bad.breach?.decision, canary.model.count + canary.rule.count);
  assert.ok(canary.model.mean > canary.rule.mean && canary.pValue < 0.05);
  assert.ok(bad.after.decisions > 0);
  assert.equal(bad.after.byModel, 0);
  assert.equal(good.phase, 'succeeded');
  assert.deepEqual(
    good.stages.map(({ share }) => share),
    [0, 0.05, 0.25, 0.5, 0.75, 0.99, 0.99],
  );
  assert.ok(Number(good.stages[0]?.shadow?.count) >= 1000);
  assert.ok(good.after.byModel > 0.9 * good.after.decisions);
  assert.deepEqual(registry, [
    { version: '1', status: 'testing' },
    { version: '2', status: 'production' },
  ]);
  const ends = audit.filter(({ action }) => /^rollout\.(rolled-back|succeeded)$/.test(action));
  assert.deepEqual(
    ends.map(({ action, subject }) => `${action} ${subject}`),
    ['rollout.rolled-back codec/1', 'rollout.succeeded codec/2'],
  );
  const status = ['bin/pilotfish.js', 'rollout', 'status', 'codec-1', '--data', keep];
  assert.match(runWell(process.execPath, status, { cwd: root }).stdout, /codec-1 {2}codec 1 {2}rolled-back/);
});

test('a rollout: a folder without enough files is refused', (t) => {
  const { code, stderr } = run(process.execPath, [EXAMPLE, '--data', temporaryFolder(t)], { cwd: root });
  assert.equal(code, 1);
  assert.match(stderr, /^EMPTY: .* 0 files of 20 KiB to 1 MiB, and 100 are needed/);
});
