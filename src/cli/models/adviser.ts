import { availableParallelism, loadavg } from 'node:os';
import { exists, hasCode } from '../../base/index.ts';
import type { PackOptions } from '../../blocks/index.ts';
import type { RoomAdviser } from '../../decisions/index.ts';
import type { Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { safeText } from '../text.ts';

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

/** The link as told or as a disk counts, and the load of this machine. */
export function surroundingsOf(link: number | undefined): Surroundings {
  const load = (loadavg()[0] ?? 0) / availableParallelism();
  return { linkBitsPerSecond: link ?? KEPT_BITS_PER_SECOND, cpuPressure: Math.min(1, load) };
}

/** The rooms of the store with the shipped model, where there is one that can be used; else their rules. */
export async function loadAdviser(context: Context, link: number | undefined): Promise<RoomAdviser> {
  const { codecRoom, CODEC_SCHEMA, Guard, loadArtefact, measureReference, openCodecModel, RoomAdviser } =
    await import('../../decisions/index.ts');
  const { fs, clock } = context.ports();
  const guard = new Guard({ room: codecRoom, clock });
  const directory = `${context.world.settings.modelsDirectory}/${codecRoom.name}`;
  try {
    if (exists(fs, `${directory}/manifest.json`)) {
      // A model is told how fast this machine is beside the one it learnt on.
      guard.install(openCodecModel(loadArtefact(fs, directory, CODEC_SCHEMA), measureReference(clock)));
    }
  } catch (error) {
    if (!hasCode(error)) throw error;
    context.warn({
      path: directory,
      code: error.code,
      message: `${error.message}. The rule answers instead`,
    });
  }
  return new RoomAdviser(guard, link === undefined ? 'built-in' : 'by-link');
}
