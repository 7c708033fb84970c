// One run of the benchmark: reference, rows, sections, reports.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/process.ts';
import { ensureTool } from '../../test/full/tools.ts';
import { describeMachine } from '../common/machine.ts';
import { gateRow, runRow } from './contest.ts';
import { fullPace, quickPace } from './interleave.ts';
import type { Options } from './options.ts';
import {
  type CompilerName,
  compileCommand,
  compileReference,
  compilerNames,
  type Reference,
} from './reference.ts';
import { consoleReport } from './report/console.ts';
import { markdownReport } from './report/markdown.ts';
import { type Results, resultVersion } from './results.ts';
import { makeSection } from './sections/sections.ts';

const workplace = join(root, '.bench/learn');
const documents = join(root, 'docs/benchmarks');
const say = (line: string): void => console.error(line);

/** One reference for each compiler that is here; clang is installed where that is possible. */
function references(): Reference[] {
  ensureTool('clang');
  return compilerNames.flatMap((name: CompilerName) => {
    const reference = compileReference(name, workplace);
    if (reference === null) say(`${name} IS ABSENT: no row is compared with it`);
    return reference === null ? [] : [reference];
  });
}

/** Measures, prints, writes. */
export async function runBenchmark(options: Options, command: string): Promise<void> {
  mkdirSync(workplace, { recursive: true });
  writeFileSync(join(root, '.bench/.gitignore'), '*\n');
  const machine = describeMachine(workplace);
  const native = references();
  const details = options.rows.map((name) => {
    say(name);
    return runRow(name, native, options.isQuick ? quickPace : fullPace);
  });
  const sections: Results['sections'][number][] = [];
  for (const name of options.sections) {
    say(name);
    sections.push(await makeSection[name]({ isQuick: options.isQuick, references: native, workplace, say }));
  }
  const compilers = native.map(({ compiler: name, version }) => ({
    name,
    version,
    command: compileCommand(name),
  }));
  const rows = details.map(gateRow);
  const date = new Date().toISOString();
  publish({ version: resultVersion, date, command, machine, compilers, rows, details, sections }, options);
}

function publish(results: Results, { json, isForDocs }: Options): void {
  const text = `${JSON.stringify(results, null, 1)}\n`;
  console.log(consoleReport(results));
  if (json !== undefined) writeFileSync(json, text);
  if (!isForDocs) return;
  writeFileSync(join(documents, 'learn.json'), text);
  writeFileSync(join(documents, 'learn.md'), markdownReport(results));
  say(`wrote ${join(documents, 'learn.md')} and learn.json`);
}
