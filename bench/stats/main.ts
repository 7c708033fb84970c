// npm run bench:stats: the error rates the lifecycle promises, by simulation and on real streams. See --help.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../scripts/process.ts';
import { asUsage, chosen, UsageError } from '../common/command-line.ts';
import { describeMachine } from '../common/machine.ts';
import { broken, consoleReport, markdownReport } from './report.ts';
import { type Measured, type Results, type SectionName, sectionNames, sections } from './results.ts';
import type { SectionOptions } from './section.ts';

const usage = `npm run bench:stats -- [OPTIONS]

  --only LIST    sections to run (default: all): ${sectionNames.join(', ')}
  --data DIR     folder of the real streams; without it rows that need them are left out
  --docs         write docs/benchmarks/lifecycle.md and lifecycle.json; sections not run keep their figures

Exit code 1 when a promise is broken.`;

const resultsPath = join(root, 'docs/benchmarks/lifecycle.json');
const pagePath = join(root, 'docs/benchmarks/lifecycle.md');
const say = (line: string): void => console.error(line);

async function measure(name: SectionName, options: SectionOptions): Promise<Measured> {
  say(`${name}: …`);
  const start = performance.now();
  const section = await sections[name]('full', options);
  const seconds = Math.round((performance.now() - start) / 1000);
  say(`${name}: ${seconds} s`);
  return { ...section, date: new Date().toISOString().slice(0, 10), seconds };
}

const earlier = (): Results['sections'] =>
  existsSync(resultsPath) ? (JSON.parse(readFileSync(resultsPath, 'utf8')) as Results).sections : {};

async function run(): Promise<void> {
  const { values } = asUsage(() =>
    parseArgs({
      options: {
        only: { type: 'string' },
        data: { type: 'string' },
        docs: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }),
  );
  if (values.help === true) return console.log(usage);
  const machine = describeMachine(root);
  const options = values.data === undefined ? {} : { dataDirectory: resolve(values.data) };
  const found: Partial<Record<SectionName, Measured>> = {};
  for (const name of chosen('only', values.only, sectionNames) ?? sectionNames)
    found[name] = await measure(name, options);
  const results = { machine, sections: found };
  console.log(consoleReport(results));
  if (values.docs === true) {
    const all = { machine, sections: { ...earlier(), ...found } };
    writeFileSync(resultsPath, `${JSON.stringify(all, undefined, 1)}\n`);
    writeFileSync(pagePath, markdownReport(all));
    say(`wrote ${pagePath} and lifecycle.json`);
  }
  for (const { measure, measured, bound } of broken(results))
    say(`BROKEN: ${measure}: ${measured}, not ${bound}`);
  if (broken(results).length > 0) process.exitCode = 1;
}

try {
  await run();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench:stats: ${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
