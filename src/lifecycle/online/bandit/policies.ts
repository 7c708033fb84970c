import { type Clock, PilotfishError, systemClock } from '../../../base/index.ts';
import { encodeSnapshot, finite } from '../../../learn/index.ts';
import type { ModelRegistry, RegistryChange, RegistryState } from '../../registry/index.ts';
import { ContextualBandit } from './contextual-bandit.ts';
import {
  type CandidatePolicy,
  evaluateOffPolicy,
  type LoggedChoice,
  type OffPolicyEstimate,
} from './off-policy.ts';
import { checkDraft, contextOf, maskOf } from './policy-check.ts';
import { choiceOf, policyAt, rowAt, statusOf } from './policy-rows.ts';
import type { Candidate, KeptPolicy, PolicyChoice, PolicyDraft, PolicyStatus } from './policy-types.ts';

/** Choices that are kept; the oldest are forgotten. */
const MAX_CHOICES = 100_000;
const MAX_POLICIES = 1000;
/** Numbers of policies that are looked at before others have their turn: a few hundredths of a second. */
const NUMBERS_A_TURN = 50_000;
const LOG_LIMIT = 10_000;

/** Contextual bandits in the registry's state: every choice is logged with its propensity before it is answered. */
export class DecisionPolicies {
  readonly #state: RegistryState;
  readonly #registry: Pick<ModelRegistry, 'audit'>;
  readonly #clock: Clock;

  constructor(
    state: RegistryState,
    registry: Pick<ModelRegistry, 'audit'>,
    { clock = systemClock }: { readonly clock?: Clock } = {},
  ) {
    this.#state = state;
    this.#registry = registry;
    this.#clock = clock;
  }

