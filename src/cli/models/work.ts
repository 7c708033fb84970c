import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exists, type FileSystem, PilotfishError } from '../../base/index.ts';
import type { Bench, Work } from '../../decisions/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { usageError } from '../exit.ts';
import { safeText } from '../text.ts';

/** Options of the commands that work on models. */
export interface ModelOptions extends CommonOptions {
  readonly data: string;
  readonly model?: string;
}

/** A command about one of these rooms. */
export function roomCommand(
  program: Command,
  name: string,
  rooms: readonly string[] = ['codec', 'similar', 'prefetch'],
): Command {
  return program.command(name).argument('<room>', `what it is about: ${rooms.join(', ')}`);
}

/** Where real data lies; each room reads what it asks about. */
export const DATA_HELP =
  'folder with data sets: compression/ and versions/; for prefetch versions/ and traces/';

/** Adds help and examples: these commands have no repository. */
export function withModelExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((line) => `  ${line}\n`).join('');
  return command
    .option('--json', 'print the result as one JSON object')
    .option('--quiet', 'no progress')
    .helpOption('--help', 'show help')
    .addHelpText('after', `\nExamples:\n${lines}`);
}

/** What a workshop works with: the machine's files and clock, and warnings on stderr. */
export function benchOf(context: Context): Bench {
  const { fs, clock } = context.ports();
  return { fs, clock, warn: (message) => context.terminal.line(safeText(`pilotfish: ${message}`)) };
}

/** Where a result goes: into a place of the user's own, or in place of what is shipped, and only when told so. */
export type Target = { readonly out?: string; readonly install?: true };

/**
 * The path a result goes to. What lies there is replaced, so it must be of the same kind: a device would go like a file.
 * @throws PilotfishError `USAGE` unless exactly one of the two is given; `EXISTS` for something else in its place.
 */
export function targetOf(
  { out, install }: Target,
  shipped: string,
  { fs, kind }: { readonly fs: FileSystem; readonly kind: 'file' | 'directory' },
): string {
  if ((out === undefined) === (install === undefined)) {
    throw usageError(`give --out for a place of your own, or --install to replace ${safeText(shipped)}`);
  }
  const path = resolve(out ?? shipped);
  const found = exists(fs, path) ? fs.lstat(path).kind : kind;
  if (found === kind || found === 'symlink') return path;
  throw new PilotfishError(
    'EXISTS',
    `${path} is a ${found}, and what is written is a ${kind}: choose another name`,
  );
}

/** Between two looks at the clock, signals and the terminal. */
const TURN_MS = 100;
/** Between two lines where there is no terminal. */
const PLAIN_MS = 5000;

/**
 * Runs long work step by step with progress on stderr; Ctrl-C ends it between two steps.
 * @param whenStopped what the user is told then: what is left of the work, and how to go on
 */
export async function carryOut<Result>(
  context: Context,
  options: CommonOptions,
  work: Work<Result>,
  whenStopped = 'nothing was written; run it again',
): Promise<Result> {
  const { clock } = context.ports();
  let lastMs = clock.monotonicMs();
  let toldMs = lastMs;
  for (;;) {
    if (context.signal.aborted) {
      throw new PilotfishError('INTERRUPTED', `interrupted: ${whenStopped}`);
    }
    const step = work.next();
    if (step.done === true) {
      context.terminal.status('');
      return step.value;
    }
    if (clock.monotonicMs() - lastMs < TURN_MS) continue;
    lastMs = clock.monotonicMs();
    const { what, done, of } = step.value;
    if (options.quiet !== true && (context.terminal.isInteractive || lastMs - toldMs >= PLAIN_MS)) {
      toldMs = lastMs;
      context.terminal.progress(safeText(`${what}: ${done} of at most ${of}`));
    }
    await clock.turn();
  }
}
