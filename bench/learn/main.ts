// npm run bench:learn: the kernels beside native C, training and stream learners beside the tools of the field.
import { UsageError } from '../common/command-line.ts';
import { commandText, readOptions, usage } from './options.ts';
import { runBenchmark } from './run.ts';

async function run(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(usage);
  return runBenchmark(readOptions(args), commandText(args));
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:learn: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
