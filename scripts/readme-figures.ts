// node scripts/readme-figures.ts [--check]: the figures of README.md, made from docs/benchmarks/store.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { megabytes } from '../bench/common/table.ts';
import { Figures, ratio } from '../bench/store/figures.ts';
import type { Results, SetNote } from '../bench/store/results.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const BEGIN = '<!-- figures:begin -->';
const END = '<!-- figures:end -->';
const OTHERS = ['restic-auto', 'borg-zstd-3', 'tar-zstd-long'];

/** One table for both sets: what each tool stores, and our time beside it. */
export function readmeFigures(results: Results): string {
  const figures = new Figures(results);
  const tools = ['pilotfish', ...OTHERS].flatMap((id) => results.tools.find((tool) => tool.id === id) ?? []);
  const lines = [
    `| MB stored (ratio to restic) | ${results.sets.map((set) => describe(set)).join(' | ')} |`,
    `|---|${results.sets.map(() => '---:|').join('')}`,
  ];
  for (const { id, label } of tools) {
    const cells = results.sets.map(({ name }) => {
      const stored = figures.stored(name, id);
      const share = ratio(stored, figures.stored(name, 'restic-auto'));
      if (stored === null) return '–';
      return share === null ? megabytes(stored) : `${megabytes(stored)} (${share.toFixed(2)})`;
    });
    lines.push(
      `| ${id === 'pilotfish' ? `**${label}**` : label.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`,
    );
  }
  const { date, machine, rounds } = results;
  lines.push(
    '',
    `Median of ${rounds} interleaved rounds, ${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores. Times, memory,`,
    'restore, verify, spread, what falls short: [docs/benchmarks/store.md](docs/benchmarks/store.md); again with',
    '`npm run bench:store`.',
  );
  return lines.join('\n');
}

function describe({ title, fingerprint }: SetNote): string {
  return `${title}, ${megabytes(fingerprint.bytes)} MB`;
}

/** README with its figures replaced. */
export function withFigures(readme: string, figures: string): string {
  const start = readme.indexOf(BEGIN) + BEGIN.length;
  const end = readme.indexOf(END);
  return `${readme.slice(0, start)}\n${figures}\n${readme.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = JSON.parse(readFileSync(at('docs/benchmarks/store.json'), 'utf8')) as Results;
  const before = readFileSync(at('README.md'), 'utf8');
  const after = withFigures(before, readmeFigures(results));
  if (process.argv.includes('--check')) process.exitCode = before === after ? 0 : 1;
  else writeFileSync(at('README.md'), after);
}
