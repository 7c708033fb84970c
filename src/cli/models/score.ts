import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exists } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { safeText } from '../text.ts';
import { benchOf, carryOut, DATA_HELP, type ModelOptions, roomCommand, withModelExamples } from './work.ts';

/** Adds `score`. */
export function registerScore(program: Command, context: Context): void {
  withModelExamples(roomCommand(program, 'score'), [
    'pilotfish score codec --data ./data            the shipped model beside every baseline',
    'pilotfish score codec --data ./data --json     the same as one JSON object',
    'pilotfish score codec --data ./data --model my a model of your own',
    'pilotfish score prefetch --data ./data         what reading ahead would find in recorded runs',
  ])
    .description('compare model, rule, baselines and oracle of a room on real data')
    .requiredOption('--data <dir>', DATA_HELP)
    .option('--model <dir>', 'the model (default: the shipped one, if there is one)')
    .action((room: string, options: ModelOptions) => run(context, room, options));
}

async function run(context: Context, room: string, options: ModelOptions): Promise<void> {
  // Loaded when asked for: the commands of the store start without it.
  const { loadArtefact, scoreboardText, workshopOf } = await import('../../decisions/index.ts');
  const workshop = workshopOf(room);
  const bench = benchOf(context);
  const directory = resolve(options.model ?? `${context.world.settings.modelsDirectory}/${workshop.room}`);
  const isThere = options.model !== undefined || exists(bench.fs, `${directory}/manifest.json`);
  if (!isThere) bench.warn(`there is no model in ${directory}: the rule is scored alone`);
  const model = isThere ? loadArtefact(bench.fs, directory) : undefined;
  const board = await carryOut(context, options, workshop.score(bench, resolve(options.data), model));
  // Sets are called as the files of the data folder are.
  const sets = board.sets.map((set) => ({ ...set, name: safeText(set.name) }));
  await context.result(options, { json: board, text: scoreboardText({ ...board, sets }) });
}
