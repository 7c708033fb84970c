import { z } from 'zod';
import type { Alert } from '../../lifecycle/index.ts';
import { requireModel } from '../identity.ts';
import { changeOf, type NativeOptions, type NativeScope } from './scope.ts';

const MAX_ALERTS = 1000;
const MAX_LABELS = 64;
const labels = z
  .record(z.string().max(256), z.string().max(10_000))
  .refine((all) => Object.keys(all).length <= MAX_LABELS, `at most ${MAX_LABELS} labels`);

/** What Alertmanager sends to a webhook, version 4; the rest of it is not looked at. */
const message = z
  .object({
    version: z.literal('4'),
    alerts: z
      .array(
        z.object({
          status: z.enum(['firing', 'resolved']),
          labels: labels.refine((all) => (all['alertname'] ?? '') !== '', 'alertname is missing'),
          annotations: labels.optional(),
          startsAt: z.iso.datetime({ offset: true }),
          fingerprint: z.string().min(1).max(64),
        }),
      )
      .max(MAX_ALERTS),
    truncatedAlerts: z.int().min(0).optional(),
  })
  .meta({ id: 'AlertmanagerMessage' });

const outcomes = z.object({
  outcomes: z.array(
    z.object({
      ...{ fingerprint: z.string(), alert: z.string(), model: z.string().optional() },
      action: z.string().optional(),
      state: z.enum(['done', 'refused', 'ignored']),
      ...{ detail: z.string(), isRepeated: z.boolean() },
    }),
  ),
});

type Sent = z.infer<typeof message>['alerts'][number];

const alertOf = ({ status, labels: said, annotations = {}, startsAt, fingerprint }: Sent): Alert => ({
  ...{ fingerprint, name: said['alertname'] ?? '', isFiring: status === 'firing' },
  ...{ startsMs: Date.parse(startsAt), model: said['model'] },
  summary: annotations['summary'] ?? '',
});

/** Adds `/alerts`: where Alertmanager sends what Prometheus found, and the policy says what follows. */
export function addAlerts(scope: NativeScope, { alerts: desk, follow }: NativeOptions): void {
  scope.post(
    '/alerts',
    {
      config: { role: 'approver' },
      schema: {
        ...{ tags: ['alerts'], summary: 'What Alertmanager found; the policy says what follows' },
        description: 'The same alert (fingerprint and start) is acted upon once.',
        ...{ body: message, response: { 200: outcomes } },
      },
    },
    async (request) => {
      const alerts = request.body.alerts.map(alertOf);
      // Before anything is done for any of them.
      for (const { model } of alerts) if (model !== undefined) requireModel(request.identity, model);
      const all = [];
      for (const alert of alerts) all.push(await desk.receive(alert, changeOf(request)));
      await follow();
      return { outcomes: all };
    },
  );
}
