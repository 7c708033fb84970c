// What the command lines of the benchmarks share.

/** Something on the command line that cannot be. */
export class UsageError extends Error {}

/** Lets what the parser refuses count as a mistake on the command line. */
export function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The words of a list, each of which must be one of `all`; in the order of `all`. Undefined when none was given. */
export function chosen<T extends string>(
  name: string,
  text: string | undefined,
  all: readonly T[],
): T[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(',').filter((word) => word !== '');
  const strange = words.find((word) => !(all as readonly string[]).includes(word));
  if (strange !== undefined) throw new UsageError(`--${name} ${strange}: choose from ${all.join(', ')}`);
  return all.filter((one) => words.includes(one));
}
