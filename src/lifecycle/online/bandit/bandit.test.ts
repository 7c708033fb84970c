import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FastRng } from '../../../base/index.ts';
import { house } from '../../registry/testing/house.ts';
import { ContextualBandit, DecisionPolicies, evaluateOffPolicy, type LoggedChoice } from '../index.ts';

/** Three arms; the right one follows from the sign of the first number, the third is never right. */
const expected = (x: number, arm: number): number => (arm === 2 ? 0.1 : (arm === 0) === x > 0 ? 0.8 : 0.2);

/** Choices of a bandit that learns as it goes. */
function play(
  bandit: ContextualBandit,
  { rng, rounds }: { readonly rng: FastRng; readonly rounds: number },
): LoggedChoice[] {
  return Array.from({ length: rounds }, () => {
    const x = 2 * rng.next() - 1;
    const context = [x, 2 * rng.next() - 1];
    const { arm, propensity } = bandit.predict({ context });
    const reward = Number(rng.next() < expected(x, arm));
    bandit.learnOne({ arm, reward, context });
    return { context, arm, propensity, reward };
  });
}

const explorers = ['uniform', 'thompson'] as const;

test('every choice explores at most the bound, gives each legal arm a share, and says how much', () => {
  const options = fc.record({
    exploration: fc.double({ min: 0, max: 1, noNaN: true }),
    explorer: fc.constantFrom(...explorers),
    seed: fc.nat(1000),
    legal: fc.array(fc.constantFrom(0, 1), { minLength: 3, maxLength: 3 }).filter((mask) => mask.includes(1)),
  });
  fc.assert(
    fc.property(options, ({ exploration, explorer, seed, legal }) => {
      const bandit = new ContextualBandit({ arms: 3, features: 2, exploration, explorer, seed });
      play(bandit, { rng: new FastRng(seed), rounds: 10 });
      const ask = { context: [0.5, 0.5], legal };
      const best = bandit.best(ask);
      const shares = Array.from(bandit.propensities(ask));
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-5);
      const greedy = shares.reduce((sum, share, arm) => sum + (best[arm] === true ? share : 0), 0);
      assert.ok(greedy >= 1 - exploration - 1e-5);
      for (const [arm, share] of shares.entries()) {
        if (legal[arm] === 0) assert.equal(share, 0);
        else assert.ok(share >= (0.2 * exploration) / 3 - 1e-9);
      }
      const { arm, propensity } = bandit.predict(ask);
      assert.equal(propensity, shares[arm]);
    }),
    { numRuns: 40 },
  );
});

test('it finds the right arm, and a snapshot goes on exactly where it was', () => {
  for (const explorer of explorers) {
    const bandit = new ContextualBandit({ arms: 3, features: 2, exploration: 0.2, explorer, seed: 3 });
    const log = play(bandit, { rng: new FastRng(1), rounds: 600 });
    const late = log.slice(300).reduce((sum, { reward }) => sum + reward, 0) / 300;
    assert.ok(late > 0.62, `${explorer}: ${late}`);
    const restored = ContextualBandit.restore(bandit.snapshot());
    assert.deepEqual(
      play(restored, { rng: new FastRng(2), rounds: 50 }),
      play(bandit, { rng: new FastRng(2), rounds: 50 }),
    );
  }
});

