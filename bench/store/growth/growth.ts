// npm run bench:store -- growth: what a block costs in small and in large repositories, as a table and a plot.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asUsage, UsageError } from '../../common/command-line.ts';
import { describeMachine } from '../../common/machine.ts';
import { textTable } from '../../common/table.ts';
import { runWell } from '../commands.ts';
import { defaultWorkplace, emptyFolder, makeFolders, remove } from '../folders.ts';
import { documents, say } from '../run.ts';
import type { Growth } from './measure.ts';
import { type GrowthResults, growthMarkdown, growthPlot, growthTable } from './page.ts';

/** The size that takes a quarter of an hour and several GB is measured only when asked for. */
const defaultBlocks = '1e5,1e6';
const mostBlocks = 1e8;

interface GrowthOptions {
  readonly blocks: readonly number[];
  readonly docs: boolean;
  readonly render: string | undefined;
  readonly workplace: string;
}

function readGrowthOptions(args: readonly string[]): GrowthOptions {
  const options = {
    blocks: { type: 'string' },
    docs: { type: 'boolean' },
    render: { type: 'string' },
    work: { type: 'string' },
  } as const;
  const { values } = asUsage(() => parseArgs({ args: [...args], options }));
  const blocks = (values.blocks ?? defaultBlocks).split(',').map(Number);
  const isStrange = (count: number): boolean =>
    !(Number.isInteger(count) && count >= 1000 && count <= mostBlocks);
  if (blocks.some(isStrange))
    throw new UsageError('--blocks: give numbers from 1e3 to 1e8, such as 1e5,1e6,1e7');
  return {
    blocks: blocks.sort((a, b) => a - b),
    docs: values.docs === true,
    render: values.render,
    workplace: values.work ?? defaultWorkplace,
  };
}

/** One size in a process of its own, so that none inherits the memory of another. */
function measureOne(blocks: number, folder: string): Growth {
  const program = join(import.meta.dirname, 'measure.ts');
  try {
    const args = ['--expose-gc', program, String(blocks), emptyFolder(folder)];
    return JSON.parse(runWell({ program: process.execPath, args, cwd: folder })) as Growth;
  } finally {
    remove(folder);
  }
}

const shortNumber = (value: number): string => value.toExponential().replace('+', '');

/** Measures size by size; what is there is written after each, so that a run that is stopped was not for nothing. */
function measureAll({ blocks, workplace }: GrowthOptions): GrowthResults {
  const { run, reports } = makeFolders(workplace);
  const machine = describeMachine(run);
  const command = `npm run bench:store -- growth --blocks ${blocks.map(shortNumber).join(',')}`;
  const sizes: Growth[] = [];
  const results = { version: 1 as const, date: new Date().toISOString(), command, machine, sizes };
  for (const count of blocks) {
    const size = measureOne(count, join(run, 'growth'));
    say(`growth: ${shortNumber(count)} blocks: ${JSON.stringify(size.micros)}`);
    sizes.push(size);
    write(results, reports);
  }
  return results;
}

function write(results: GrowthResults, folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'growth.json'), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(folder, 'growth.md'), growthMarkdown(results));
  writeFileSync(join(folder, 'growth.svg'), growthPlot(results));
}

/** Measures, prints, and writes JSON, page and plot; to docs/benchmarks with `--docs`. */
export function runGrowth(args: readonly string[]): void {
  const options = readGrowthOptions(args);
  const results =
    options.render === undefined
      ? measureAll(options)
      : (JSON.parse(readFileSync(options.render, 'utf8')) as GrowthResults);
  console.log(textTable(growthTable(results)));
  const folder = options.docs ? documents : makeFolders(options.workplace).reports;
  write(results, folder);
  say(`wrote growth.json, growth.md and growth.svg to ${folder}`);
}
