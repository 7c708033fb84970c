import { dirname, resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Command } from 'commander';
import { makeDirectories, sha256Hex } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { countText, safeText } from '../text.ts';
import {
  benchOf,
  carryOut,
  DATA_HELP,
  type ModelOptions,
  roomCommand,
  type Target,
  targetOf,
  withModelExamples,
} from './work.ts';

interface MeasureOptions extends ModelOptions, Target {
  readonly all?: true;
}

/** Adds `measure`. */
export function registerMeasure(program: Command, context: Context): void {
  withModelExamples(roomCommand(program, 'measure'), [
    'pilotfish measure codec --data ./data --out costs.tsv.br',
    'pilotfish measure similar --data ./data --all --out bases.tsv.br   also sets without a MANIFEST.tsv',
  ])
    .description(
      'run the alternatives of a room on real data and write what they cost: what `train` learns from',
    )
    .requiredOption('--data <dir>', `${DATA_HELP}, and their MANIFEST.tsv`)
    .option('--out <file>', 'the table')
    .option('--install', 'in place of the table beside the shipped model')
    .option('--all', 'also sets that may not be shipped; what is trained on them stays at home')
    .action((room: string, options: MeasureOptions) => run(context, room, options));
}

async function run(context: Context, room: string, options: MeasureOptions): Promise<void> {
  const { replaceFile, workshopOf } = await import('../../decisions/index.ts');
  const workshop = workshopOf(room);
  const bench = benchOf(context);
  const shipped = `${context.world.settings.modelsDirectory}/${workshop.room}/costs.tsv.br`;
  const path = targetOf(options, shipped, { fs: bench.fs, kind: 'file' });
  const work = workshop.measure(bench, resolve(options.data), { shippable: options.all !== true });
  const { table, rows } = await carryOut(context, options, work);
  makeDirectories(bench.fs, dirname(path));
  replaceFile(bench.fs, path, brotliCompressSync(Buffer.from(table)));
  const json = { room: workshop.room, path, rows, sha256: sha256Hex(Buffer.from(table)) };
  await context.result(options, { json, text: `${countText(rows)} rows in ${safeText(path)}\n` });
}
