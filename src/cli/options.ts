import type { Command } from 'commander';
import { usageError } from './exit.ts';
import { safeText } from './text.ts';

/** Adds what every command has: the repository, help, and examples under it. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((line) => `  ${line}\n`).join('');
  return command
    .option('--repo <dir>', 'the repository (or in PILOTFISH_REPO)')
    .option('--password-file <file>', 'its password, if encrypted (or in PILOTFISH_PASSWORD)')
    .helpOption('--help', 'show help')
    .addHelpText('after', `\nExamples:\n${lines}`);
}

/** `--json`, for the commands whose result is not a file itself. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print the result as one JSON object');
}

/** Reads the value of an option that is a whole number in a range. */
export function wholeNumber(name: string, range: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    throw usageError(
      `${name} ${safeText(text)} cannot be used: give a whole number from ${range.min} to ${range.max}`,
    );
  };
}

/** More threads than any machine this was tried on makes use of. */
const MAX_THREADS = 64;

/** Reads the value of `--threads`. */
export const threadCount = wholeNumber('--threads', { min: 0, max: MAX_THREADS });

/** What the commands have that can read ahead. */
export function withReadAhead(command: Command): Command {
  return command
    .option('--no-hints', 'read nothing before it is its turn')
    .option('--threads <n>', 'read ahead on one thread; 0: on none', threadCount);
}

/**
 * Reads the value of an option that is a share in percent, such as `5%` or `5`, into a number from 0 to 1. `0.5` could
 * mean half or half a percent, and nobody would notice the wrong one: it needs the sign.
 */
export function share(name: string, { isZeroMeant }: { isZeroMeant: boolean }): (text: string) => number {
  return (text) => {
    if (/^0*\.[0-9]*[1-9][0-9]*$/.test(text)) {
      const asPercent = `${+(100 * Number(text)).toFixed(6)}%`;
      throw usageError(`${name} ${text} can mean ${asPercent} or ${text}%: say which, with the sign`);
    }
    const percent = /^[0-9]+(\.[0-9]+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
    if (percent <= 100 && (percent > 0 || (isZeroMeant && percent === 0))) return percent / 100;
    const least = isZeroMeant ? 'from 0' : 'above 0 and';
    throw usageError(`${name} ${safeText(text)} cannot be used: give a share ${least} up to 100, such as 5%`);
  };
}

/** Reads the value of an option that is one of a few words. */
export function oneOf<Word extends string>(name: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw usageError(`${name} ${safeText(text)} cannot be used: give ${words.join(', ')}`);
  };
}

const SECOND_MS = 1000;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3600 * SECOND_MS,
  d: 86_400 * SECOND_MS,
};

/** Reads the value of an option that is a span of time, such as `30m`, into milliseconds. */
export function duration(name: string): (text: string) => number {
  return (text) => {
    const [, digits, unit] = /^([0-9]{1,6})([smhd])$/.exec(text) ?? [];
    const ms = text === '0' ? 0 : Number(digits) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
    if (ms >= 0) return ms;
    throw usageError(`${name} ${safeText(text)} cannot be used: give a time such as 30s, 12h or 2d, or 0`);
  };
}

/** Collects the values of an option that may be given several times. */
export function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

const BLOCK_SIZES_KIB: readonly number[] = [16, 32, 64, 128, 256];

/** Reads `--block-size` into bytes. */
export function blockSizeBytes(text: string): number {
  const kib = Number(text);
  if (BLOCK_SIZES_KIB.includes(kib) && /^[0-9]+$/.test(text)) return kib * 1024;
  throw usageError(`--block-size ${safeText(text)} cannot be used: give ${BLOCK_SIZES_KIB.join(', ')} (KiB)`);
}
