import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommonOptions, Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { safeText } from '../text.ts';
import { examine, type Finding } from './examine.ts';

export { CAUSES, type Cause } from './causes.ts';

interface DoctorOptions extends CommonOptions {
  readonly data: string;
}

/** Adds `doctor`. */
export function registerDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('check rights, space, database, clock and models of a registry, and say what helps')
    .requiredOption('--data <dir>', 'the data directory of the registry')
    .option('--json', 'print the result as one JSON object')
    .helpOption('--help', 'show help')
    .addHelpText('after', '\nExamples:\n  pilotfish doctor --data DIR\n')
    .action((options: DoctorOptions) => run(context, options));
}

async function run(context: Context, options: DoctorOptions): Promise<void> {
  // Loaded when asked for: the commands of the store start without it.
  const { isRegistry, openRegistry } = await import('../../lifecycle/index.ts');
  const { fs, clock, random } = context.ports();
  const { modelStorage, artefactKey } = context.world.settings;
  const data = resolve(options.data);
  const storageDir = resolve(modelStorage ?? `${data}/models`);
  const findings = await examine({
    ...{ data, storageDir, fs, clock, random, nodeVersion: process.versions.node },
    bytesLeft: context.world.bytesLeft,
    isRegistry: (path) => isRegistry(path, fs),
    open: () => openRegistry(data, { fs, clock, random, storageDir, encryptionKey: artefactKey?.() }),
  });
  const isWell = findings.every(({ state }) => state === 'well');
  if (!isWell) context.exitCode = EXIT.failed;
  await context.result(options, { json: { isWell, findings }, text: findings.map(lineOf).join('') });
}

const WIDTH = 10;

function lineOf({ check, state, what, code, remedy }: Finding): string {
  const said = code === undefined ? what : `${code}: ${what}`;
  const line = `${state.padEnd(WIDTH)}${check.padEnd(WIDTH)}${safeText(said)}\n`;
  return remedy === undefined ? line : `${line}${' '.repeat(2 * WIDTH)}${safeText(remedy)}\n`;
}
