import { hasCode } from '../../../base/index.ts';
import type { FlagValue } from '../definition/types.ts';
import type { ABTestManager } from '../manager.ts';
import type { FlagContext, FlagMetadata, Resolution, StaticFlag } from './types.ts';

export type ProviderOptions = {
  /** Its experiments are flags by their id. */
  readonly manager?: ABTestManager;
  /** Flags beside the experiments, which they go before. */
  readonly flags?: Readonly<Record<string, StaticFlag>>;
};

/** What was found for a flag, before it is known which type is wanted. */
type Found = {
  /** Undefined: the caller's own default serves. */
  readonly value: FlagValue | undefined;
  readonly variant?: string;
  readonly reason: string;
  readonly metadata?: Readonly<FlagMetadata>;
};

/** Asked for where there is no unit. */
const NOBODY = 'nobody';

type Kind = 'boolean' | 'string' | 'number' | 'object';

/** An error as OpenFeature's SDKs know it: by its code. */
class FlagError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'FlagError';
    this.code = code;
  }
}

/**
 * A provider for OpenFeature's server SDK, whose interface it has without needing its package. An experiment is a flag by
 * its id: `getBooleanValue` says whether the unit gets a treatment, `getStringValue` which model, any other the value its
 * arm carries. The unit is the targeting key.
 *
 * @example
 * await OpenFeature.setProviderAndWait(new PilotfishProvider({ manager: abTest }));
 * const client = OpenFeature.getClient();
 * const modelId = await client.getStringValue('threat-model-v2-test', 'v1', { targetingKey: 'user-1' });
 */
export class PilotfishProvider {
  readonly metadata = { name: 'pilotfish' } as const;
  readonly runsOn = 'server' as const;
  readonly #manager: ABTestManager | undefined;
  readonly #flags: Readonly<Record<string, StaticFlag>>;

  constructor({ manager, flags = {} }: ProviderOptions) {
    this.#manager = manager;
    this.#flags = flags;
  }

  /** Fails where the experiments cannot be read: the SDK then knows that the provider is not ready. */
  async initialize(): Promise<void> {
    await this.#manager?.listExperiments({ status: 'running' });
  }

  resolveBooleanEvaluation(
    flagKey: string,
    defaultValue: boolean,
    context: FlagContext,
  ): Promise<Resolution<boolean>> {
    return this.#resolve('boolean', flagKey, { defaultValue, context });
  }

  resolveStringEvaluation(
    flagKey: string,
    defaultValue: string,
    context: FlagContext,
  ): Promise<Resolution<string>> {
    return this.#resolve('string', flagKey, { defaultValue, context });
  }

  resolveNumberEvaluation(
    flagKey: string,
    defaultValue: number,
    context: FlagContext,
  ): Promise<Resolution<number>> {
    return this.#resolve('number', flagKey, { defaultValue, context });
  }

  resolveObjectEvaluation<Value>(
    flagKey: string,
    defaultValue: Value,
    context: FlagContext,
  ): Promise<Resolution<Value>> {
    return this.#resolve('object', flagKey, { defaultValue, context });
  }

  /** @throws FlagError, whose code is OpenFeature's. */
  async #resolve<Value>(
    kind: Kind,
    flagKey: string,
    { defaultValue, context }: { readonly defaultValue: Value; readonly context: FlagContext },
  ): Promise<Resolution<Value>> {
    const flag = Object.hasOwn(this.#flags, flagKey) ? this.#flags[flagKey] : undefined;
    const {
      value = defaultValue,
      variant,
      reason,
      metadata,
    } = flag === undefined ? await this.#experiment(kind, flagKey, context) : chosen(flag, context);
    if (typeof value !== kind) throw new FlagError('TYPE_MISMATCH', `flag ${flagKey} is no ${kind}`);
    return {
      value: value as Value,
      reason,
      ...(variant === undefined ? {} : { variant }),
      ...(metadata === undefined ? {} : { flagMetadata: metadata }),
    };
  }

  async #experiment(kind: Kind, id: string, { targetingKey }: FlagContext): Promise<Found> {
    // Whether there is such an experiment comes before whether there is a unit.
    const assignment = await this.#manager?.assign(id, targetingKey || NOBODY).catch(unlessMissing);
    if (assignment === undefined) throw new FlagError('FLAG_NOT_FOUND', `flag ${id} not found`);
    const {
      modelId,
      isControl,
      isIn,
      status,
      value = kind === 'boolean' ? !isControl : modelId,
    } = assignment;
    const metadata = { experimentId: id };
    if (status === 'draft' || status === 'archived')
      return { value: undefined, reason: 'DISABLED', metadata };
    // Where types are not checked it may also be null.
    if (!targetingKey)
      throw new FlagError(
        'TARGETING_KEY_MISSING',
        `flag ${id} needs a targetingKey: the unit of the experiment`,
      );
    return {
      value,
      variant: modelId,
      reason: isIn ? 'SPLIT' : 'DEFAULT',
      metadata: { ...metadata, isControl },
    };
  }
}

function unlessMissing(error: unknown): undefined {
  if (hasCode(error, 'MISSING')) return undefined;
  if (!hasCode(error)) throw error;
  throw new FlagError(error.code === 'USAGE' ? 'INVALID_CONTEXT' : 'GENERAL', error.message);
}

function chosen(
  { variants, defaultVariant, target, metadata, isDisabled = false }: StaticFlag,
  context: FlagContext,
): Found {
  const common = metadata === undefined ? {} : { metadata };
  if (isDisabled) return { value: undefined, reason: 'DISABLED', ...common };
  const matched = target?.(context);
  const variant = matched ?? defaultVariant;
  if (!Object.hasOwn(variants, variant))
    throw new FlagError('PARSE_ERROR', `the flag has no variant ${variant}`);
  const reason = target === undefined ? 'STATIC' : matched === undefined ? 'DEFAULT' : 'TARGETING_MATCH';
  return { value: variants[variant], variant, reason, ...common };
}
