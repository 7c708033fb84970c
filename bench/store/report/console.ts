// The report at a terminal.

import { type Table, textTable } from '../../common/table.ts';
import { Figures } from '../figures.ts';
import type { Results } from '../results.ts';
import { codecTable } from './codecs.ts';
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

const section = (title: string, tables: readonly Table[]): string => {
  const filled = tables.filter(({ rows }) => rows.length > 0);
  return filled.length === 0 ? '' : [title, ...filled.map(textTable)].join('\n\n');
};

/** All tables as text. */
export function consoleReport(results: Results): string {
  const figures = new Figures(results);
  const sets = results.sets.map(({ name, title }) =>
    section(`Set ${name}: ${title}`, [
      createTable(figures, name),
      restoreTable(figures, name),
      upkeepTable(figures, name),
      ...(results.rounds > 1 ? [spreadTable(figures, name)] : []),
    ]),
  );
  const rest = section('Inside Pilotfish', [readTable(figures), contentTable(figures), codecTable(figures)]);
  const comparable = section('Are the sets comparable?', [comparableTable(figures)]);
  const goals = section('What must hold', [goalTable(figures)]);
  return [...sets, rest, comparable, goals].filter((text) => text !== '').join('\n\n');
}
