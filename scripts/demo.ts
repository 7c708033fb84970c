// npm start without arguments: packs this project's node_modules into .pilotfish/repo, says how small it became,
// restores it, compares every byte, and ends. Run it twice: the second time nothing has to be read.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type Baseline, measureBaseline } from './baseline.ts';
import { compareTrees } from './compare.ts';
import {
  type Advised,
  adviceLine,
  basesLine,
  type ReadAhead,
  readAheadLine,
  savingLine,
} from './demo-advice.ts';
import { root } from './process.ts';

const source = 'node_modules';
const workplace = '.pilotfish';
const repository = `${workplace}/repo`;
const target = `${workplace}/restore`;
/** A second repository, for comparison, that does not stay. */
const unhinted = `${workplace}/unhinted`;
const mostDifferences = 20;

interface PackReport extends Advised {
  snapshot: string;
  files: number;
  unchangedFiles: number;
  bytes: number;
  bytesRead: number;
  bytesStored: number;
  newBlocks: number;
  seconds: number;
  peakRssBytes: number;
}

/** A command of ours that did not end well; its own words are on stderr. */
class CommandFailed extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`the command ended with exit code ${code}`);
    this.code = code;
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1).padStart(8)} MiB`;
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1).padStart(6)} %`;

/** Runs the command line as a user would, with its progress on our stderr; its one JSON object is the result. */
function pilotfish<Report>(...args: string[]): Promise<Report> {
  console.log(`\n$ pilotfish ${args.join(' ')}`);
  const launcher = join(root, 'bin/pilotfish.js');
  const child = spawn(process.execPath, [launcher, ...args, '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Ctrl-C reaches both; a signal sent to this process alone is passed on, and the child cleans up.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, forward);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, forward);
      if (code === 0) resolve(JSON.parse(output) as Report);
      else reject(new CommandFailed(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
    });
  });
}

/** Measuring takes longer than packing, so the figures are kept as long as the directory stays as it is. */
async function baseline(): Promise<Baseline> {
  const listing = readdirSync(join(root, source), { recursive: true, encoding: 'utf8' }).sort();
  const hash = createHash('sha256');
  for (const name of listing) {
    const { size, mtimeMs } = lstatSync(join(root, source, name));
    hash.update(`${name}\0${size}\0${mtimeMs}\0`);
  }
  const path = join(root, workplace, `baseline-${hash.digest('hex').slice(0, 16)}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Baseline;
  console.log('\nmeasuring the same directory with tar, gzip and zstd (once) …');
  const measured = await measureBaseline(join(root, source));
  writeFileSync(path, JSON.stringify(measured));
  return measured;
}

function reportPack(report: PackReport): void {
  const { files, unchangedFiles, bytes, bytesRead, bytesStored, seconds } = report;
  console.log(`  ${files} files, ${unchangedFiles} of them unchanged since the last run and not read again`);
  console.log(
    `  read ${mebibytes(bytesRead).trim()}, repository grew by ${mebibytes(bytesStored).trim()}, ${report.newBlocks} new blocks`,
  );
  console.log(
    `  ${seconds.toFixed(1)} s (${(bytes / 1024 / 1024 / seconds).toFixed(0)} MiB/s), CPU ${report.cpuSeconds.toFixed(1)} s, peak memory ${mebibytes(report.peakRssBytes).trim()}`,
  );
}

/**
 * What the rooms chose; in the first run, when all blocks are new, also beside a pack that asks none. That is packed in
 * earnest: a dry run finds fewer similar blocks, since it cannot read back what it did not write.
 */
async function reportCodecs(packed: PackReport, isFirst: boolean): Promise<void> {
  console.log(`  ${adviceLine(packed)}`);
  console.log(`  ${basesLine(packed)}`);
  if (!isFirst) return;
  try {
    const plain = await pilotfish<PackReport>('pack', source, '--repo', unhinted, '--no-hints');
    console.log(`  ${savingLine(packed, plain)}`);
  } finally {
    rmSync(join(root, unhinted), { recursive: true, force: true });
  }
}

function reportSizes(bytes: number, stored: number, other: Baseline): void {
  const rows: [string, number][] = [
    ['files', bytes],
    ['tar', other.tarBytes],
    ['tar | gzip', other.gzipBytes],
    ['tar | zstd --long', other.zstdBytes],
    ['Pilotfish repository', stored],
  ];
  console.log('');
  for (const [name, size] of rows)
    console.log(`  ${name.padEnd(22)}${mebibytes(size)}${percent(size, bytes)}`);
}

function compare(): boolean {
  console.log(`\ncomparing ${source} with ${target} …`);
  const { files, directories, links, bytes, differences } = compareTrees(
    join(root, source),
    join(root, target),
  );
  for (const line of differences.slice(0, mostDifferences)) console.log(`  DIFFERS ${line}`);
  if (differences.length > mostDifferences)
    console.log(`  … and ${differences.length - mostDifferences} more`);
  const what = `${files} files (${mebibytes(bytes).trim()}), ${directories} folders, ${links} links`;
  console.log(
    `  ${what}: bytes, modes, times, links: ${differences.length === 0 ? 'identical' : 'NOT identical'}`,
  );
  return differences.length === 0;
}

async function demonstrate(): Promise<boolean> {
  mkdirSync(join(root, workplace), { recursive: true });
  // A run that was stopped may have left copies.
  for (const path of [target, unhinted]) rmSync(join(root, path), { recursive: true, force: true });
  console.log(`Pilotfish on ${join(root, source)}`);
  const isFirst = !existsSync(join(root, repository));
  const packed = await pilotfish<PackReport>('pack', source, '--repo', repository);
  reportPack(packed);
  await reportCodecs(packed, isFirst);
  const other = await baseline();
  const { storedBytes } = await pilotfish<{ storedBytes: number }>('stats', '--repo', repository);
  reportSizes(packed.bytes, storedBytes, other);
  const restored = await pilotfish<ReadAhead & { files: number; seconds: number }>(
    'restore',
    packed.snapshot,
    '--repo',
    repository,
    '--to',
    target,
  );
  console.log(`  ${restored.files} files and links in ${restored.seconds.toFixed(1)} s`);
  console.log(`  ${readAheadLine(restored)}`);
  try {
    return compare();
  } finally {
    rmSync(join(root, target), { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await demonstrate()) ? 0 : 1;
} catch (error) {
  rmSync(join(root, target), { recursive: true, force: true });
  if (!(error instanceof CommandFailed)) throw error;
  process.exitCode = error.code;
}
