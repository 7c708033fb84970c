import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  checkRolloutPlan,
  type RegistryChange,
  ROLLOUT_PLANS,
  ROLLOUT_VERDICTS,
  type RolloutManager,
  type RolloutPlan,
  type RolloutStatus,
} from '../../lifecycle/index.ts';
import { usage } from '../errors.ts';
import { requireModel } from '../identity.ts';
import { changeOf, type NativeOptions, type NativeScope, refOf } from './scope.ts';

const tags = ['rollouts'];
const viewer = { role: 'viewer' } as const;
const contributor = { role: 'contributor' } as const;
const approver = { role: 'approver' } as const;

const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
const part = z.number().min(0).max(1);
const ms = z.number().min(0);
const reason = z.string().max(2000).optional().meta({ description: 'kept in the audit log' });
const arm = z.object({ count: z.number(), mean: z.number() });

const step = z.strictObject({
  share: part,
  durationMs: ms,
  minEvidence: z.object({ model: z.int(), rule: z.int() }),
  accuracy: z.object({ atLeast: part, overMs: ms }).optional(),
  ...{ isErrorFree: z.boolean().optional(), needsApproval: z.boolean().optional() },
});

const guardrail = z.strictObject({
  ...{ metric: word, better: z.enum(['lower', 'higher']), low: z.number(), high: z.number() },
  ...{ margin: z.number().optional(), effect: z.number().optional(), limit: z.number().optional() },
});

const plan = z
  .strictObject({
    ...{ name: word, regions: z.array(word).max(100), steps: z.array(step).max(50) },
    ...{ guardrails: z.array(guardrail).max(16), alpha: part.optional(), holdback: part.optional() },
    analysis: z
      .strictObject({
        ...{ failureLimit: z.int().optional(), consecutiveSuccessLimit: z.int().optional() },
        ...{ inconclusiveLimit: z.int().optional(), consecutiveErrorLimit: z.int().optional() },
      })
      .optional(),
    ...{ hookThreshold: z.int().optional(), patienceMs: ms.optional() },
  })
  .meta({ id: 'RolloutPlan' });

