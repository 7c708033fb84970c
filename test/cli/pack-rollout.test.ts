// `pack --registry`: what a registry says serves the rooms of the store, and what comes of it there.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { KIB, MIB, NodeFileSystem, Rng } from '../../src/base/index.ts';
import { CODEC_SCHEMA, CODECS, saveArtefact } from '../../src/decisions/index.ts';
import { BoostedTrees, encodeSnapshot } from '../../src/learn/index.ts';
import {
  ACCURACY_GUARDRAIL,
  COST_GUARDRAIL,
  type RolloutPlan,
  type RolloutStatus,
} from '../../src/lifecycle/index.ts';
import { constantTrees } from '../../src/lifecycle/serving/testing/models.ts';
import { text } from '../sim/file-bytes.ts';
import { ended, Place, parseOne } from './support.ts';

const DATA = ['--data', 'data'];
const REGISTRY = ['--registry', 'data'];
const FILES = 40;

type Step = { step: number; share: number; model: number; rule: number; shadow: number };
type Rollouts = readonly { id: string; phase: string; reason: string; steps: readonly Step[] }[];
type Packed = {
  readonly root: string;
  readonly telemetry: { readonly recorded: number };
  readonly advice: {
    codecBy: string;
    answeredByModel: number;
    questions: number;
    codecs: Readonly<Record<string, number>>;
    rollouts?: Rollouts;
  };
};

const leaf = (value: number): Uint8Array =>
  encodeSnapshot(BoostedTrees.fromModel({ ...constantTrees(value), features: 12 }).snapshot());

/** A model of the codec room that expects each block to come to so much of itself: above 0.9 nothing is worth it. */
function saveModel(folder: string, ratio: number, version: string): void {
  const files = CODECS.slice(1).flatMap((codec): [string, Uint8Array][] => [
    [`${codec}-size.safetensors`, leaf(codec === 'zstd-1' ? Math.log2(ratio) : 0)],
    [`${codec}-time.safetensors`, leaf(codec === 'zstd-1' ? 10 : 20)],
  ]);
  saveArtefact(new NodeFileSystem(), folder, {
    manifest: {
      ...{ room: 'codec', name: 'codec', version, family: 'boosted-trees', topology: [] },
      ...{ date: '2026-01-02', device: 'cpu', featureSchema: CODEC_SCHEMA, privacy: null },
      lineage: {
        ...{ sets: [], tableSha256: '0'.repeat(64), seed: 1, command: 'train', synthetic: true },
        ...{ testEvaluations: 0, sealedGroups: 0 },
      },
      metrics: { advantage10M: 1, advantage100M: 1, advantage1G: 1, advantage10G: 1 },
    },
    files: new Map(files),
  });
}

const planOf = (...steps: readonly (readonly [share: number, model: number])[]): RolloutPlan => ({
  ...{ name: 'quick', regions: ['default'], guardrails: [COST_GUARDRAIL] },
  steps: steps.map(([share, model]) => ({
    ...{ share, durationMs: 0, minEvidence: { model, rule: share === 0 ? 0 : 1 } },
  })),
});

class House extends Place {
  more: NodeJS.ProcessEnv = {};

  override get environment(): NodeJS.ProcessEnv {
    return { ...super.environment, ...this.more };
  }

  /** A registry with a model of the codec room in staging. */
  async filled(ratio: number, version = '1'): Promise<void> {
    rmSync(this.path('model'), { recursive: true, force: true });
    saveModel(this.path('model'), ratio, version === '1' ? '2' : '3');
    await this.given('models', 'register', 'model', ...DATA);
    await this.given('models', 'promote', 'codec', version, '--to', 'testing', ...DATA);
    const evidence = ['--evidence', 'evaluation: .95'];
    await this.given('models', 'promote', 'codec', version, '--to', 'staging', ...evidence, ...DATA);
  }

  async begin(plan: RolloutPlan, { id = 'spring', version = '1' } = {}): Promise<void> {
    writeFileSync(this.path('plan.json'), JSON.stringify(plan));
    const by = ['--id', id, '--plan', this.path('plan.json')];
    await this.given('rollout', 'start', 'codec', version, ...by, ...DATA);
  }

  /** Packs files that nobody saw yet. */
  async packNew(seed: number, ...options: readonly string[]): Promise<Packed & { stderr: string }> {
    const rng = new Rng(seed);
    rmSync(this.path('tree'), { recursive: true, force: true });
    this.write(
      Object.fromEntries(Array.from({ length: FILES }, (_, i) => [`tree/${i}`, text(rng, 50 * KIB)])),
    );
    const { code, stdout, stderr } = await this.inside(['pack', 'tree', '--json', ...options]);
    assert.equal(code, 0, stderr);
    return { ...(parseOne(stdout) as Packed), stderr };
  }

  async status(): Promise<RolloutStatus> {
    return parseOne(
      (await this.given('rollout', 'status', 'spring', '--json', ...DATA)).stdout,
    ) as RolloutStatus;
  }
}

/** Model and rule, over all steps. */
const decisions = ({ steps }: Rollouts[number]): number =>
  steps.reduce((sum, { model, rule }) => sum + model + rule, 0);

