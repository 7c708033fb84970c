import { PilotfishError } from '../../../base/index.ts';
import { decodeSnapshot } from '../../../learn/index.ts';
import type { Sql, SqlRow } from '../../registry/index.ts';
import { ContextualBandit } from './contextual-bandit.ts';
import type { LoggedChoice } from './off-policy.ts';
import type { KeptPolicy, PolicyStatus } from './policy-types.ts';

/** @throws PilotfishError `MISSING`. */
export async function rowAt(sql: Sql, policyId: string): Promise<SqlRow> {
  const row = await sql.get('SELECT * FROM online_policies WHERE id = ?', policyId);
  if (row !== undefined) return row;
  throw new PilotfishError('MISSING', `there is no policy ${policyId}: create it first`);
}

/** A policy as it is now. @throws PilotfishError `MISSING`. */
export async function policyAt(sql: Sql, policyId: string) {
  const row = await rowAt(sql, policyId);
  const bandit = ContextualBandit.restore(decodeSnapshot(row['snapshot'] as Uint8Array));
  return { kept: JSON.parse(String(row['settings'])) as KeptPolicy, bandit, choices: Number(row['choices']) };
}

export async function statusOf(sql: Sql, row: SqlRow): Promise<PolicyStatus> {
  const { arms, features, exploration } = JSON.parse(String(row['settings'])) as KeptPolicy;
  const [policyId, choices] = [String(row['id']), Number(row['choices'])];
  const mean = await sql.get('SELECT avg(reward) AS mean FROM online_choices WHERE policy = ?', policyId);
  return {
    ...{ policyId, arms, features, choices, rewarded: Number(row['rewarded']) },
    meanReward: mean?.['mean'] === null ? undefined : Number(mean?.['mean']),
    exploration: { share: choices === 0 ? 0 : Number(row['explored']) / choices, bound: exploration },
  };
}

export const choiceOf = (row: SqlRow): LoggedChoice => ({
  context: JSON.parse(String(row['context'])) as number[],
  legal: row['legal'] === null ? undefined : (JSON.parse(String(row['legal'])) as number[]),
  ...{ arm: Number(row['arm']), propensity: Number(row['propensity']), reward: Number(row['reward']) },
});
