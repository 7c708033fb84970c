import { availableParallelism, loadavg } from 'node:os';
import { exists, hasCode } from '../../base/index.ts';
import type { BaseQuestion, CodecQuestion, PackOptions, StoreAdviser } from '../../blocks/index.ts';
import type {
  BaseAdviser,
  BaseSettlement,
  CodecSettlement,
  CodecValue,
  Guard,
  GuardOptions,
  Receipt,
  RoomAdviser,
} from '../../decisions/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { safeText } from '../text.ts';
import type { GuardParts, RegisteredRooms } from './registered.ts';

/** What the store is told of its surroundings. */
type Surroundings = NonNullable<PackOptions['surroundings']>;

/**
 * The rate a repository on a local disk is judged by, bits per second: a stored byte is kept, verified and copied for
 * years. With it the room says what is worth compressing; how hard is the store's built-in level (docs/adr/0008).
 */
const KEPT_BITS_PER_SECOND = 2e7;
const UNITS: Readonly<Record<string, number>> = { kbit: 1e3, mbit: 1e6, gbit: 1e9 };

/** Reads `--link` into bits per second. */
export function linkRate(text: string): number {
  const [, digits, unit] = /^([0-9]{1,6}(?:\.[0-9]{1,3})?)(kbit|mbit|gbit)$/i.exec(text) ?? [];
  const rate = Number(digits) * (UNITS[unit?.toLowerCase() ?? ''] ?? Number.NaN);
  if (rate >= 1e3) return rate;
  throw usageError(
    `--link ${safeText(text)} cannot be used: give a rate such as 512kbit, 100mbit or 2.5gbit`,
  );
}

/**
 * An answer takes microseconds; on a machine with more to do than cores a thread may stand still for tens of milliseconds,
 * and that is not the model's fault.
 */
const BASE_BUDGET_MS = 100;

/** How `pack` finds what new blocks resemble: not at all, by the built-in rule, or as the room of bases says. */
export const SIMILARITIES = ['exact', 'features', 'model'] as const;
export type Similarity = (typeof SIMILARITIES)[number];

/** What a store without rooms is told: nothing, or that no block is the base of another. */
export function plainAdviser(similarity: Similarity): StoreAdviser | undefined {
  return similarity === 'exact' ? { base: () => -1 } : undefined;
}

/** The link as told or as a disk counts, and the load of this machine. */
export function surroundingsOf(link: number | undefined): Surroundings {
  const load = (loadavg()[0] ?? 0) / availableParallelism();
  return { linkBitsPerSecond: link ?? KEPT_BITS_PER_SECOND, cpuPressure: Math.min(1, load) };
}

/** Who hears of every decision and what came of it. */
export interface Listeners {
  readonly onCodecReceipt: NonNullable<GuardOptions<CodecQuestion, CodecValue, CodecSettlement>['onReceipt']>;
  readonly onBaseReceipt: NonNullable<GuardOptions<BaseQuestion, number, BaseSettlement>['onReceipt']>;
}

/** What `pack` makes its adviser of. */
export interface AdviserOptions {
  /** Bits per second, as `--link` says. */
  readonly link: number | undefined;
  readonly similarity: Similarity;
  readonly listeners: Listeners | undefined;
  /** The rooms of a registry, in place of the shipped models. */
  readonly registered: RegisteredRooms | undefined;
}

/** The rooms of the store with the models that serve them, where there are some that can be used; else their rules. */
export async function loadAdviser(context: Context, options: AdviserOptions): Promise<RoomAdviser> {
  const { CodecAdviser, codecRoom, measureReference, openCodecModel, RoomAdviser } = await import(
    '../../decisions/index.ts'
  );
  const { link, similarity, listeners, registered } = options;
  const parts: GuardParts<CodecQuestion, CodecValue, CodecSettlement> = {
    room: codecRoom,
    // A model is told how fast this machine is beside the one it learnt on.
    open: (artefact) => openCodecModel(artefact, measureReference(context.ports().clock)),
    ...(listeners === undefined ? {} : { onReceipt: listeners.onCodecReceipt }),
  };
  const codec = await (registered?.codec(parts) ?? shippedGuard(context, parts));
  return new RoomAdviser({
    codec: new CodecAdviser(codec, link === undefined ? 'built-in' : 'by-link'),
    similar: await baseAdviserOf(context, similarity, { listeners, registered }),
  });
}

/** Who chooses bases; undefined leaves it to the store's own rule. */
export async function baseAdviserOf(
  context: Context,
  similarity: Similarity,
  { listeners, registered }: Partial<Pick<AdviserOptions, 'listeners' | 'registered'>> = {},
): Promise<BaseAdviser | undefined> {
  const { exactHashOnly, similarRoom, SimilarAdviser } = await import('../../decisions/index.ts');
  if (similarity === 'exact') return exactHashOnly;
  if (similarity === 'features') return undefined;
  const parts: GuardParts<BaseQuestion, number, BaseSettlement> = {
    ...{ room: similarRoom, budgetMs: BASE_BUDGET_MS },
    ...(listeners === undefined ? {} : { onReceipt: listeners.onBaseReceipt }),
  };
  if (registered === undefined) return new SimilarAdviser(await shippedGuard(context, parts));
  const { guard, onStored } = await registered.similar(parts);
  return new SimilarAdviser(guard, onStored);
}

/** A guard with the shipped model of its room; warns of one that cannot be used. */
async function shippedGuard<Question, Value, Told extends Receipt>(
  context: Context,
  { open, ...parts }: GuardParts<Question, Value, Told>,
): Promise<Guard<Question, Value, Told>> {
  const { featureSchemaOf, Guard, loadArtefact } = await import('../../decisions/index.ts');
  const { fs, clock } = context.ports();
  const { room } = parts;
  const guard = new Guard({ ...parts, clock });
  const directory = `${context.world.settings.modelsDirectory}/${room.name}`;
  try {
    if (!exists(fs, `${directory}/manifest.json`)) return guard;
    const artefact = loadArtefact(fs, directory, featureSchemaOf(room.features));
    guard.install(open === undefined ? room.open(artefact) : open(artefact));
  } catch (error) {
    if (!hasCode(error)) throw error;
    const message = `${error.message}. The rule answers instead`;
    context.warn({ path: directory, code: error.code, message });
  }
  return guard;
}
