import type { EventKind } from './outbox.ts';

const VERSION = { name: 'example_model', version: '1' };
const MORE = { tags: { example_key: 'example_value' }, description: 'An example' };

/** What MLflow's events carry; those of something that is gone carry no more than its name. */
const EXAMPLES: Partial<Readonly<Record<EventKind['entity'], readonly [whole: object, gone: object]>>> = {
  REGISTERED_MODEL: [{ name: 'example_model', ...MORE }, { name: 'example_model' }],
  MODEL_VERSION: [{ ...VERSION, source: 'models:/123', run_id: 'abcd1234abcd5678', ...MORE }, VERSION],
  MODEL_VERSION_TAG: [
    { ...VERSION, key: 'example_key', value: 'example_value' },
    { ...VERSION, key: 'example_key' },
  ],
  MODEL_VERSION_ALIAS: [
    { ...VERSION, alias: 'example_alias' },
    { name: 'example_model', alias: 'example_alias' },
  ],
};

const OTHER = [{ name: 'example' }, { name: 'example' }] as const;

/** The body of an event that did not happen, as one that did would have it. */
export function exampleOf({ entity, action }: EventKind, nowMs: number): string {
  const [whole, gone] = EXAMPLES[entity] ?? OTHER;
  const data = action === 'DELETED' ? gone : whole;
  return JSON.stringify({ entity, action, timestamp: new Date(nowMs).toISOString(), data });
}
