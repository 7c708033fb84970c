// npm run bench:server: `pilotfish serve` beside MLflow's own server. See --help.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/process.ts';
import { UsageError } from '../common/command-line.ts';
import { describeMachine } from '../common/machine.ts';
import { type Contender, compiledLauncher, mlflow, mlflowAbsent, pilotfish } from './contenders.ts';
import { runContest } from './contest.ts';
import { commandText, type Options, readOptions, usage } from './options.ts';
import { consoleReport, markdownReport } from './report.ts';
import { type Results, resultVersion } from './results.ts';

const documents = join(root, 'docs/benchmarks');
const INTERRUPTED = 130;
const say = (line: string): void => console.error(line);

function contenders(workplace: string): { readonly all: Contender[]; readonly absent: string[] } {
  say('compiling');
  const ours = pilotfish(compiledLauncher(join(workplace, 'program')), 'Pilotfish, compiled');
  say('MLflow: installed if need be');
  const theirs = mlflow();
  return theirs === null ? { all: [ours], absent: [mlflowAbsent] } : { all: [ours, theirs], absent: [] };
}

/** Measures, prints, writes. */
async function run(options: Options, command: string): Promise<void> {
  const workplace = join(root, '.bench/server');
  mkdirSync(workplace, { recursive: true });
  writeFileSync(join(root, '.bench/.gitignore'), '*\n');
  const work = options.work ?? workplace;
  const machine = describeMachine(work);
  const { all, absent } = contenders(workplace);
  const folder = mkdtempSync(join(work, 'run-'));
  try {
    const pace = { seconds: options.seconds, operations: Number.POSITIVE_INFINITY };
    const found = await runContest({ contenders: all, rounds: options.rounds, pace, folder, say });
    const date = new Date().toISOString();
    publish({ version: resultVersion, date, command, machine, absent, ...found }, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function publish(results: Results, { json, isForDocs }: Options): void {
  const text = `${JSON.stringify(results, null, 1)}\n`;
  console.log(consoleReport(results));
  if (json !== undefined) writeFileSync(json, text);
  if (!isForDocs) return;
  writeFileSync(join(documents, 'server.json'), text);
  writeFileSync(join(documents, 'server.md'), markdownReport(results));
  say(`wrote ${join(documents, 'server.md')} and server.json`);
}

// The servers lead groups of their own, which an interrupt does not reach.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(INTERRUPTED));

const args = process.argv.slice(2);
try {
  if (args.includes('--help')) console.log(usage);
  else await run(readOptions(args), commandText(args));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:server: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