test('the log of one policy tells without bias what another would have brought', () => {
  // The candidate plays the second arm always: its worth is 0.5.
  const candidate = { propensities: () => Float64Array.of(0, 1, 0) };
  const runs = Array.from({ length: 100 }, (_, seed) => {
    const bandit = new ContextualBandit({
      arms: 3,
      features: 2,
      exploration: 0.5,
      explorer: 'uniform',
      seed,
    });
    return evaluateOffPolicy(candidate, play(bandit, { rng: new FastRng(1000 + seed), rounds: 300 }));
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const spread = (values: readonly number[]): number =>
    Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)));
  for (const kind of ['ips', 'dr'] as const) {
    const estimates = runs.map((run) => run[kind].estimate);
    const error = Math.abs(mean(estimates) - 0.5);
    assert.ok(error < (3 * spread(estimates)) / Math.sqrt(runs.length), `${kind} is off by ${error}`);
    const covered = runs.filter((run) => run[kind].low <= 0.5 && run[kind].high >= 0.5).length;
    assert.ok(covered >= 88, `${kind} covers ${covered} of 100`);
  }
  assert.ok(spread(runs.map(({ dr }) => dr.estimate)) < spread(runs.map(({ ips }) => ips.estimate)));
  assert.equal(
    evaluateOffPolicy({ propensities: () => Float64Array.of(0, 0, 1) }, [
      { context: [1], arm: 0, propensity: 1, reward: 1 },
    ]).snips,
    undefined,
  );
  assert.throws(() => evaluateOffPolicy(candidate, []), { code: 'EMPTY' });
});

test('a kept policy logs each choice before it answers, counts rewards once, and goes on in another process', async () => {
  const { clock, registry, state } = house();
  const policies = new DecisionPolicies(state, registry, { clock });
  const draft = { policyId: 'codec', arms: ['zstd', 'lz4'], features: ['entropy'], exploration: 0.2 };
  await policies.create(draft, { actor: 'ada' });
  for (let round = 0; round < 30; round += 1) {
    const other = round % 2 === 0 ? policies : new DecisionPolicies(state, registry, { clock });
    const { choiceId, arm } = await other.choose('codec', { entropy: round % 2 });
    assert.equal(await policies.reward('codec', choiceId, Number(arm === 'lz4')), 'added');
  }
  const { choiceId, propensity } = await policies.choose('codec', { entropy: 1 }, { legal: ['zstd'] });
  assert.deepEqual([choiceId, propensity], [31, 1]);
  const status = await policies.status('codec');
  assert.deepEqual([status.choices, status.rewarded, status.exploration.bound], [31, 30, 0.2]);
  assert.ok(status.exploration.share <= 0.4);
  assert.ok((status.meanReward ?? 0) > 0.5);
  assert.deepEqual(await policies.list(), [status]);
  const { dr } = await policies.evaluate('codec', { propensities: () => Float64Array.of(1, 0) });
  assert.ok(dr.estimate < 0.5);
  assert.equal(await policies.reward('codec', 31, 0), 'added');
  assert.equal(await policies.reward('codec', 31, 0), 'duplicate');
  const refused = (promise: Promise<unknown>, code: string) => assert.rejects(promise, { code });
  await refused(policies.reward('codec', 31, 1), 'EXISTS');
  await refused(policies.reward('codec', 99, 1), 'MISSING');
  await assert.rejects(async () => policies.reward('codec', 31, Number.NaN), { code: 'NOT_FINITE' });
  await refused(policies.choose('absent', { entropy: 1 }), 'MISSING');
  await refused(policies.choose('codec', {}), 'SHAPE');
  await refused(policies.choose('codec', { entropy: 1, more: 2 }), 'SHAPE');
  await refused(policies.choose('codec', { entropy: Number.NaN }), 'NOT_FINITE');
  await refused(policies.choose('codec', { entropy: 1 }, { legal: ['bzip2'] }), 'USAGE');
  await refused(policies.choose('codec', { entropy: 1 }, { legal: [] }), 'EMPTY');
  await refused(policies.create(draft), 'EXISTS');
  await refused(policies.create({ ...draft, policyId: 'b', arms: ['one'] }), 'USAGE');
  await refused(policies.create({ ...draft, policyId: 'b', exploration: 1.3 }), 'USAGE');
  await refused(policies.create({ ...draft, policyId: 'no spaces' }), 'USAGE');
  assert.equal((await registry.audit.entries({ subject: 'policy/codec' })).length, 1);
});
