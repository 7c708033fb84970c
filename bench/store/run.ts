// One run of the benchmark: sets, tools, rounds, reports.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/process.ts';
import { ensureTool } from '../../test/full/tools.ts';
import { describeMachine } from '../common/machine.ts';
import { isGnuTime, Meter, runWell } from './commands.ts';
import { runContest } from './contest.ts';
import { type Folders, makeFolders } from './folders.ts';
import { isComplete, type Options } from './options.ts';
import { consoleReport } from './report/console.ts';
import { markdownReport } from './report/markdown.ts';
import { type Results, resultVersion } from './results.ts';
import { CannotBuild } from './sets/build.ts';
import { ensureSet, type MeasuringSet, strangeness } from './sets/sets.ts';
import { measureStartup } from './startup.ts';
import type { Absent } from './tools/contender.ts';
import { checkoutLauncher, installPackage, type Launcher } from './tools/pilotfish.ts';
import { findContenders, findOrInstall } from './tools/tools.ts';

export const documents = join(root, 'docs/benchmarks');
export const say = (line: string): void => console.error(line);

function readySets(options: Options, folders: Folders): { sets: MeasuringSet[]; missing: Absent[] } {
  const sets: MeasuringSet[] = [];
  const missing: Absent[] = [];
  for (const name of options.sets) {
    try {
      sets.push(ensureSet(name, folders, say));
    } catch (error) {
      if (!(error instanceof CannotBuild)) throw error;
      say(`SET ${name} IS ABSENT: ${error.message}`);
      missing.push({ id: `set ${name}`, reason: error.message });
    }
  }
  return { sets, missing };
}

function launcher({ form }: Options, { installed }: Folders): Launcher {
  if (form === 'checkout') return checkoutLauncher;
  say('packing the checkout and installing the package');
  return installPackage(installed);
}

function meter(): Meter {
  const path = ensureTool('time');
  if (path !== null && isGnuTime(path)) return new Meter(path);
  say('GNU time IS ABSENT: processor time and memory are not measured; install the Debian package time');
  return new Meter(null);
}

/** Builds, measures, prints, writes. */
export function runBenchmark(options: Options, command: string): void {
  const folders = makeFolders(options.workplace, options.runFolder);
  const { sets, missing } = readySets(options, folders);
  if (options.isBuildOnly || sets.length === 0) return;
  const ours = launcher(options, folders);
  const { contenders, absent } = findContenders(options.tools, ours, findOrInstall);
  for (const { id, reason } of absent) say(`${id} is left out: ${reason}`);
  const machine = describeMachine(folders.run);
  const stopwatch = meter();
  const startup = measureStartup(stopwatch, ours);
  const settle = (): void => void runWell({ program: 'sync', args: [], cwd: '/' });
  const contest = {
    ...options,
    sets,
    contenders,
    meter: stopwatch,
    folder: join(folders.run, 'store'),
    settle,
    say,
  };
  const rows = runContest(contest);
  const results: Results = {
    version: resultVersion,
    date: new Date().toISOString(),
    command,
    rounds: options.rounds,
    machine,
    tools: contenders.map(({ id, label, version, encrypts, isRepository }) => ({
      ...{ id, label, version, encrypts, isRepository },
    })),
    absent: [...missing, ...absent],
    startup,
    sets: sets.map(noteOf),
    rows,
  };
  publish(results, options, folders);
}

function noteOf({ name, title, fingerprint }: MeasuringSet): Results['sets'][number] {
  const strange = strangeness(name as 'A' | 'B', fingerprint);
  return { name, title, fingerprint, ...(strange === undefined ? {} : { strange }) };
}

/** Prints the report; writes it to the workplace and, after a complete run, to docs/benchmarks. */
function publish(results: Results, options: Options, { reports }: Folders): void {
  const json = `${JSON.stringify(results, null, 1)}\n`;
  const write = (folder: string): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'store.json'), json);
    writeFileSync(join(folder, 'store.md'), markdownReport(results));
    say(`wrote ${join(folder, 'store.json')} and store.md`);
  };
  console.log(consoleReport(results));
  if (options.json !== undefined) writeFileSync(options.json, json);
  write(reports);
  const isWhole = isComplete(options) && results.absent.length === 0;
  if (options.docs ?? isWhole) write(documents);
  else if (options.docs === undefined) say('docs/benchmarks stays as it is: this was not a complete run');
}

/** The report again, from results that were kept. */
export function renderAgain(file: string, options: Options): void {
  const results = JSON.parse(readFileSync(file, 'utf8')) as Results;
  if (results.version !== resultVersion) throw new Error(`${file} has version ${results.version}`);
  publish(results, { ...options, docs: options.docs ?? false }, makeFolders(options.workplace));
}