const status = z
  .object({
    ...{ id: z.string(), model: z.string(), version: z.int(), plan: z.string(), phase: z.string() },
    ...{ verdict: z.enum(ROLLOUT_VERDICTS).optional(), reason: z.string(), isAttached: z.boolean() },
    ...{ createdMs: z.number(), updatedMs: z.number() },
    tracks: z.array(
      z.object({
        ...{ region: z.string(), step: z.int(), share: z.number(), stepStartedMs: z.number() },
        ...{ isDone: z.boolean(), waitsFor: z.string(), shadowed: z.int(), errors: z.int() },
        guardrails: z.array(
          z.object({
            ...{ metric: z.string(), model: arm, rule: arm, pValue: z.number(), alpha: z.number() },
            breach: z.string().optional(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'Rollout' });

const event = z.object({
  ...{ seq: z.int(), kind: z.string(), timeMs: z.number(), reason: z.string() },
  ...{ region: z.string().optional(), step: z.int().optional(), share: z.number().optional() },
  verdict: z.enum(ROLLOUT_VERDICTS).optional(),
});

const observation = z.object({
  ...{ region: word.optional(), metric: word, arm: z.enum(['model', 'rule']) },
  propensity: z.number().meta({ description: 'probability with which the model was to decide' }),
  value: z.number(),
});

const path = z.object({ id: word });
const startBody = z.strictObject({
  ...{ id: word.optional(), model: z.string().min(1).max(256), version: z.string().min(1).max(256) },
  plan: z.union([z.enum(Object.keys(ROLLOUT_PLANS) as [string, ...string[]]), plan]).optional(),
  ...{ regions: z.array(word).max(100).optional(), reason },
});
const observationsBody = z.object({
  observations: z.array(observation).max(100_000),
  batch: word.optional().meta({ description: 'a name; what is sent again under it is not counted again' }),
});
const commandBody = z.object({ reason }).nullish();

/** Adds `/rollouts`: where they stand, and what commands change. */
export function addRollouts(scope: NativeScope, options: NativeOptions): void {
  const { rollouts } = options;
  addReading(scope, rollouts);
  addStarting(scope, rollouts);
  addCommands(scope, rollouts, options.follow);
  addRecording(scope, rollouts, options.follow);
}

/** As JSON has it: no list that cannot be changed. */
const shown = (now: RolloutStatus) => ({
  ...now,
  tracks: now.tracks.map((track) => ({ ...track, guardrails: [...track.guardrails] })),
});

/** One that its caller may see. @throws PilotfishError `MISSING`, TurnedAway. */
async function allowed(rollouts: RolloutManager, id: string, request: FastifyRequest): Promise<void> {
  requireModel(request.identity, (await rollouts.get(id)).model);
}

function addReading(scope: NativeScope, rollouts: RolloutManager): void {
  const list = {
    tags,
    summary: 'Rollouts, the newest first',
    querystring: z.object({ model: z.string().optional() }),
  };
  scope.get(
    '/rollouts',
    { config: viewer, schema: { ...list, response: { 200: z.object({ rollouts: z.array(status) }) } } },
    async ({ query: { model }, identity }) => {
      const found = await rollouts.list(model === undefined ? {} : { model });
      return { rollouts: found.filter((each) => identity?.models?.includes(each.model) ?? true).map(shown) };
    },
  );
  scope.get(
    '/rollouts/:id',
    {
      config: viewer,
      schema: {
        ...{ tags, summary: 'A rollout with what happened', params: path },
        response: { 200: z.object({ rollout: status, events: z.array(event) }) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await allowed(rollouts, id, request);
      return { rollout: shown(await rollouts.get(id)), events: await rollouts.events(id) };
    },
  );
}

function addStarting(scope: NativeScope, rollouts: RolloutManager): void {
  scope.post(
    '/rollouts',
    {
      config: approver,
      schema: {
        ...{ tags, summary: 'Start the rollout of a version in staging' },
        body: startBody,
        response: { 201: status },
      },
    },
    async (request, reply) => {
      const { id, model, version, plan: given = 'standard', regions, reason: why } = request.body;
      requireModel(request.identity, model);
      const named = typeof given === 'string' ? ROLLOUT_PLANS[given] : (given as RolloutPlan);
      if (named === undefined) throw usage(`there is no plan ${String(given)}`);
      const chosen = { ...named, ...(regions === undefined ? {} : { regions }) };
      checkRolloutPlan(chosen);
      const draft = {
        model: refOf({ name: model, version }),
        plan: chosen,
        ...(id === undefined ? {} : { id }),
      };
      const made = await rollouts.start(draft, changeOf(request, why));
      return reply.code(201).send(shown(made));
    },
  );
}

type Command = (id: string, change: RegistryChange) => Promise<RolloutStatus>;

function addCommands(scope: NativeScope, rollouts: RolloutManager, follow: () => Promise<void>): void {
  const commands: Readonly<Record<string, readonly [string, Command]>> = {
    advance: [
      'Look at one that no process feeds, and take the steps that are due',
      (id, by) => rollouts.advance(id, by),
    ],
    pause: ['Stay at the present shares', (id, by) => rollouts.pause(id, by)],
    resume: ['Go on', (id, by) => rollouts.resume(id, by)],
    promote: [
      'End the present step before its time; not without its evidence',
      (id, by) => rollouts.promote(id, by),
    ],
    abort: ['End one that is under way', (id, by) => rollouts.abort(id, by)],
    rollback: ['Take the model back, also after it succeeded', (id, by) => rollouts.rollback(id, by)],
  };
  for (const [name, [summary, run]] of Object.entries(commands)) {
    scope.post(
      `/rollouts/:id/${name}`,
      {
        config: approver,
        schema: { ...{ tags, summary, params: path, body: commandBody }, response: { 200: status } },
      },
      async (request) => {
        const { id } = request.params;
        await allowed(rollouts, id, request);
        const now = await run(id, changeOf(request, request.body?.reason));
        await follow();
        return shown(now);
      },
    );
  }
}

function addRecording(scope: NativeScope, rollouts: RolloutManager, follow: () => Promise<void>): void {
  scope.post(
    '/rollouts/:id/observations',
    {
      config: contributor,
      schema: {
        ...{
          tags,
          summary: 'What decisions came to that were made elsewhere; all of them or none',
          params: path,
        },
        ...{ body: observationsBody, response: { 200: status } },
      },
    },
    async (request) => {
      const { id } = request.params;
      await allowed(rollouts, id, request);
      const told = request.body.observations.map(({ region = 'default', ...rest }) => ({ region, ...rest }));
      const { batch } = request.body;
      const named = batch === undefined ? {} : { batch };
      const now = await rollouts.record(id, told, { ...changeOf(request), ...named });
      if (now.phase === 'rolled-back') await follow();
      return shown(now);
    },
  );
}
