import {
  EVENT_ACTIONS,
  EVENT_ENTITIES,
  type EventKind,
  type Webhook,
  type WebhookDispatcher,
  type WebhookStatus,
  type Webhooks,
} from '../../lifecycle/index.ts';
import { filled } from '../mlflow/objects.ts';
import type { Params } from '../mlflow/params.ts';
import { choice } from '../mlflow/queries.ts';
import { done, type MlflowRoute, patch, read, remove, write } from '../mlflow/route.ts';

const STATUSES: readonly WebhookStatus[] = ['ACTIVE', 'DISABLED'];
const ONE = 'webhooks/:webhook_id';

const webhookOf = (webhook: Webhook): object => ({
  ...{ webhook_id: webhook.id, name: webhook.name, url: webhook.url, events: webhook.events },
  ...{ description: webhook.description, status: webhook.status },
  ...{ creation_timestamp: webhook.createdMs, last_updated_timestamp: webhook.updatedMs },
});

/** @throws PilotfishError `USAGE`. */
function eventsOf(params: Params): EventKind[] {
  return params.list('events').map(kindOf);
}

const kindOf = (event: Params): EventKind => ({
  entity: choice(event, 'entity', EVENT_ENTITIES) ?? (event.requiredText('entity') as EventKind['entity']),
  action: choice(event, 'action', EVENT_ACTIONS) ?? (event.requiredText('action') as EventKind['action']),
});

/** webhooks/*, for admins: who is told of what happens to models. */
export function webhookRoutes(webhooks: Webhooks, dispatcher: WebhookDispatcher): MlflowRoute[] {
  const idOf = (params: Params): string => params.requiredText('webhook_id');
  const routes: MlflowRoute[] = [
    write('webhooks', async (params, { change }) => {
      const draft = {
        ...{ name: params.requiredText('name'), url: params.requiredText('url'), events: eventsOf(params) },
        ...{ description: params.text('description'), secret: params.text('secret') },
        status: choice(params, 'status', STATUSES) ?? 'ACTIVE',
      };
      return { webhook: webhookOf(await webhooks.create(draft, change)) };
    }),
    read('webhooks', async () => ({ webhooks: filled((await webhooks.list()).map(webhookOf)) })),
    read(ONE, async (params) => ({ webhook: webhookOf(await webhooks.get(idOf(params))) })),
    patch(ONE, async (params, { change }) => {
      const [name, url, description] = [params.text('name'), params.text('url'), params.text('description')];
      const [secret, status] = [params.text('secret'), choice(params, 'status', STATUSES)];
      const given = { name, url, description, secret, status };
      const fields = {
        ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
        ...(params.has('events') ? { events: eventsOf(params) } : {}),
      };
      return { webhook: webhookOf(await webhooks.update(idOf(params), fields, change)) };
    }),
    remove(ONE, (params, { change }) => done(webhooks.delete(idOf(params), change))),
    write(`${ONE}/test`, async (params) => {
      const kind = params.has('event') ? kindOf(params.object('event')) : undefined;
      const { isDone, status, outcome } = await dispatcher.test(idOf(params), kind);
      // What the target says is not told: it may be of the house.
      const failure = isDone ? {} : { error_message: `Failed to test webhook: ${outcome}` };
      return { result: { success: isDone, response_status: status, ...failure } };
    }),
  ];
  return routes.map((route) => ({ ...route, role: 'admin' }));
}
