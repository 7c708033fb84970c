// Tables, for people at a terminal and for Markdown.

/** The first column is text, the others are numbers. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Stands where there is no figure. */
export const nothing = '–';

/** A number with so many digits after the point; a dash where there is none. */
export const fixed = (value: number | null, digits: number): string =>
  value === null || Number.isNaN(value) ? nothing : value.toFixed(digits);

export const megabytes = (bytes: number | null): string => fixed(bytes === null ? null : bytes / 1e6, 1);
export const mebibytes = (bytes: number | null): string =>
  fixed(bytes === null ? null : bytes / (1024 * 1024), 0);
/** Fewer digits for long times: nobody repeats them more exactly. */
export const seconds = (value: number | null): string => fixed(value, value !== null && value >= 10 ? 1 : 2);
export const ratioText = (value: number | null): string => fixed(value, 2);

const escapeCell = (text: string): string => text.replaceAll('|', '\\|');

export function markdownTable({ head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i === 0 ? '---|' : '--:|')).join('')}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

export function textTable({ head, rows }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((cells) => (cells[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
