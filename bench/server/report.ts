// The report: tables for a terminal, and docs/benchmarks/server.md.
import { machineLine } from '../common/machine-line.ts';
import { median, range } from '../common/statistics.ts';
import { fixed, markdownTable, megabytes, nothing, type Table, textTable } from '../common/table.ts';
import type { Load } from './load.ts';
import { judge, type Results, type Row, timesMlflow } from './results.ts';
import { workloads } from './workloads.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const times = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
const digits = (ms: number | null): string => fixed(ms, ms !== null && ms < 0.1 ? 4 : 2);

/** Rate with its spread, latencies, errors: medians of the rounds. */
function loadCells(rounds: readonly Load[]): string[] {
  const rates = rounds.map(({ perSecond }) => perSecond);
  const [low, high] = range(rates) ?? [0, 0];
  return [
    rates.length === 0 ? nothing : whole(median(rates) ?? 0),
    rates.length === 0 ? nothing : `${whole(low)} to ${whole(high)}`,
    digits(median(rounds.map(({ p50Ms }) => p50Ms))),
    digits(median(rounds.map(({ p99Ms }) => p99Ms))),
    String(rounds.reduce((sum, { errors }) => sum + errors, 0)),
  ];
}

const goalTable = (results: Results): Table => ({
  head: ['what must hold', 'must', 'measured', 'verdict'],
  rows: judge(results).map(({ text, must, value, verdict, isClose }) => [
    ...[text, must, value === null ? nothing : times(value), isClose ? `${verdict} (?)` : verdict],
  ]),
});

function ratioText(results: Results, { workload, connections, contender }: Row): string {
  const ratio = contender === 'pilotfish' ? timesMlflow(results, workload, connections) : null;
  return ratio === null ? nothing : `${times(ratio.value)} (${times(ratio.low)} to ${times(ratio.high)})`;
}

function loadTable(results: Results): Table {
  const titles = new Map(workloads.map(({ id, title }) => [id, title]));
  const labels = new Map(results.contenders.map(({ id, label }) => [id, label]));
  const rows = results.rows.map((row) => [
    ...[titles.get(row.workload) ?? row.workload, String(row.connections), labels.get(row.contender) ?? ''],
    ...[...loadCells(row.rounds), ratioText(results, row)],
  ]);
  const alone = ['–', '–'];
  rows.push(['the model within one process, one row', ...alone, ...loadCells(results.inProcess), nothing]);
  rows.push(['the disk: 4 KiB more, fsync', ...alone, ...loadCells(results.disk), nothing]);
  return {
    head: ['', 'connections', 'server', '/ s', 'spread', 'p50 ms', 'p99 ms', 'errors', '/ MLflow'],
    rows,
  };
}

const memoryTable = ({ contenders }: Results): Table => ({
  head: [
    'memory, MB',
    'processes',
    'resident, idle',
    'its share, idle',
    'resident, after',
    'its share, after',
  ],
  rows: contenders.map(({ label, memory: { idle, after } }) => [
    ...[label, idle === null ? nothing : String(idle.processes)],
    ...[idle, after].flatMap((one) => [
      ...[megabytes(one?.residentBytes ?? null), megabytes(one?.shareBytes ?? null)],
    ]),
  ]),
});

/** Whether all that answered the same requests hold the same. */
const proofTable = ({ proofs, contenders }: Results): Table => {
  const labels = new Map<string, string>(contenders.map(({ id, label }) => [id, label]));
  return {
    head: ['read back after the same requests', 'holder', 'SHA-256'],
    rows: proofs.map(({ workload, holder, sha256 }) => [
      ...[workload, labels.get(holder) ?? holder, sha256.slice(0, 16)],
    ]),
  };
};

const METHOD = `## How it was measured

- Both servers run at the same time on loopback, each on a data directory of its own that was empty; MLflow with SQLite
  and the workers it starts by default. One load generator asks both: Node's http client, so many
  requests at once, the next when an answer is there. It runs on the same machine and takes its share of the cores.
- Pilotfish is asked over connections that stay open, MLflow over a new one for every request, which is faster for it
  when one is asked after another. On one that stays open MLflow's answers come in two packets, and the second waits some 40 ms for the
  first to be acknowledged (Nagle's algorithm); its Python client, which keeps connections, meets that too.
- Rounds take turns: in each, every row is measured on one server and at once on the other. Rates and latencies are
  medians of the rounds; the ratio is that of the medians, in brackets the worst round against the best and the other
  way round. (?): the limit lies within that spread.
- Only answers of status 200 count as operations; others are errors. Every load works on models and runs of its own.
- Durable: Pilotfish answers a write after SQLite's \`synchronous = FULL\` has synced the log it is in; writes that wait
  together share one sync. The rate of the disk stands beside it.
- *Resident* counts pages that workers share once for each of them, *share* divides them. Idle is one
  reading; from run to run it differs by some 5 MB.
- Before the rounds both are asked the same few things and asked what they now hold; the hashes must agree.`;

const bold = (table: Table): string => markdownTable(table).replaceAll(/\bmissed\b/g, '**missed**');

/** The whole page. */
export function markdownReport(results: Results): string {
  const { machine, date, command, contenders, absent } = results;
  const where = [
    `- ${date.slice(0, 10)}`,
    `- ${machineLine(machine)}`,
    ...contenders.map((one) => `- ${one.label}: \`${one.command}\``),
  ];
  const parts = [
    '# Server benchmark',
    `<!-- Generated by \`${command}\`: do not edit. -->`,
    ...absent.map((line) => `**${line}.**`),
    bold(goalTable(results)),
    '## Operations',
    markdownTable(loadTable(results)),
    '## Memory',
    markdownTable(memoryTable(results)),
    '## What they kept',
    markdownTable(proofTable(results)),
    METHOD,
    ['## Where and when', where.join('\n'), 'To repeat it:', `\`\`\`\n${command}\n\`\`\``].join('\n\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The same tables, for a terminal. */
export const consoleReport = (results: Results): string =>
  [
    ...results.absent,
    ...[goalTable, loadTable, memoryTable, proofTable].map((table) => textTable(table(results))),
  ].join('\n\n');