/** Decisions that count, of both sides. */
function counted({ tracks }: RolloutStatus): number {
  const { model, rule } = tracks[0]?.guardrails[0] ?? assert.fail();
  return model.count + rule.count;
}

test('a bad model: asked in shadow, heard in the canary, back within the pack that shows it', async (t) => {
  const house = new House(t);
  await house.filled(0.99);
  await house.begin(planOf([0, 30], [0.05, 2], [0.25, 500], [1, 500]));
  const first = await house.packNew(0, ...REGISTRY);
  const [shadow] = first.advice.rollouts?.[0]?.steps ?? [];
  assert.ok(Number(shadow?.shadow) > 0 && shadow?.model === 0, first.stderr);
  let last = first;
  for (let seed = 1; seed < 40 && last.advice.rollouts?.[0]?.phase === 'running'; seed += 1) {
    last = await house.packNew(seed, ...REGISTRY);
  }
  const [rollout = assert.fail()] = last.advice.rollouts ?? [];
  assert.equal(rollout.reason, 'default: cost is worse than under the rule beside it');
  assert.equal(decisions(rollout), last.advice.questions);
  const off = rollout.steps.filter(({ share }) => share === 0);
  assert.ok(off.every(({ model }) => model === 0));
  assert.equal((await house.status()).phase, 'rolled-back');
  const { stdout } = await house.given('models', 'show', 'codec', '1', '--json', ...DATA);
  assert.equal((parseOne(stdout) as { status: string }).status, 'testing');
  // Whoever advised, the tree is the same; and now nobody does but the rule.
  const plain = await house.given('pack', 'tree', '--json', '--no-hints', ...REGISTRY, '--repo', 'other');
  assert.equal((parseOne(plain.stdout) as Packed).root, last.root);
  assert.equal((parseOne(plain.stdout) as Packed).advice, null);
  const after = await house.packNew(99, ...REGISTRY);
  assert.deepEqual([after.advice.codecBy, after.advice.rollouts, after.stderr], ['heuristic', [], '']);
  await house.given('audit', 'verify', ...DATA);
});

test('a good model: step by step into production, where the holdback stays', async (t) => {
  const house = new House(t);
  await house.filled(0.3);
  const plan = planOf([0, 5], [0.25, 1], [1, 5]);
  const steps = plan.steps.map((step) => ({ ...step, needsApproval: true }));
  await house.begin({ ...plan, holdback: 0.5, steps });
  for (const step of [0, 1, 2]) {
    const { advice, telemetry } = await house.packNew(step, ...REGISTRY, '--telemetry', 'events.db');
    assert.ok(telemetry.recorded >= advice.questions, 'telemetry hears of the same decisions');
    const [rollout = assert.fail()] = advice.rollouts ?? [];
    assert.deepEqual(
      [rollout.steps.map((each) => each.step), decisions(rollout)],
      [[step], advice.questions],
    );
    await house.given('rollout', 'promote', 'spring', ...DATA);
    await house.given('rollout', 'advance', 'spring', ...DATA);
  }
  assert.equal((await house.status()).phase, 'succeeded');
  await house.packNew(3, ...REGISTRY);
  const { stdout } = await house.given('pack', 'tree', '--read-all', ...REGISTRY, '--repo', 'other');
  assert.match(stdout, /^rollout {2}spring succeeded, step 3 at 50 %: model \d+, rule \d+, shadow 0$/m);
  // The guardrails go on: what was observed then counts.
  assert.ok(counted(await house.status()) > 3 * FILES);
  const [object = ''] = readdirSync(house.path('data/models/objects'), { recursive: true })
    .map(String)
    .filter((name) => /\w{40}/.test(name));
  rmSync(house.path('data/models/objects', object));
  const spoilt = await house.packNew(4, ...REGISTRY);
  assert.match(spoilt.stderr, /^pilotfish: warning: \w+: .*; the rule of the room codec answers instead\n$/);
  assert.deepEqual([spoilt.advice.codecBy, spoilt.advice.rollouts], ['heuristic', []]);
});

test('in production without a rollout it serves alone; where the registry says nothing, the rule', async (t) => {
  const house = new House(t);
  await house.filled(0.3);
  const staged = await house.packNew(1, ...REGISTRY);
  assert.deepEqual([staged.advice.codecBy, staged.advice.rollouts], ['heuristic', []]);
  const evidence = ['--evidence', 'experiment: .95'];
  await house.given('models', 'promote', 'codec', '1', '--to', 'production', ...evidence, ...DATA);
  // On a machine that is busy a model may be late, and rest for the whole pack.
  let served = await house.packNew(2, ...REGISTRY);
  for (let seed = 10; seed < 20 && served.advice.answeredByModel === 0; seed += 1) {
    served = await house.packNew(seed, ...REGISTRY);
  }
  assert.equal(served.advice.codecBy, 'codec@2');
  assert.ok(served.advice.answeredByModel > 0);
  house.more = { PILOTFISH_REGISTRY: 'data' };
  assert.equal((await house.packNew(3)).advice.codecBy, 'codec@2');
  // A rehearsal leaves the registry alone.
  assert.equal((await house.packNew(4, '--dry-run')).advice.codecBy, 'heuristic');
  house.more = { PILOTFISH_REGISTRY: 'nowhere' };
  const { advice, stderr } = await house.packNew(5, '--no-hints');
  assert.deepEqual([advice, stderr], [null, '']);
});

