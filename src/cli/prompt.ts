import { openSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { PilotfishError } from '../base/index.ts';
import type { Context } from './context.ts';
import { safeText } from './text.ts';

const STDIN_FD = 0;

/**
 * Asks a person for a line that is not shown while it is typed. Undefined where no person is: never from a pipe, and
 * never where the question would go into a file.
 */
export async function askHidden(context: Context, question: string): Promise<string | undefined> {
  const input = openTerminal(context);
  if (input === undefined) return undefined;
  const { stderr } = context.world;
  // The line editor writes what is typed; its output goes nowhere. It keeps no history.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const editor = createInterface({ input, output, terminal: true, historySize: 0 });
  stderr.write(safeText(question));
  try {
    return await nextLine(editor, context.signal);
  } finally {
    editor.close();
    input.destroy();
    stderr.write('\n');
  }
}

/** The terminal itself: standard input may be shared, and stays as it is. */
function openTerminal({ terminal }: Context): ReadStream | undefined {
  if (!isatty(STDIN_FD) || !terminal.isInteractive) return undefined;
  try {
    return new ReadStream(openSync('/dev/tty', 'r+'));
  } catch {
    // A process without a terminal of its own: nobody to ask.
    return undefined;
  }
}

/** The line typed; undefined at the end of input. Throws INTERRUPTED. */
function nextLine(editor: Interface, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(new PilotfishError('INTERRUPTED', 'interrupted: nothing was done; run the command again'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    editor.once('SIGINT', stop);
    editor.once('line', resolve);
    editor.once('close', () => {
      signal.removeEventListener('abort', stop);
      resolve(undefined);
    });
  });
}
