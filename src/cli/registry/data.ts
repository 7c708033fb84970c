import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { hasCode, PilotfishError } from '../../base/index.ts';
import type { ModelVersion, RegistryDirectory } from '../../lifecycle/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { localTime, safeText } from '../text.ts';

/** Options of the commands that work on a registry. */
export interface DataOptions extends CommonOptions {
  readonly data: string;
}

/** Options of those that change something. */
export interface ChangeOptions extends DataOptions {
  readonly reason?: string;
}

/** Adds what every command on a registry has. */
export function withData(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((line) => `  ${line}\n`).join('');
  return command
    .requiredOption('--data <dir>', 'the data directory of the registry')
    .option('--json', 'print the result as one JSON object')
    .helpOption('--help', 'show help')
    .addHelpText('after', `\nExamples:\n${lines}`);
}

/** A command that has commands of its own. */
export function group(program: Command, name: string, examples: readonly string[]): Command {
  const lines = examples.map((line) => `  ${line}\n`).join('');
  return program
    .command(name)
    .helpOption('--help', 'show help')
    .helpCommand(false)
    .addHelpText('after', `\nExamples:\n${lines}`);
}

/** `--reason`, for what ends in the audit log. */
export function withReason(command: Command): Command {
  return command.option('--reason <text>', 'why; kept in the audit log');
}

/** Who and why, for the audit log. */
export function changeOf({ reason }: ChangeOptions): { actor: string; reason?: string } {
  return { actor: userName(), ...(reason === undefined ? {} : { reason }) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // An account without a name, as in containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Opens the registry, runs `work` on it, and closes it whatever happens. One that is not there is made only when asked for. */
export async function withRegistry<T>(
  context: Context,
  { data }: DataOptions,
  work: (directory: RegistryDirectory) => Promise<T>,
  { create = false }: { readonly create?: boolean } = {},
): Promise<T> {
  // Loaded when asked for: the commands of the store start without it.
  const { isRegistry, openRegistry } = await import('../../lifecycle/index.ts');
  const { fs, clock, random } = context.ports();
  const path = resolve(data);
  if (!create && !isRegistry(path, fs)) {
    throw new PilotfishError(
      'NO_REPOSITORY',
      `there is no registry in ${safeText(path)}: name another with --data; \`models register\` and what creates make one`,
    );
  }
  const { modelStorage: storageDir, artefactKey } = context.world.settings;
  const directory = openRegistry(path, { fs, clock, random, storageDir, encryptionKey: artefactKey?.() });
  try {
    return await work(directory);
  } catch (error) {
    throw advised(error);
  } finally {
    await directory.close();
  }
}

/** The registry says in MLflow's words what it does not find, for MLflow's clients: without what to do next. */
function advised(error: unknown): unknown {
  if (!hasCode(error, 'MISSING', 'USAGE') || !/ not found\.?$/.test(error.message)) return error;
  return new PilotfishError(
    error.code,
    `${error.message.replace(/\.$/, '')}: see \`pilotfish models list\``,
    { cause: error },
  );
}

/** A version as it was named: by number, text or `@alias`; the one in production when it was not. */
export function refOf(name: string, version: string | undefined) {
  if (version === undefined) return { name };
  return version.startsWith('@') ? { name, alias: version.slice(1) } : { name, version };
}

/** A version in one line. */
export function versionLine({
  name,
  number,
  version,
  status,
  health,
  fileSize,
  createdMs,
}: ModelVersion): string {
  const text = version === undefined ? '' : ` ${version}`;
  const note = health === 'verified' ? '' : `  ${health}`;
  return `${localTime(createdMs)}  ${status.padEnd(10)}  ${safeText(name)} ${number}${safeText(text)}  ${fileSize} bytes${note}\n`;
}
