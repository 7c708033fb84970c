import type { Command } from 'commander';
import { usageError } from './exit.ts';
import { safeText } from './text.ts';

/** Adds what every command has: the repository, help, and examples under it. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((line) => `  ${line}\n`).join('');
  return command
    .option('--repo <dir>', 'the repository (or in PILOTFISH_REPO)')
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
