import { z } from 'zod';
import {
  DecisionPolicies,
  type OffPolicyEstimate,
  type PolicyDraft,
  type PolicyStatus,
} from '../../../lifecycle/index.ts';
import { requireAllModels } from '../../identity.ts';
import { changeOf, type NativeOptions, type NativeScope } from '../scope.ts';

const text = (max: number) => z.string().min(1).max(max);
const names = (max: number) => z.array(text(100)).min(1).max(max);

const draft = z
  .object({
    ...{ policyId: text(40), arms: names(1000), features: names(100) },
    exploration: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta({ description: 'bound on exploration, choice by choice; 0.1' }),
    explorer: z.enum(['uniform', 'thompson']).optional(),
    discount: z.number().optional(),
    reason: z.string().max(2000).optional(),
  })
  .meta({ id: 'PolicyDraft' });

const status = z
  .object({
    ...{ policyId: z.string(), arms: z.array(z.string()), features: z.array(z.string()) },
    ...{ choices: z.int(), rewarded: z.int(), meanReward: z.number().nullable() },
    exploration: z.object({ share: z.number(), bound: z.number() }),
  })
  .meta({ id: 'PolicyStatus' });

const value = z.object({
  ...{ estimate: z.number(), low: z.number().nullable(), high: z.number().nullable() },
  ...{ samples: z.int(), effectiveSamples: z.number(), clipped: z.int() },
});

const estimate = z
  .object({ choices: z.int(), logged: z.number(), ips: value, snips: value.nullable(), dr: value })
  .meta({ id: 'OffPolicyEstimate' });

const path = z.object({ policy: text(40) });
const tags = ['policies'];
const viewer = { role: 'viewer' } as const;

const shown = (it: PolicyStatus) => ({
  ...{ ...it, arms: [...it.arms], features: [...it.features], meanReward: it.meanReward ?? null },
});

/** JSON has no infinity: of one choice nothing bounds the interval. */
const shownValue = (it: OffPolicyEstimate['dr']) => ({
  ...it,
  low: Number.isFinite(it.low) ? it.low : null,
  high: Number.isFinite(it.high) ? it.high : null,
});

/** Adds `/policies`: contextual bandits with logged propensities. */
export function addPolicies(scope: NativeScope, { directory, clock }: NativeOptions): void {
  const policies = new DecisionPolicies(directory.state, directory.registry, { clock });
  addReading(scope, policies);
  addDeciding(scope, policies);
  scope.post(
    '/policies',
    {
      config: { role: 'approver' },
      schema: { tags, summary: 'Make a policy', body: draft, response: { 201: status } },
    },
    async (request, reply) => {
      requireAllModels(request.identity);
      const { reason, ...wanted } = request.body;
      const made = await policies.create(wanted as PolicyDraft, changeOf(request, reason));
      return reply.code(201).send(shown(made));
    },
  );
}

function addReading(scope: NativeScope, policies: DecisionPolicies): void {
  scope.get(
    '/policies',
    {
      config: viewer,
      schema: { tags, summary: 'Policies', response: { 200: z.object({ policies: z.array(status) }) } },
    },
    async ({ identity }) => {
      requireAllModels(identity);
      return { policies: (await policies.list()).map(shown) };
    },
  );
  scope.get(
    '/policies/:policy',
    {
      config: viewer,
      schema: { tags, summary: 'How a policy is doing', params: path, response: { 200: status } },
    },
    async ({ params, identity }) => {
      requireAllModels(identity);
      return shown(await policies.status(params.policy));
    },
  );
  scope.post(
    '/policies/:policy/evaluate',
    {
      config: viewer,
      schema: {
        ...{ tags, summary: 'What a candidate would have brought, by the log of this policy', params: path },
        body: z.union([z.object({ arm: text(100) }), z.object({ policyId: text(40) })]),
        response: { 200: estimate },
      },
    },
    async ({ params, body, identity }) => {
      requireAllModels(identity);
      const { snips, ips, dr, ...found } = await policies.evaluate(params.policy, body);
      return {
        ...found,
        ips: shownValue(ips),
        snips: snips === undefined ? null : shownValue(snips),
        dr: shownValue(dr),
      };
    },
  );
}

function addDeciding(scope: NativeScope, policies: DecisionPolicies): void {
  scope.post(
    '/policies/:policy/choices',
    {
      config: { role: 'contributor' },
      schema: {
        ...{ tags, summary: 'Choose an arm; logged with its propensity before the answer', params: path },
        body: z.object({ context: z.record(z.string(), z.number()), legal: names(1000).optional() }),
        response: { 200: z.object({ choiceId: z.int(), arm: z.string(), propensity: z.number() }) },
      },
    },
    async ({ params, body, identity }) => {
      requireAllModels(identity);
      const { context, legal } = body;
      return policies.choose(params.policy, context, legal === undefined ? {} : { legal });
    },
  );
  scope.post(
    '/policies/:policy/rewards',
    {
      config: { role: 'contributor' },
      schema: {
        ...{ tags, summary: 'What a choice brought', params: path },
        body: z.object({ choiceId: z.int().min(1), reward: z.number() }),
        response: { 200: z.object({ outcome: z.string() }) },
      },
    },
    async ({ params, body, identity }) => {
      requireAllModels(identity);
      return { outcome: await policies.reward(params.policy, body.choiceId, body.reward) };
    },
  );
}
