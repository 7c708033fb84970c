import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../base/index.ts';
import type {
  ABTestManager,
  AlertDesk,
  DriftDetector,
  IngestStore,
  ModelServer,
  OnlineLearner,
  QualityFeed,
  RegistryChange,
  RegistryDirectory,
  RolloutManager,
} from '../../lifecycle/index.ts';

export type NativeOptions = {
  readonly directory: RegistryDirectory;
  readonly models: ModelServer;
  readonly clock: Clock;
  readonly alerts: AlertDesk;
  readonly ingest: { readonly store: IngestStore; readonly feed: QualityFeed };
  readonly experiments: ABTestManager;
  readonly drift: DriftDetector;
  readonly rollouts: RolloutManager;
  readonly online: OnlineLearner;
  /** Resolves when what is in production now is served. */
  readonly follow: () => Promise<void>;
};

/** A server whose requests are checked by the schemas of its routes. */
export type NativeScope = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Who changes something, and why, for the audit log. */
export const changeOf = ({ identity }: FastifyRequest, reason?: string | undefined): RegistryChange => ({
  ...{ actor: identity?.actor, reason },
});

/** A version as a path names it: by number, by text, or by alias after `@`. */
export const refOf = ({ name, version }: { readonly name: string; readonly version: string }) =>
  version.startsWith('@') ? { name, alias: version.slice(1) } : { name, version };
