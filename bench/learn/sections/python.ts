// Runs the scripts of bench/learn/python under the interpreters of the oracles.
import { join } from 'node:path';
import { ensureOracle, type OracleName, runOracle } from '../../../test/full/oracles/environment.ts';

const folder = join(import.meta.dirname, '../python');

/** What a tool answered, or why it could not. */
export type Answer<T> =
  | { readonly value: T; readonly absent?: never }
  | { readonly value?: never; readonly absent: string };

/** What a script says of itself. */
export interface Versioned {
  readonly tool: string;
  readonly version: string;
}

/** "Beside torch 1.13."; nothing when it is absent. */
export const beside = ({ value }: Answer<Versioned>): string =>
  value === undefined ? '' : ` Beside ${value.tool} ${value.version}.`;

/** Hands `job` to a script as JSON. */
export function ask<T extends Versioned>(tool: OracleName, script: string, job: unknown): Answer<T> {
  const { python, absent } = ensureOracle(tool);
  if (python === undefined) return { absent };
  return { value: runOracle<T>(python, join(folder, script), { stdin: JSON.stringify(job) }) };
}
