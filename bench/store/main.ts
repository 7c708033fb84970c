// npm run bench:store: Pilotfish beside restic, borg and tar | zstd on the two measuring sets. See --help.

import { UsageError } from '../common/command-line.ts';
import { runGrowth } from './growth/growth.ts';
import { commandText, readOptions, usage } from './options.ts';
import { renderAgain, runBenchmark } from './run.ts';

function run(args: readonly string[]): void | Promise<void> {
  if (args.includes('--help')) return console.log(usage);
  if (args[0] === 'growth') return runGrowth(args.slice(1));
  const options = readOptions(args);
  if (options.render !== undefined) return renderAgain(options.render, options);
  return runBenchmark(options, commandText(args));
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:store: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
