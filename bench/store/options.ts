// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { asUsage, chosen, UsageError } from '../common/command-line.ts';
import { type Step, steps } from './contest.ts';
import { defaultWorkplace } from './folders.ts';
import { type SetName, setNames } from './sets/sets.ts';
import { defaultTools, type ToolId, toolIds } from './tools/tools.ts';

export const usage = `npm run bench:store -- [OPTIONS]

  --sets A,B        which measuring sets (default: both); they are built when missing
  --rounds N        rounds per set (default: 3)
  --tools LIST      ${toolIds.join(', ')}
                    (default: all but restic-max)
  --thorough        restic-max too
  --only LIST       steps beside create: ${steps.join(', ')} (default: all)
  --checkout        measure Pilotfish as it runs from the checkout, not as installed
  --json FILE       write the results there too
  --docs            write docs/benchmarks although the run is not a complete one
  --no-docs         do not write docs/benchmarks
  --build           build the sets and stop
  --render FILE     make the report again from results in a file, without measuring
  --work DIR        where sets and repositories lie (default: .bench)
  --run DIR         where repositories and restored trees lie meanwhile: on a slow or rate-limited disk its
                    moods are all that restore shows; /dev/shm leaves the tools (default: in --work)

npm run bench:store -- growth [--blocks 1e5,1e6,1e7] [--docs] [--render FILE] [--work DIR]

  cost per block as a repository grows (default: 1e5,1e6); --docs writes docs/benchmarks/growth.*`;

/** What the user asked for. */
export interface Options {
  readonly sets: readonly SetName[];
  readonly rounds: number;
  readonly tools: readonly ToolId[];
  readonly steps: readonly Step[];
  readonly form: 'installed' | 'checkout';
  readonly json: string | undefined;
  /** Undefined: only after a complete run. */
  readonly docs: boolean | undefined;
  readonly isBuildOnly: boolean;
  readonly render: string | undefined;
  readonly workplace: string;
  readonly runFolder: string | undefined;
}

function wholeNumber(name: string, text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} ${text}: give a whole number from 1`);
}

/** Reads the command line. Throws UsageError. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  const isThorough = values.thorough === true;
  return {
    sets: chosen('sets', values.sets, setNames) ?? setNames,
    rounds: wholeNumber('rounds', values.rounds ?? '3'),
    tools: chosen('tools', values.tools, toolIds) ?? defaultTools(isThorough),
    steps: chosen('only', values.only, steps) ?? steps,
    form: values.checkout ? 'checkout' : 'installed',
    json: values.json,
    docs: values.docs,
    isBuildOnly: values.build === true,
    render: values.render,
    workplace: values.work ?? defaultWorkplace,
    runFolder: values.run,
  };
}

/** The command that repeats a run: without what says only where its results go. */
export function commandText(args: readonly string[]): string {
  const { values } = parse(args);
  const kept = (['sets', 'rounds', 'tools', 'only', 'run'] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name} ${values[name]}`],
  );
  if (values.thorough === true) kept.push('--thorough');
  if (values.checkout === true) kept.push('--checkout');
  return kept.length === 0 ? 'npm run bench:store' : `npm run bench:store -- ${kept.join(' ')}`;
}

const parse = (args: readonly string[]) =>
  asUsage(() =>
    parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        sets: { type: 'string' },
        rounds: { type: 'string' },
        tools: { type: 'string' },
        thorough: { type: 'boolean' },
        only: { type: 'string' },
        checkout: { type: 'boolean' },
        json: { type: 'string' },
        docs: { type: 'boolean' },
        build: { type: 'boolean' },
        render: { type: 'string' },
        work: { type: 'string' },
        run: { type: 'string' },
      },
    }),
  );

/** Whether a run says everything the page in docs/ promises. */
export function isComplete({ sets, rounds, tools, steps: chosenSteps, form }: Options): boolean {
  const all = defaultTools(false);
  return (
    sets.length === setNames.length &&
    rounds >= 3 &&
    all.every((id) => tools.includes(id)) &&
    chosenSteps.length === steps.length &&
    form === 'installed'
  );
}
