import { resolve } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { Command } from 'commander';
import { hasCode, isoTime, PilotfishError, readSmallFile } from '../../base/index.ts';
import type { Bench, ModelArtefact, ModelDraft, Workshop } from '../../decisions/index.ts';
import type { CommonOptions, Context } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { safeText } from '../text.ts';
import { benchOf, carryOut, roomCommand, type Target, targetOf, withModelExamples } from './work.ts';

interface TrainCommandOptions extends CommonOptions, Target {
  readonly table?: string;
  readonly seed: number;
  readonly as: string;
}

const MAX_TABLE_BYTES = 256 * 1024 * 1024;
const DATE_DIGITS = 10;

/** Adds `train`. */
export function registerTrain(program: Command, context: Context): void {
  withModelExamples(roomCommand(program, 'train'), [
    'pilotfish train codec --install                      the shipped table, again',
    'pilotfish train codec --table costs.tsv.br --out my  from a table of your own',
    'pilotfish train similar --out my                     from the shipped table, into a place of your own',
  ])
    .description('train the model of a room from a measured table; same table and seed, same bytes')
    .option('--table <file>', 'what `measure` wrote (default: the one beside the shipped model)')
    .option('--out <dir>', 'where the model goes')
    .option('--install', 'in place of the shipped one, if it regrets no more on the validation part')
    .option('--seed <number>', 'start of all chance', wholeNumber('--seed', { min: 0, max: 999_999_999 }), 1)
    .option('--as <version>', 'version of the new model', '1')
    .action((room: string, options: TrainCommandOptions) => run(context, room, options));
}

async function run(context: Context, room: string, options: TrainCommandOptions): Promise<void> {
  const { saveArtefact, workshopOf } = await import('../../decisions/index.ts');
  const workshop = workshopOf(room);
  const bench = benchOf(context);
  const home = `${context.world.settings.modelsDirectory}/${workshop.room}`;
  const out = targetOf(options, home, { fs: bench.fs, kind: 'directory' });
  const table = readTable(context, resolve(options.table ?? `${home}/costs.tsv.br`));
  const { seed, as: version } = options;
  const date = isoTime(bench.clock.nowMs()).slice(0, DATE_DIGITS);
  const command = `pilotfish train ${workshop.room} --seed ${seed} --as ${version}${options.install ? ' --install' : ''}`;
  const draft = await carryOut(
    context,
    options,
    workshop.train(bench, { table, seed, version, date, command }),
  );
  if (options.install) await refuseWorse(bench, { workshop, table, draft, directory: out });
  const { manifest } = saveArtefact(bench.fs, out, draft);
  const { family, metrics } = manifest;
  const lines = Object.entries(metrics).map(([name, value]) => `  ${name} ${value.toFixed(5)}`);
  const { adviceOnRoom } = await import('../../lifecycle/index.ts');
  const advice = adviceOnRoom(metrics, { canTune: workshop.tune !== undefined });
  const last = advice.map(({ message }) => `advice: ${message}\n`).join('');
  await context.result(options, {
    json: { out, ...manifest, advice },
    text: `${family} in ${safeText(out)}\n${lines.join('\n')}\n${last}`,
  });
}

interface Candidate {
  readonly workshop: Workshop;
  readonly table: string;
  readonly draft: ModelDraft;
  readonly directory: string;
}

/** The model that lies there, if it can serve: one that is damaged or sees other features only stands in the way. */
async function serving(bench: Bench, directory: string, schema: string): Promise<ModelArtefact | undefined> {
  const { loadArtefact } = await import('../../decisions/index.ts');
  try {
    return loadArtefact(bench.fs, directory, schema);
  } catch (error) {
    if (!hasCode(error, 'MISSING', 'DAMAGED', 'SHAPE')) throw error;
    bench.warn(`nothing to compare the new model with: ${error.message}`);
    return undefined;
  }
}

/** Keeps a model in its place unless the new one is as good. @throws PilotfishError `REFUSED`. */
async function refuseWorse(bench: Bench, { workshop, table, draft, directory }: Candidate): Promise<void> {
  const incumbent = await serving(bench, directory, draft.manifest.featureSchema);
  if (incumbent === undefined) return;
  const { metrics, lineage } = incumbent.manifest;
  const isSameTable = lineage.tableSha256 === draft.manifest.lineage.tableSha256;
  const before = (isSameTable ? metrics['valRegret'] : undefined) ?? workshop.valRegret(table, incumbent);
  const after = draft.manifest.metrics['valRegret'] ?? Number.NaN;
  if (after <= before) return;
  const percent = (share: number): string => `${(100 * share).toFixed(3)} %`;
  throw new PilotfishError(
    'REFUSED',
    `the new model regrets ${percent(after)} on the validation part, the installed one ${percent(before)}: it stays; ` +
      'write the new one elsewhere with --out',
  );
}

/** The table of a room as text. @throws PilotfishError `UNREADABLE`. */
export function readTable(context: Context, path: string): string {
  try {
    const bytes = readSmallFile(context.ports().fs, path, MAX_TABLE_BYTES);
    return (
      path.endsWith('.br') ? brotliDecompressSync(bytes, { maxOutputLength: MAX_TABLE_BYTES }) : bytes
    ).toString();
  } catch (error) {
    throw new PilotfishError(
      'UNREADABLE',
      `the table ${path} cannot be read; make one with \`pilotfish measure\``,
      {
        cause: error,
        path,
      },
    );
  }
}
