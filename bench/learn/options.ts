// The command line of the benchmark.
import { parseArgs } from 'node:util';
import { asUsage, chosen } from '../common/command-line.ts';
import { type RowName, rowNames } from './rows/task.ts';
import { type SectionName, sectionNames } from './sections/sections.ts';

export const usage = `npm run bench:learn -- [OPTIONS]

  --only LIST    rows and sections to run (default: all)
                 rows: ${rowNames.join(', ')}
                 sections: ${sectionNames.join(', ')}
  --quick        fewer rounds, less data: to see that it works
  --json FILE    write the results there
  --docs         write docs/benchmarks/learn.md and learn.json`;

/** What the user asked for. */
export interface Options {
  readonly rows: readonly RowName[];
  readonly sections: readonly SectionName[];
  readonly isQuick: boolean;
  readonly json: string | undefined;
  readonly isForDocs: boolean;
}

const parse = (args: readonly string[]) =>
  asUsage(() =>
    parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        docs: { type: 'boolean' },
      },
    }),
  ).values;

/** Reads the command line. Throws UsageError. */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const names = chosen('only', values.only, [...rowNames, ...sectionNames]);
  const asked = <T extends string>(all: readonly T[]): readonly T[] =>
    names === undefined ? all : all.filter((name) => (names as readonly string[]).includes(name));
  return {
    rows: asked(rowNames),
    sections: asked(sectionNames),
    isQuick: values.quick === true,
    json: values.json,
    isForDocs: values.docs === true,
  };
}

/** The command that repeats a run: without what says only where its results go. */
export function commandText(args: readonly string[]): string {
  const { only, quick } = parse(args);
  const kept = [...(only === undefined ? [] : [`--only ${only}`]), ...(quick === true ? ['--quick'] : [])];
  return kept.length === 0 ? 'npm run bench:learn' : `npm run bench:learn -- ${kept.join(' ')}`;
}
