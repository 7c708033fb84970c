import type { Command } from 'commander';
import { PilotfishError } from '../../base/index.ts';
import type { Bench, Work } from '../../decisions/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { safeText } from '../text.ts';

/** Options of the commands that work on models. */
export interface ModelOptions extends CommonOptions {
  readonly data: string;
  readonly model?: string;
}

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

/** Between two looks at the clock, signals and the terminal. */
const TURN_MS = 100;

/** Runs long work step by step with progress on stderr; Ctrl-C ends it between two steps. */
export async function carryOut<Result>(
  context: Context,
  options: CommonOptions,
  work: Work<Result>,
): Promise<Result> {
  const { clock } = context.ports();
  let lastMs = clock.nowMs();
  for (;;) {
    const step = work.next();
    if (step.done === true) {
      context.terminal.status('');
      return step.value;
    }
    if (clock.nowMs() - lastMs < TURN_MS) continue;
    lastMs = clock.nowMs();
    const { what, done, of } = step.value;
    if (options.quiet !== true) context.terminal.status(safeText(`${what}: ${done} of at most ${of}`));
    await clock.turn();
    if (context.signal.aborted) {
      throw new PilotfishError('INTERRUPTED', 'interrupted: nothing was written; run it again');
    }
  }
}
