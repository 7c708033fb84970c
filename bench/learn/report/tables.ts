// The tables of the report.
import { fixed, nothing, type Table } from '../../common/table.ts';
import type { Finding, Goal, Results, RowDetail, Section, SideName } from '../results.ts';
import { verdictOf } from '../results.ts';
import { gates, type RowName } from '../rows/task.ts';

/** Three significant digits, as far as there are any. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return nothing;
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 10));
}

const speed = ({ flop, timings }: RowDetail, side: SideName): string => {
  const us = timings[side]?.p50Us;
  return flop === null || us === undefined ? nothing : fixed(flop / us / 1000, 1);
};

function ratioTo({ timings }: RowDetail, side: SideName): number | null {
  const [ours, theirs] = [timings.product?.p50Us, timings[side]?.p50Us];
  return ours === undefined || theirs === undefined ? null : ours / theirs;
}

/** Every row against clang and its gate; gcc beside it. */
export function gateTable({ rows, details }: Results): Table {
  const cells = rows.map(({ name, gate, ratio }) => {
    const detail = details.find((one) => one.name === name) as RowDetail;
    const { product, clang, gcc } = detail.timings;
    return [
      name,
      figure(product?.p50Us),
      figure(product?.p99Us),
      figure(clang?.p50Us),
      figure(clang?.p99Us),
      figure(gcc?.p50Us),
      fixed(ratioTo(detail, 'gcc'), 2),
      fixed(ratio, 2),
      fixed(gate, 1),
      verdictOf({ value: ratio, limit: gate, must: 'at most' }),
    ];
  });
  const head = [
    'row, µs',
    'p50',
    'p99',
    'clang p50',
    'p99',
    'gcc p50',
    '/ gcc',
    '/ clang',
    'gate',
    'verdict',
  ];
  return { head, rows: cells };
}

/** What else is known of the rows. */
export function detailTable({ details }: Results): Table {
  const cells = details.map((detail) => {
    const worst = Object.values(detail.differences);
    return [
      detail.name,
      figure(detail.timings.product?.minUs),
      figure(detail.timings.clang?.minUs),
      speed(detail, 'product'),
      speed(detail, 'clang'),
      speed(detail, 'gcc'),
      fixed(detail.heapBytes, 2),
      worst.length === 0 ? nothing : Math.max(...worst).toExponential(1),
      detail.sha256.slice(0, 12),
    ];
  });
  const head = [
    'row',
    'min µs',
    'clang min µs',
    'GFLOP/s',
    'clang',
    'gcc',
    'heap B a run',
    'difference',
    'SHA-256',
  ];
  return { head, rows: cells };
}

const goalText = ({ text, value, limit, must }: Goal): string => {
  const sign = must === 'at most' ? '<=' : '>=';
  return `${text} ${figure(value)} (${sign} ${figure(limit)}): ${verdictOf({ value, limit, must })}`;
};

function findingRow({ name, unit, product, others, goals }: Finding, names: readonly string[]): string[] {
  const values = names.map((other) => figure(others.find((one) => one.name === other)?.value));
  return [`${name}, ${unit}`, figure(product), ...values, goals.map(goalText).join('; ') || nothing];
}

/** The findings of a section, one a line. */
export function sectionTable({ findings }: Section): Table {
  const names = [...new Set(findings.flatMap(({ others }) => others.map(({ name }) => name)))];
  return { head: ['', 'Pilotfish', ...names, 'goal'], rows: findings.map((one) => findingRow(one, names)) };
}

/** What the source documents say, and what we aim for: absolute times of this machine. */
const documentAims: readonly { text: string; row: RowName; documentUs: number; aimUs: number }[] = [
  { text: 'LSTM, one more step', row: 'lstm64-step', documentUs: 50, aimUs: 2.5 },
  { text: 'LSTM, 20 steps from the beginning', row: 'lstm64-x20', documentUs: 50, aimUs: 48 },
  { text: 'DQN 8-128-128-6', row: 'mlp-8-128-128-6', documentUs: 30, aimUs: 2.2 },
];

/** The time of choosing a path comes from the section of choices. */
const choiceAim = { name: 'UCB1, 4 arms', documentUs: 1, aimUs: 0.2 };

export function documentTable({ details, sections }: Results): Table {
  const line = (text: string, us: number | undefined, documentUs: number, aimUs: number): string[][] =>
    us === undefined
      ? []
      : [
          [
            text,
            figure(documentUs),
            figure(us),
            figure(aimUs),
            verdictOf({ value: us, limit: aimUs, must: 'at most' }),
          ],
        ];
  const timed = documentAims.flatMap(({ text, row, documentUs, aimUs }) => {
    const us = details.find(({ name }) => name === row)?.timings.product?.p50Us;
    return line(text, us, documentUs, aimUs);
  });
  const findings = sections.flatMap((section) => section.findings);
  const choice = findings.find(({ name }) => name === choiceAim.name);
  const us = choice === undefined ? undefined : choice.product / 1000;
  const rows = [...timed, ...line('choice among 4 paths', us, choiceAim.documentUs, choiceAim.aimUs)];
  return { head: ['µs', 'document', 'here', 'aim', 'verdict'], rows };
}

/** How many gates and goals there are, and which were not reached. */
export function summary({ rows, sections }: Results): string[] {
  const judged = rows.map(({ name, ratio, gate }) => ({
    name: `${name} (${fixed(ratio, 2)} of ${gates[name]})`,
    verdict: verdictOf({ value: ratio, limit: gate, must: 'at most' }),
  }));
  const goals = sections.flatMap(({ findings }) =>
    findings.flatMap((finding) =>
      finding.goals.map((goal) => ({
        name: `${finding.name}: ${goal.text} ${figure(goal.value)} of ${figure(goal.limit)}`,
        verdict: verdictOf(goal),
      })),
    ),
  );
  return [told('gates', judged), aimLine(rows), told('other goals', goals)];
}

/** The limit of vectors half as wide: nothing slower than twice the reference. */
const aim = 2;

function aimLine(rows: Results['rows']): string {
  const reached = rows.filter(({ ratio }) => ratio !== null && ratio <= aim);
  return `aim, ratio ${fixed(aim, 1)} everywhere: ${reached.length} of ${rows.length} reached`;
}

function told(what: string, judged: readonly { name: string; verdict: string }[]): string {
  const of = (verdict: string): string[] =>
    judged.filter((one) => one.verdict === verdict).map(({ name }) => name);
  const missed = of('missed');
  const open = of('not evaluated');
  const parts = [`${what}: ${of('met').length} of ${judged.length} met`];
  if (missed.length > 0) parts.push(`missed: ${missed.join(', ')}`);
  if (open.length > 0) parts.push(`not evaluated: ${open.length}`);
  return parts.join('; ');
}