  /** @throws PilotfishError `USAGE`, `EXISTS`, `LIMIT`. */
  async create(draft: PolicyDraft, change: RegistryChange = {}): Promise<PolicyStatus> {
    const { policyId, arms, features, exploration = 0.1, ...rest } = checkDraft(draft);
    const seed = 0;
    const bandit = new ContextualBandit({
      ...rest,
      arms: arms.length,
      features: features.length,
      exploration,
      seed,
    });
    const settings: KeptPolicy = { arms, features, exploration };
    const nowMs = this.#clock.nowMs();
    await this.#state.write(async (sql) => {
      const count = await sql.get('SELECT count(*) AS n FROM online_policies');
      if (Number(count?.['n']) >= MAX_POLICIES)
        throw new PilotfishError('LIMIT', `there are ${MAX_POLICIES} policies already`);
      if ((await sql.get('SELECT id FROM online_policies WHERE id = ?', policyId)) !== undefined) {
        throw new PilotfishError('EXISTS', `there is a policy ${policyId} already: choose another id`);
      }
      await sql.run(
        `INSERT INTO online_policies (id, settings, snapshot, choices, explored, rewarded, created_ms, updated_ms)
         VALUES (?, ?, ?, 0, 0, 0, ?, ?)`,
        ...[policyId, JSON.stringify(settings), encodeSnapshot(bandit.snapshot()), nowMs, nowMs],
      );
      const subject = `policy/${policyId}`;
      await this.#registry.audit.append(
        sql,
        { action: 'policy.create', subject, before: null, after: draft },
        change,
      );
    });
    return this.status(policyId);
  }

  /**
   * Chooses an arm for a context.
   * @param legal names of the arms that may be chosen; all unless given
   * @throws PilotfishError `MISSING`; `SHAPE`, `NOT_FINITE`, `LIMIT` for the context; `USAGE`, `EMPTY` for the arms.
   */
  choose(
    policyId: string,
    context: Readonly<Record<string, number>>,
    { legal }: { readonly legal?: readonly string[] } = {},
  ): Promise<PolicyChoice> {
    return this.#state.write(async (sql) => {
      const { kept, bandit, choices } = await policyAt(sql, policyId);
      const row = contextOf(kept, context);
      const mask = legal === undefined ? undefined : maskOf(kept, legal);
      const ask = { context: row, ...(mask === undefined ? {} : { legal: mask }) };
      const best = bandit.best(ask);
      const { arm, propensity } = bandit.predict(ask);
      const nowMs = this.#clock.nowMs();
      await sql.run(
        'INSERT INTO online_choices VALUES (?, ?, ?, ?, ?, ?, NULL, ?, NULL)',
        ...[policyId, choices + 1, JSON.stringify(row), mask === undefined ? null : JSON.stringify(mask)],
        ...[arm, propensity, nowMs],
      );
      await sql.run(
        'UPDATE online_policies SET choices = choices + 1, explored = explored + ?, snapshot = ?, updated_ms = ? WHERE id = ?',
        ...[best[arm] === true ? 0 : 1, encodeSnapshot(bandit.snapshot()), nowMs, policyId],
      );
      await sql.run(
        'DELETE FROM online_choices WHERE policy = ? AND seq <= ?',
        policyId,
        choices + 1 - MAX_CHOICES,
      );
      return { choiceId: choices + 1, arm: kept.arms[arm] as string, propensity };
    });
  }

  /**
   * What a choice brought; more is better. May come late and in any order; the same again changes nothing.
   * @throws PilotfishError `MISSING` for a choice that is not kept; `EXISTS` for another reward; `NOT_FINITE`, `LIMIT`.
   */
  reward(policyId: string, choiceId: number, reward: number): Promise<'added' | 'duplicate'> {
    finite('reward', reward);
    return this.#state.write(async (sql) => {
      const { bandit } = await policyAt(sql, policyId);
      const row = await sql.get(
        'SELECT * FROM online_choices WHERE policy = ? AND seq = ?',
        policyId,
        choiceId,
      );
      if (row === undefined)
        throw new PilotfishError(
          'MISSING',
          `${policyId} keeps no choice ${choiceId}: rewards came too late, or it was never made`,
        );
      if (row['reward'] !== null) {
        if (row['reward'] === reward) return 'duplicate';
        throw new PilotfishError(
          'EXISTS',
          `choice ${choiceId} has the reward ${row['reward']} already: it stays`,
        );
      }
      bandit.learnOne({
        arm: Number(row['arm']),
        reward,
        context: JSON.parse(String(row['context'])) as number[],
      });
      const nowMs = this.#clock.nowMs();
      await sql.run(
        'UPDATE online_choices SET reward = ?, rewarded_ms = ? WHERE policy = ? AND seq = ?',
        ...[reward, nowMs, policyId, choiceId],
      );
      await sql.run(
        'UPDATE online_policies SET rewarded = rewarded + 1, snapshot = ?, updated_ms = ? WHERE id = ?',
        ...[encodeSnapshot(bandit.snapshot()), nowMs, policyId],
      );
      return 'added';
    });
  }

  /** @throws PilotfishError `MISSING`. */
  status(policyId: string): Promise<PolicyStatus> {
    return this.#state.read(async (sql) => statusOf(sql, await rowAt(sql, policyId)));
  }

  list(): Promise<PolicyStatus[]> {
    return this.#state.read(async (sql) => {
      const all: PolicyStatus[] = [];
      for (const row of await sql.all('SELECT * FROM online_policies ORDER BY id'))
        all.push(await statusOf(sql, row));
      return all;
    });
  }

  /** Choices that have their reward, oldest first; the latest unless all fit. @throws PilotfishError `MISSING`. */
  readLog(policyId: string, limit = LOG_LIMIT): Promise<LoggedChoice[]> {
    return this.#state.read(async (sql) => {
      await rowAt(sql, policyId);
      const rows = await sql.all(
        'SELECT * FROM online_choices WHERE policy = ? AND reward IS NOT NULL ORDER BY seq DESC LIMIT ?',
        ...[policyId, limit],
      );
      return rows.toReversed().map(choiceOf);
    });
  }

  /**
   * Judges a candidate by the log of a policy; see `evaluateOffPolicy`.
   * @throws PilotfishError as it does; `MISSING` for a policy, `USAGE` for an arm that is none, `SHAPE` for a candidate of
   * other arms or features.
   */
  async evaluate(policyId: string, candidate: Candidate): Promise<OffPolicyEstimate> {
    const [policy, size] = await this.#state.read(async (sql): Promise<[CandidatePolicy, number]> => {
      const { kept } = await policyAt(sql, policyId);
      const numbers = kept.arms.length * kept.features.length ** 2;
      if ('propensities' in candidate) return [candidate, numbers];
      if ('arm' in candidate) {
        const always = Float64Array.from(maskOf(kept, [candidate.arm]));
        return [{ propensities: () => always }, numbers];
      }
      const other = await policyAt(sql, candidate.policyId);
      if (namesOf(other.kept) === namesOf(kept)) return [other.bandit, numbers];
      throw new PilotfishError(
        'SHAPE',
        `${candidate.policyId} has other arms or features than ${policyId}: judge it by its own log`,
      );
    });
    const log = await this.readLog(policyId);
    const shares = (await this.#sharesOf(policy, log, size)).values();
    // Asked in the order of the log.
    return evaluateOffPolicy({ propensities: () => shares.next().value as Float64Array }, log);
  }

  /** What a policy would do at every choice of a log; others have their turn in between. */
  async #sharesOf(
    policy: CandidatePolicy,
    log: readonly LoggedChoice[],
    size: number,
  ): Promise<Float64Array[]> {
    const rows = Math.max(1, Math.floor(NUMBERS_A_TURN / size));
    const shares: Float64Array[] = [];
    for (const [at, { context, legal }] of log.entries()) {
      if (at > 0 && at % rows === 0) await this.#clock.turn();
      const ask = { context, ...(legal === undefined ? {} : { legal }) };
      shares.push(Float64Array.from(policy.propensities(ask)));
    }
    return shares;
  }
}

const namesOf = ({ arms, features }: KeptPolicy): string => JSON.stringify([arms, features]);
