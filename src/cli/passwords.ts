import { readFileSync } from 'node:fs';
import { errnoOf, PilotfishError } from '../base/index.ts';
import type { Context } from './context.ts';
import { usageError } from './exit.ts';
import { askHidden } from './prompt.ts';

/** Where a password may come from before a person is asked: the file of an option, then the environment. */
export interface PasswordSources {
  /** The option, as users write it. */
  readonly option: string;
  /** Its value. */
  readonly file: string | undefined;
  /** What the environment says. */
  readonly setting: () => string | undefined;
}

/** The password that was given; undefined when none was. Throws UNREADABLE. */
export function givenPassword({ option, file, setting }: PasswordSources): string | undefined {
  return file === undefined ? setting() : readPasswordFile(file, option);
}

/** The first line of a password file; `namedBy` is the option or variable that names it. Throws UNREADABLE. */
export function readPasswordFile(file: string, namedBy: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const message = `${namedBy} names ${file}, which cannot be read (${errnoOf(cause)}): correct it`;
    throw new PilotfishError('UNREADABLE', message, { cause });
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.split(/\r?\n/, 1)[0] ?? '';
  } catch {
    // Decoded all the same, most of the bytes would become one character, and the password a weak one. The error of
    // the decoder stays out of it: nothing about the content is to be shown.
    throw new PilotfishError(
      'UNREADABLE',
      `${namedBy} names ${file}, which holds bytes that are no text: write the password as text, such as base64`,
    );
  }
}

/** A password that is about to be set: given, or typed twice. Throws USAGE when there is none, or an empty one. */
export async function newPassword(context: Context, sources: PasswordSources): Promise<string> {
  const password = givenPassword(sources) ?? (await askTwice(context));
  if (password === undefined) {
    throw usageError(
      `no password is given and there is no terminal to ask on: use ${sources.option} or the environment, see \`--help\``,
    );
  }
  if (password === '') throw usageError('an empty password protects nothing: give another one');
  return password;
}

async function askTwice(context: Context): Promise<string | undefined> {
  const first = await askHidden(context, 'new password: ');
  if (first === undefined || first === '') return first;
  if ((await askHidden(context, 'once more: ')) === first) return first;
  throw usageError('the two passwords differ: run the command again');
}
