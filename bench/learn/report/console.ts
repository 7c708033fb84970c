// The report at a terminal.
import { type Table, textTable } from '../../common/table.ts';
import type { Results } from '../results.ts';
import { detailTable, documentTable, gateTable, sectionTable, summary } from './tables.ts';

/** All tables as text. */
export function consoleReport(results: Results): string {
  const titled = (title: string, table: Table, notes: readonly string[] = []): string =>
    table.rows.length === 0 && notes.length === 0 ? '' : [title, textTable(table), ...notes].join('\n\n');
  const sections = results.sections.map((section) => {
    const notes = section.findings.flatMap(({ name, note }) =>
      note === undefined ? [] : [`${name}: ${note}`],
    );
    return titled(section.title, sectionTable(section), [...notes, ...section.absent]);
  });
  const parts = [
    titled('Against native C, one process, interleaved', gateTable(results)),
    titled('More of the same rows', detailTable(results)),
    ...sections,
    titled('Against the source documents', documentTable(results)),
    summary(results).join('\n'),
  ];
  return parts.filter((text) => text !== '').join('\n\n');
}
