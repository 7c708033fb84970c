// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { asUsage, UsageError } from '../common/command-line.ts';

export const usage = `npm run bench:server -- [OPTIONS]

  --rounds N     rounds (default: 3)
  --seconds N    of every load (default: 1.5)
  --json FILE    write the results there
  --docs         write docs/benchmarks/server.md and server.json
  --work DIR     where data directories lie; its disk is measured (default: .bench/server)`;

/** What the user asked for. */
export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly json: string | undefined;
  readonly isForDocs: boolean;
  readonly work: string | undefined;
}

const parse = (args: readonly string[]) =>
  asUsage(() =>
    parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        json: { type: 'string' },
        docs: { type: 'boolean' },
        work: { type: 'string' },
      },
    }),
  ).values;

function number(name: string, text: string, form: RegExp): number {
  if (form.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`--${name} ${text}: give a number above 0, as in the default`);
}

/** Reads the command line. Throws UsageError. */
export function readOptions(args: readonly string[]): Options {
  const { rounds = '3', seconds = '1.5', json, docs = false, work } = parse(args);
  return {
    rounds: number('rounds', rounds, /^\d{1,3}$/),
    seconds: number('seconds', seconds, /^\d{1,3}(\.\d{1,3})?$/),
    ...{ json, isForDocs: docs, work },
  };
}

/** The command that repeats a run. */
export function commandText(args: readonly string[]): string {
  const values = parse(args);
  const kept = (['rounds', 'seconds', 'work'] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name} ${values[name]}`],
  );
  return ['npm run bench:server --', ...kept, '--docs'].join(' ');
}
