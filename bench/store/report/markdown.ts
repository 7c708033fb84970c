// docs/benchmarks/store.md, made from the results of one run.

import { machineLine } from '../../common/machine-line.ts';
import { fixed, markdownTable, megabytes } from '../../common/table.ts';
import { Figures, ratio } from '../figures.ts';
import { judge } from '../goals.ts';
import type { Results, SetNote } from '../results.ts';
import { codecTable, codecText } from './codecs.ts';
import { comparableTable } from './comparable.ts';
import {
  contentTable,
  createTable,
  goalTable,
  readTable,
  restoreTable,
  spreadTable,
  upkeepTable,
} from './tables.ts';

const count = (value: number): string => value.toLocaleString('en-US');

/** One sentence per set: what the repository takes, beside restic and tar | zstd --long. */
export function headlines(results: Results): string[] {
  const figures = new Figures(results);
  return results.sets.flatMap(({ name, title, fingerprint }) => {
    const ours = figures.stored(name, 'pilotfish');
    if (ours === null) return [];
    const against = (tool: string, label: string): string[] => {
      const share = ratio(ours, figures.stored(name, tool));
      return share === null ? [] : [`${(share * 100).toFixed(0)} % of what ${label} takes`];
    };
    const others = [
      ...against('restic-auto', 'restic'),
      ...against('borg-zstd-3', 'borg (zstd,3)'),
      ...against('tar-zstd-long', '`tar | zstd -3 --long=27`'),
    ];
    const what = `${megabytes(fingerprint.bytes)} MB of ${title} become ${megabytes(ours)} MB`;
    return [`${what}${others.length === 0 ? '' : `: ${others.join(', ')}`}`];
  });
}

const closeNote =
  '(?): the limit lies within the spread of the rounds, so that another run may come out on the other side.';

function summary(figures: Figures): string {
  const lines = figures.results.tools
    .filter(({ id }) => id.startsWith('pilotfish'))
    .map(({ id, label }) => {
      const all = judge(figures, id);
      const judged = all.filter(({ verdict }) => verdict !== 'not measured');
      const missed = judged.filter(({ verdict }) => verdict === 'missed');
      const which = missed.map(({ set, text, value, must }) => {
        const by = value === null ? 0 : (value / must - 1) * 100;
        return `${set}: ${text} (by ${by < 1 ? by.toFixed(1) : by.toFixed(0)} %)`;
      });
      const misses = which.length === 0 ? '' : `; missed: ${which.join('; ')}`;
      const open = all.length - judged.length;
      const unmeasured = open === 0 ? '' : `; ${open} not measured in this run`;
      return `- ${label}: ${judged.length - missed.length} of ${all.length} lines met${misses}${unmeasured}.`;
    });
  return lines.join('\n');
}

function setSection(figures: Figures, { name, title, fingerprint, strange }: SetNote): string {
  const { files, bytes } = fingerprint;
  const parts = [
    `## Set ${name}: ${title}`,
    `${count(files)} files, ${megabytes(bytes)} MB.${strange === undefined ? '' : ` **Not comparable: ${strange}.**`}`,
    ...[createTable, restoreTable, upkeepTable]
      .map((make) => make(figures, name))
      .filter(({ rows }) => rows.length > 0)
      .map(markdownTable),
  ];
  if (figures.results.rounds > 1)
    parts.push('The spread of the rounds:', markdownTable(spreadTable(figures, name)));
  return parts.join('\n\n');
}

function insideSection(figures: Figures): string {
  const read = readTable(figures);
  const content = contentTable(figures);
  const codecs = codecTable(figures);
  const parts = ['## Inside Pilotfish'];
  if (read.rows.length > 0) {
    parts.push(
      'Reading one random block of 32 to 128 KiB, 2000 times, decoded bytes forgotten in between; each is checked against its SHA-256.',
      markdownTable(read),
    );
  }
  if (content.rows.length > 0) {
    parts.push(
      'What the distinct blocks of the files take: as they are, each by itself with zstd -3 (raw where that is smaller), and in the repository (records with their frames; a group shared out among its members).',
      markdownTable(content),
    );
  }
  if (codecs.rows.length > 0) parts.push(codecText(figures), markdownTable(codecs));
  for (const { form, seconds } of figures.results.startup)
    parts.push(`Starting and stopping, \`pilotfish --version\`, ${form}: ${fixed(seconds, 2)} s.`);
  return parts.length === 1 ? '' : parts.join('\n\n');
}

function comparableSection(figures: Figures): string {
  const table = comparableTable(figures);
  if (table.rows.length === 0) return '';
  const text =
    'Figures by which a set of another day or machine can be told to be of the same kind as the one the goals were made for:';
  return ['## Are the sets comparable?', text, markdownTable(table)].join('\n\n');
}

const method = `## How it was measured

- Every tool stores the same directory into a new repository, in the same run. In each round every tool has one turn,
  and each round begins with another tool. Figures are medians of the rounds.
- Before each \`create\` the set is read once, so that it comes from the page cache; before each command \`sync\` runs,
  so that nobody pays for what the one before left to be written. Pilotfish, restic and borg sync what they write, tar
  does not.
- *stored*: apparent bytes of all files of the repository, metadata and index included, after \`create\`. *re-run*:
  the same directory again, unchanged, without forcing a re-read; *grown* is what that added. *verify*: everything
  stored is read and checked (\`verify --data\`, \`restic check --read-data\`, \`borg check --verify-data\`,
  \`zstd -t\`). Making an empty repository is not timed, except that \`pilotfish pack\` does it itself.
- *wall*: monotonic clock around the command. *CPU*: user and system seconds of the command and all it started.
  *peak*: memory of its largest single process (GNU time).
- After each \`restore\` every file is compared with the original by SHA-256; a difference ends the run.
- restic always encrypts (repository version 2), borg runs with \`-e none\`, zstd with one thread (\`-T1\`), tar sorts by
  name. Caches and temporary files of all tools lie on the disk the repositories lie on.`;

function machineSection({ machine, date, tools, absent, sets, command, rounds }: Results): string {
  const versions = tools.map(({ label, version }) => `${label} ${version}`);
  const lines = [
    `- ${date.slice(0, 10)}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    `- ${machineLine(machine)}`,
    `- ${versions.join('; ')}`,
    ...absent.map(({ id, reason }) => `- not measured: ${id}: ${reason}`),
    ...sets.map(
      ({ name, fingerprint }) => `- set ${name}: SHA-256 of its list \`${fingerprint.listSha256}\``,
    ),
  ];
  return ['## Where and when', lines.join('\n'), 'To repeat it:', `\`\`\`\n${command}\n\`\`\``].join('\n\n');
}

/** The whole page. */
export function markdownReport(results: Results): string {
  const figures = new Figures(results);
  const parts = [
    '# Store benchmark',
    `<!-- Generated by \`${results.command}\`: do not edit. -->`,
    headlines(results)
      .map((line) => `- ${line}`)
      .join('\n'),
    '## What must hold',
    summary(figures),
    markdownTable(goalTable(figures)).replaceAll(/([\d.]+(?: \w+)? missed)/g, '**$1**'),
    ...(results.rounds > 1 ? [closeNote] : []),
    ...results.sets.map((set) => setSection(figures, set)),
    insideSection(figures),
    comparableSection(figures),
    method,
    machineSection(results),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