test('while a version is on its way, the one in production decides beside it', async (t) => {
  const house = new House(t);
  // It compresses nothing: what it decided is easily told from what the rule does.
  await house.filled(0.99);
  const evidence = ['--evidence', 'experiment: .95'];
  await house.given('models', 'promote', 'codec', '1', '--to', 'production', ...evidence, ...DATA);
  await house.filled(0.3, '2');
  await house.begin(planOf([0, 1_000_000], [1, 1]), { version: '2' });
  // On a machine that is busy a model may be late, and rest for the whole pack.
  let packed = await house.packNew(1, ...REGISTRY);
  for (let seed = 2; seed < 10 && packed.advice.codecs['none'] === undefined; seed += 1) {
    packed = await house.packNew(seed, ...REGISTRY);
  }
  assert.ok(Number(packed.advice.codecs['none']) > 0, JSON.stringify(packed.advice));
  assert.ok(Number(packed.advice.rollouts?.[0]?.steps[0]?.shadow) > 0);
});

test('whatever is wrong with the registry, the pack is done, with a warning', async (t) => {
  const house = new House(t);
  const warned = async (code: string, what: RegExp): Promise<void> => {
    const { stderr, advice } = await house.packNew(1, ...REGISTRY);
    assert.match(stderr, new RegExp(`^pilotfish: warning: ${code}: [^\n]*answers? instead\n$`));
    assert.match(stderr, what);
    assert.deepEqual([advice.codecBy, advice.rollouts], ['heuristic', []]);
  };
  await warned('MISSING', /there is no registry in/);
  assert.ok(!readdirSync(house.folder).includes('data'), 'none is made');
  await house.filled(0.3);
  await house.begin({ ...planOf([0, 30], [1, 1]), regions: ['eu', 'us'] });
  await warned('UNSUPPORTED', /the rollout spring has the regions eu, us/);
  await house.given('rollout', 'abort', 'spring', ...DATA);
  await house.given('models', 'promote', 'codec', '1', '--to', 'staging', ...DATA);
  const plan = planOf([0, 30], [1, 1]);
  await house.begin({ ...plan, guardrails: [ACCURACY_GUARDRAIL] }, { id: 'autumn' });
  await warned('UNSUPPORTED', /the rollout autumn watches accuracy/);
  const other = new DatabaseSync(house.path('data/registry.db'));
  other.exec('BEGIN IMMEDIATE');
  await warned('LOCKED', /another process/);
  other.close();
  house.write({ 'data/registry.db': 'no database' });
  await warned('DAMAGED', /registry\.db/);
  house.write({ 'data/pilotfish.json': '{"format": 99}' });
  await warned('NEWER_VERSION', /update Pilotfish/);
});

/** A pack of standard input that goes on until its input ends; resolves when decisions of it are kept. */
async function packing(house: House, input: Buffer, repo: string): Promise<ChildProcess> {
  const before = counted(await house.status());
  const child = house.start(['pack', '-', '--json', '--repo', repo, ...REGISTRY]);
  // One that is stopped leaves a part unread.
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(input);
  while (counted(await house.status()) === before) {
    assert.equal(child.exitCode, null, 'it still runs');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return child;
}

test('stopped, killed or overtaken: what is kept is kept, and counted once', {
  timeout: 60_000,
}, async (t) => {
  const house = new House(t);
  await house.filled(0.3);
  await house.begin(planOf([0.5, 1_000_000], [1, 1]));
  // More than is read ahead of the first decision.
  const input = text(new Rng(1), 12 * MIB);
  const stopped = await packing(house, input, 'a');
  const [stop, stoppedEnd] = [stopped.kill('SIGINT'), await ended(stopped)];
  assert.deepEqual([stop, stoppedEnd.code], [true, 130]);
  assert.equal((await house.status()).isAttached, false);

  const killed = await packing(house, input, 'b');
  killed.kill('SIGKILL');
  await ended(killed);
  const kept = await house.status();
  assert.equal(kept.isAttached, true);
  const { advice } = await house.packNew(3, ...REGISTRY);
  const then = await house.status();
  assert.equal(counted(then), counted(kept) + advice.questions);
  assert.equal(then.isAttached, false);

  const overtaken = await packing(house, input, 'c');
  const before = counted(await house.status());
  const over = await house.packNew(5, ...REGISTRY);
  overtaken.stdin?.end();
  const { code, stderr } = await ended(overtaken);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /^pilotfish: warning: LOCKED: .*another process feeds the rollout spring.*the pack is whole\n$/,
  );
  const now = counted(await house.status());
  assert.ok(now >= before + over.advice.questions && now <= before + over.advice.questions + 200);
});
