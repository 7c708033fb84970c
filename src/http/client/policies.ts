import type { OffPolicyEstimate, PolicyChoice, PolicyDraft, PolicyStatus } from '../../lifecycle/index.ts';
import { pathOf, type Reviver, type Transport } from './transport.ts';

/** JSON has no infinity and nothing that is left out. */
const NULLS: Readonly<Record<string, number | undefined>> = {
  ...{ meanReward: undefined, snips: undefined },
  ...{ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
};

const revive: Reviver = (key, value) => (value === null && Object.hasOwn(NULLS, key) ? NULLS[key] : value);

/** Contextual bandits with logged propensities, on a server; as `DecisionPolicies`. */
export class PoliciesClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(): Promise<PolicyStatus[]> {
    type Listed = { policies: PolicyStatus[] };
    return (await this.#transport.json<Listed>('GET', 'policies', { revive })).policies;
  }

  /** @throws PilotfishError `MISSING`. */
  status(policyId: string): Promise<PolicyStatus> {
    return this.#transport.json('GET', pathOf('policies', policyId), { revive });
  }

  /** @throws PilotfishError `USAGE`, `EXISTS`, `LIMIT`. */
  create(policy: PolicyDraft, reason?: string): Promise<PolicyStatus> {
    return this.#transport.json('POST', 'policies', { body: { ...policy, reason }, revive });
  }

  /** Chooses an arm; logged with its propensity before the answer. @throws PilotfishError `MISSING`, `USAGE`. */
  choose(
    policyId: string,
    context: Readonly<Record<string, number>>,
    options: { readonly legal?: readonly string[] } = {},
  ): Promise<PolicyChoice> {
    return this.#transport.json('POST', pathOf('policies', policyId, 'choices'), {
      body: { context, ...options },
    });
  }

  /** What a choice brought. @throws PilotfishError `MISSING`, `EXISTS`, `USAGE`. */
  async reward(policyId: string, choiceId: number, reward: number): Promise<'added' | 'duplicate'> {
    type Rewarded = { outcome: 'added' | 'duplicate' };
    const path = pathOf('policies', policyId, 'rewards');
    return (await this.#transport.json<Rewarded>('POST', path, { body: { choiceId, reward } })).outcome;
  }

  /** What a candidate would have brought, by the log of this policy. @throws PilotfishError `MISSING`, `EMPTY`. */
  evaluate(
    policyId: string,
    candidate: { readonly policyId: string } | { readonly arm: string },
  ): Promise<OffPolicyEstimate> {
    return this.#transport.json('POST', pathOf('policies', policyId, 'evaluate'), {
      body: candidate,
      revive,
    });
  }
}
